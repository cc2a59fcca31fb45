"""Who a pilot may be sent to: addresses of the team, at domains of the company. The addresses are kept hashed."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from muster.vault import EncryptedTextField


class RosterDomain(models.Model):
    """A domain whose addresses may be put on the roster: the company's own."""

    name = models.CharField(max_length=253, unique=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class RosterMember(models.Model):
    """Somebody of the team. `digest` is the SHA-256 of the address in its normal form, in hex; `mark` is keyed, to find it."""

    domain = models.ForeignKey(RosterDomain, on_delete=models.CASCADE, related_name="members")
    initials = models.CharField(max_length=4)
    team = models.CharField(max_length=40, blank=True, default="")
    digest = EncryptedTextField()
    mark = models.CharField(max_length=64, unique=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["team", "initials", "pk"]

    def __str__(self) -> str:
        return f"{self.initials} at {self.domain.name}"
