"""When each list is due: its schedule, and one row for every due time, made before that time comes."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audiences.models import Activation
from syncs import schedule

from .run import Run


class Schedule(models.Model):
    """How often a list is synced by itself. One per list; changing it replaces the slots that are still to come.

    `made_until`: every slot up to it exists. `edition` counts the changes: slots are made for the newest one only.
    """

    class Kind(models.TextChoices):
        MANUAL = schedule.MANUAL, "By hand"
        INTERVAL = schedule.INTERVAL, "Every so often"
        DAILY = schedule.DAILY, "Daily"
        WEEKLY = schedule.WEEKLY, "Weekly"

    activation = models.OneToOneField(Activation, on_delete=models.PROTECT, related_name="schedule")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MANUAL)
    minutes = models.PositiveIntegerField(default=0, help_text="Of an interval")
    at_time = models.TimeField(default="06:00", help_text="Of a daily or weekly one, on the wall clock of `zone`")
    weekday = models.PositiveSmallIntegerField(default=0, help_text="Of a weekly one; Monday is 0")
    zone = models.CharField(max_length=60, default="UTC")
    edition = models.PositiveIntegerField(default=1)
    made_until = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(kind="interval") | Q(minutes__gte=1), name="interval_has_minutes"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_is_one"),
        ]

    def __str__(self) -> str:
        return f"schedule of list {self.activation_id}"

    @property
    def rhythm(self) -> schedule.Rhythm:
        """As values, jitter from the audience's id included."""
        plain = schedule.Rhythm(self.kind, self.minutes, self.at_time, self.weekday, self.zone)
        spread = schedule.jitter(self.activation.audience_id, schedule.period(plain) or timedelta(0))
        return schedule.Rhythm(self.kind, self.minutes, self.at_time, self.weekday, self.zone, spread)


class Slot(models.Model):
    """One due time. `run`: the run that it started, or for Skipped and Missed the one that was in the way."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        STARTED = "started", "Started"
        SKIPPED = "skipped", "Skipped"
        MISSED = "missed", "Missed"

    class Why(models.TextChoices):
        """Why nothing was started: for people."""

        LIVE = "live", "the run before was still going"
        PAUSED = "paused", "paused"
        NO_WORKER = "no_worker", "the run before had waited for a worker since its own time"
        AWAY = "away", "the scheduler was away"
        REFUSED = "refused", "it could not start"

    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="slots")
    due = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    why = models.CharField(max_length=12, choices=Why.choices, blank=True, default="")
    words = models.CharField(max_length=400, blank=True, default="", help_text="What refused it, and what to do next")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="slots")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["schedule", "due"], name="slot_once"),
            models.UniqueConstraint(fields=["run"], condition=Q(state="started"), name="run_has_one_slot"),
            models.CheckConstraint(condition=~Q(state="started") | Q(run__isnull=False), name="started_has_a_run"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "due"])]

    def __str__(self) -> str:
        return f"slot {self.due:%Y-%m-%d %H:%M} of {self.schedule_id}"

    @property
    def late(self) -> timedelta:
        """How long after its time it was settled; zero while it is due."""
        return self.settled_at - self.due if self.settled_at else timedelta(0)
