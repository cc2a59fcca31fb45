"""How a destination is read back, and by which id it knows a list. Reading access is apart from the pipe that sends."""

from typing import ClassVar

from django.db import models

from audiences.models import Activation, Destination
from audiences.models.workspace import CheckState
from muster.vault import EncryptedTextField


class ReadAccess(models.Model):
    """Read-only access to one destination. `options` holds what is no secret (account, project, region, schema …) and
    `secret` a JSON object of what is one; which keys each platform needs is in reconciliation/readers/needs.py.
    """

    destination = models.OneToOneField(Destination, on_delete=models.CASCADE, related_name="read_access")
    options = models.JSONField(default=dict, blank=True)
    secret = EncryptedTextField(blank=True, default="")
    secret_last4 = models.CharField(max_length=4, blank=True, default="")
    check_state = models.CharField(max_length=12, choices=CheckState.choices, default=CheckState.UNKNOWN)
    check_words = models.CharField(max_length=500, blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="When reading last worked")
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Since reading last worked")
    next_at = models.DateTimeField(null=True, blank=True, help_text="When it is read next; taken by moving it")
    ads_read_at = models.DateTimeField(null=True, blank=True, help_text="When ad sets and other lists were last read")
    ads_words = models.CharField(max_length=500, blank=True, default="", help_text="Why they could not be; empty: read")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "reading access"

    def __str__(self) -> str:
        return f"reading access to {self.destination}"


class ListAt(models.Model):
    """The id by which the platform knows a list: audience id, user list id, cohort id, or the trait in a warehouse."""

    activation = models.OneToOneField(Activation, on_delete=models.CASCADE, related_name="list_at")
    external_id = models.CharField(max_length=120)
    name_seen = models.CharField(max_length=300, blank=True, default="", help_text="What the platform calls it")
    gone_at = models.DateTimeField(null=True, blank=True, help_text="Since when the platform does not know the id")
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~models.Q(external_id=""), name="list_at_has_an_id")]

    def __str__(self) -> str:
        return self.external_id
