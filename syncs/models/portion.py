"""Since when everybody in a part of a list has surely been sent: what keeps lists from expiring."""

from typing import ClassVar

from django.db import models

from audiences.models import Activation


class AssertedPortion(models.Model):
    """One of the 64 parts of a list's keys (see syncs/expiry.py); `asserted_at` is never later than the truth."""

    activation = models.ForeignKey(Activation, on_delete=models.CASCADE, related_name="portions")
    number = models.PositiveSmallIntegerField()
    asserted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["activation", "number"], name="portion_once")]

    def __str__(self) -> str:
        return f"portion {self.number} of list {self.activation_id}"
