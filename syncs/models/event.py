"""Journey events: what arrived by signed webhooks, and what became of it."""

from typing import ClassVar

from django.db import models

from audiences.models import Activation, Feed, Workspace
from muster.vault import EncryptedTextField

from .run import Run


class EventState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    FORWARDED = "forwarded", "Forwarded"
    REJECTED = "rejected", "Rejected"
    UNOWNED = "unowned", "Nobody owns it"
    DROPPED = "dropped", "Dropped"


class Event(models.Model):
    """One event that was acknowledged to Customer.io, kept 7 days.

    `dedupe` is a keyed hash of what makes it the same event when it is sent again; `body` is what a track event is made
    from (never an email address or a phone number). `forwarded` means that RudderStack accepted it, no more.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="events")
    feed = models.ForeignKey(Feed, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    name = models.CharField(max_length=200)
    dedupe = models.CharField(max_length=32)
    message_id = models.CharField(max_length=32)
    person = models.BinaryField(
        max_length=16, blank=True, default=b"", help_text="The person's key; empty: nobody was named"
    )
    body = EncryptedTextField(blank=True, default="")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=EventState.choices, default=EventState.WAITING)
    reason = models.CharField(max_length=40, blank=True, default="", help_text="Code of why it was rejected")
    words = models.CharField(max_length=300, blank=True, default="")
    copies = models.PositiveIntegerField(default=0, help_text="How often it came again")
    tries = models.PositiveIntegerField(default=0)
    wake_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was forwarded, rejected or dropped")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "dedupe"], name="event_once")]
        indexes: ClassVar = [
            models.Index(fields=["feed", "state", "id"], name="event_of_feed"),
            models.Index(fields=["received_at"], name="event_received"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class EventCount(models.Model):
    """What became of the events of one name that were received in one hour: kept for good, when the events are gone.

    `received` counts each event once, `copies` what came again. What became of them stands under the hour in which they
    were received: received = forwarded + rejected + dropped + those that wait or that nobody owns. Of requests that
    named no event (`name` empty): `unsigned` and `stale` were answered 401, `unreadable` could not be read.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="event_counts")
    name = models.CharField(max_length=200, blank=True, default="")
    hour = models.DateTimeField()
    received = models.PositiveBigIntegerField(default=0)
    copies = models.PositiveBigIntegerField(default=0)
    forwarded = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    dropped = models.PositiveBigIntegerField(default=0)
    unsigned = models.PositiveBigIntegerField(default=0)
    stale = models.PositiveBigIntegerField(default=0)
    unreadable = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "name", "hour"], name="event_count_once")]
        indexes: ClassVar = [models.Index(fields=["hour"], name="event_count_hour")]

    def __str__(self) -> str:
        return f"{self.name or 'requests'} {self.hour:%Y-%m-%d %H}"


class OptOut(models.Model):
    """Somebody who unsubscribed by an event: in no later addition to a targeting list, until a reading says otherwise.

    `value` as in Tombstone. `lifted_at` is when a reading that began after `at` said that the person is subscribed again.
    """

    class Kind(models.TextChoices):
        KEY = "key", "key"
        IDENTIFIER = "identifier", "identifier"

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="opt_outs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.BinaryField(max_length=16)
    hint = models.PositiveIntegerField(default=0, help_text="Of an identifier: the first 16 bits of its SHA-256")
    at = models.DateTimeField(help_text="When the person unsubscribed")
    received_at = models.DateTimeField(help_text="The same in all rows of one event")
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When runs were requested of all lists that hold the person"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "kind", "value"], name="opt_out_once")]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "received_at"], name="opt_out_received"),
            models.Index(fields=["asked_at"], condition=models.Q(asked_at=None, lifted_at=None), name="opt_out_to_ask"),
        ]

    def __str__(self) -> str:
        return f"opt-out {self.pk}"


class Overlap(models.Model):
    """How many people of a list were also somewhere else when a run ended: counted by keys, never stored as people."""

    class Kind(models.TextChoices):
        TIER = "tier", "also in another tier"
        MOVED_IN = "moved_in", "came from another tier"
        MOVED_OUT = "moved_out", "went to another tier"
        HELD_OUT = "held_out", "held out, and in this list"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="overlaps")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    other = models.ForeignKey(Activation, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    people = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "kind", "other"], nulls_distinct=False, name="overlap_once")
        ]

    def __str__(self) -> str:
        return f"{self.people} {self.get_kind_display()}"
