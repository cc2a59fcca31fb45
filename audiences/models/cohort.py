"""Which segment of a workspace is a core cohort of the company."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from audiences.cohorts import COHORTS

from .workspace import Segment, Workspace


class CoreCohort(models.Model):
    """The one definition of a cohort (audiences/cohorts.py) in a workspace: whoever means it takes this segment."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="core_cohorts")
    key = models.CharField(max_length=40, choices=[(key, one.label) for key, one in COHORTS.items()])
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="core_cohorts")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "key"], name="core_cohort_once")]

    def __str__(self) -> str:
        return COHORTS[self.key].label if self.key in COHORTS else self.key
