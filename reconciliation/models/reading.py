"""One number from one system, with its clock, its basis and its source."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from audiences.models import Activation
from reconciliation.quantities import Basis, Quantity, Unit

from .append_only import AppendOnly, AppendOnlyModel, AppendOnlyQuerySet

__all__ = ["AppendOnly", "Reading"]


class ReadingQuerySet(AppendOnlyQuerySet["Reading"]):
    """Readings, in business words."""


class Reading(AppendOnlyModel):
    """`low` == `high` where one number was given; both None: unknown or not reported, which is never 0.

    Rows of one look at one list share `fetched_at` and `source`. `source` is a platform's kind ("meta"), "manual", "csv",
    or "muster" for what Muster knew at that moment (people accepted). `axis` is the platform's own name of the number;
    `code` and `words` are its own, kept also where Muster does not know them.
    """

    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="readings")
    quantity = models.CharField(max_length=12, choices=[(one.value, one.value) for one in Quantity])
    axis = models.CharField(max_length=60, blank=True, default="")
    low = models.BigIntegerField(null=True, blank=True)
    high = models.BigIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=8, blank=True, choices=[(one.value, one.value) for one in Unit])
    basis = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Basis])
    source = models.CharField(max_length=20)
    version = models.CharField(max_length=20, blank=True, default="", help_text="of the API that answered")
    external_id = models.CharField(max_length=120, blank=True, default="", help_text="The list's id when it was read")
    as_of = models.DateTimeField(help_text="When the platform computed it, as far as it says; else when it was read")
    fetched_at = models.DateTimeField()
    code = models.CharField(max_length=60, blank=True, default="")
    words = models.CharField(max_length=300, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ReadingQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["activation", "quantity", "-as_of"], name="reading_of_list")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(low=None, high=None)
                | models.Q(low__isnull=False, high__isnull=False, low__gte=0, high__gte=models.F("low")),
                name="reading_is_a_band",
            ),
            models.UniqueConstraint(
                fields=["activation", "source", "quantity", "axis", "fetched_at"], name="reading_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.activation_id} as of {self.as_of:%Y-%m-%d %H:%M}"

    @property
    def is_known(self) -> bool:
        return self.low is not None
