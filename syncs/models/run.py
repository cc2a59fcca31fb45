"""One attempt to make one activation equal the definition."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audiences.models import Activation, Definition
from syncs.states import LIVE, RunState, Stage

from .pull import Pull


class RunQuerySet(models.QuerySet["Run"]):
    def live(self) -> "RunQuerySet":
        return self.filter(state__in=LIVE)

    def of_lists(self) -> "RunQuerySet":
        """Runs that may change a list: no dry runs."""
        return self.exclude(kind=Run.Kind.DRY_RUN)

    def newest_first(self) -> "RunQuerySet":
        return self.order_by("-pk")


class Run(models.Model):
    """Counts: `in_segment` people pulled = `wanted` + every count in `left_out` (by reason code, see syncs/reasons.py).

    `wanted` = `unchanged` + `adds` + `changes` + `reasserts` as planned; `removes` people and `releases` (still wanted
    under another profile: leave the ledger without a request) were in the ledger and are not wanted. `removes` contains
    the `optouts`. `removes_by` says why people leave. `before` is the ledger's size at the plan. `accepted_*` is what
    RudderStack accepted so far. `verdict` is what the guards said of each pass:
    {"removes": {"figure", "limit", "expected", "held": bool, "why", "released": bool}, "adds": {…}}.
    """

    class Kind(models.TextChoices):
        SYNC = "sync", "Sync"
        DRY_RUN = "dry_run", "Dry run"
        REASSERT = "reassert", "Re-assert"
        CLEAR = "clear", "Removal of everybody"

    class Trigger(models.TextChoices):
        BUTTON = "button", "by hand"
        COMMAND = "command", "by command"
        SCHEDULE = "schedule", "schedule"
        RELEASE = "release", "release"
        EVENT = "event", "event"

    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="runs")
    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SYNC)
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    why = models.CharField(max_length=300, blank=True, default="", help_text="In the actor's words")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    state = models.CharField(max_length=20, choices=RunState.choices, default=RunState.WAITING)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.WAITING)
    reason = models.CharField(
        max_length=40, blank=True, default="", help_text="Code of why it waits, is held or failed"
    )
    words = models.CharField(
        max_length=600, blank=True, default="", help_text="What happened, its effect, what to do next"
    )

    fence = models.PositiveIntegerField(default=0)
    holder = models.CharField(max_length=120, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    quiet_until = models.DateTimeField(
        null=True, blank=True, help_text="No send before: the lost worker's may be underway"
    )
    wake_at = models.DateTimeField(null=True, blank=True)
    rang_at = models.DateTimeField(null=True, blank=True)
    progress = models.PositiveBigIntegerField(default=0, help_text="Moves with every recorded step forward")
    progress_at_death = models.PositiveBigIntegerField(default=0)
    deaths = models.PositiveIntegerField(default=0, help_text="Workers lost in a row without progress between")
    takeovers = models.PositiveIntegerField(default=0, help_text="Workers lost in all")
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    pull = models.ForeignKey(Pull, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    exclusion_pulls = models.ManyToManyField(Pull, blank=True, related_name="+")
    payload = models.CharField(max_length=20, blank=True, default="", help_text="Form of the events, fixed by the plan")
    payload_version = models.PositiveIntegerField(default=0)
    planned_at = models.DateTimeField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=0, help_text="The ledger's generation that the plan was made on")
    epoch = models.PositiveIntegerField(default=0)
    cursor_pass = models.CharField(max_length=10, blank=True, default="", help_text="The pass being sent")
    cursor_key = models.BinaryField(max_length=16, blank=True, default=b"", help_text="Everything below it has a batch")
    batch_bytes = models.PositiveIntegerField(default=0, help_text="Aimed size of the next body; 0: the default")
    batch_limit = models.PositiveIntegerField(
        default=0, help_text="Bodies of this size were refused (413); 0: none yet"
    )
    failures_in_row = models.PositiveIntegerField(
        default=0, help_text="Sends without an answer since the last accepted one"
    )

    in_segment = models.PositiveBigIntegerField(null=True, blank=True)
    before = models.PositiveBigIntegerField(null=True, blank=True)
    wanted = models.PositiveBigIntegerField(null=True, blank=True)
    adds = models.PositiveBigIntegerField(default=0)
    changes = models.PositiveBigIntegerField(default=0)
    reasserts = models.PositiveBigIntegerField(default=0)
    renewals = models.PositiveBigIntegerField(
        default=0, help_text="Of the re-asserts: people sent again before the platform lets them expire"
    )
    renewing = models.JSONField(default=list, blank=True, help_text="Portions sent again so (see syncs/expiry.py)")
    removes = models.PositiveBigIntegerField(default=0)
    optouts = models.PositiveBigIntegerField(default=0)
    releases = models.PositiveBigIntegerField(default=0)
    dropped = models.PositiveBigIntegerField(default=0, help_text="People who stay but lose an identifier at the list")
    unchanged = models.PositiveBigIntegerField(default=0)
    duplicates = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="People wanted beyond one for each group who share identifiers; empty: not counted",
    )
    left_out = models.JSONField(default=dict, blank=True)
    arms = models.JSONField(
        default=dict, blank=True, help_text="Of a holdout: people wanted by arm; empty text: no arm"
    )
    removes_by = models.JSONField(default=dict, blank=True)
    unusable = models.JSONField(default=dict, blank=True, help_text="Identifiers left out of people who were sent")
    verdict = models.JSONField(default=dict, blank=True)
    accepted_adds = models.PositiveBigIntegerField(default=0, help_text="people: adds, changes and re-asserts")
    accepted_removes = models.PositiveBigIntegerField(default=0, help_text="people, opt-outs and dropped included")
    rejected = models.PositiveBigIntegerField(default=0, help_text="people whose row was refused by itself")
    requests = models.PositiveIntegerField(default=0)
    timings = models.JSONField(default=dict, blank=True, help_text="stage -> [began, ended] as ISO 8601")

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["activation"],
                condition=Q(state__in=sorted(LIVE)) & ~Q(kind="dry_run"),
                name="one_live_run_per_list",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(LIVE), finished_at__isnull=True)
                | (~Q(state__in=sorted(LIVE)) & Q(finished_at__isnull=False)),
                name="finished_at_when_finished",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "wake_at"]),
            models.Index(fields=["activation", "-id"]),
            models.Index(fields=["-created_at"]),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_dry(self) -> bool:
        return self.kind == self.Kind.DRY_RUN

    @property
    def held(self) -> dict[str, Any]:
        """The passes that the guards parked, with their figures."""
        return {name: said for name, said in self.verdict.items() if said.get("held")}


class PlanShard(models.Model):
    """What a run does in one key prefix: sealed columns (see syncs/plan.py). Prefixes without work have no row."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="plan_shards")
    number = models.PositiveIntegerField()
    blob = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "number"], name="plan_shard_once")]

    def __str__(self) -> str:
        return f"plan {self.number} of run {self.run_id}"


class Release(models.Model):
    """Figures that a person released after a run was held: the next plans within them pass, for 24 hours."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="releases_given")
    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="releases")
    max_removes = models.PositiveBigIntegerField()
    max_adds = models.PositiveBigIntegerField()
    may_empty = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    used_by = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"up to {self.max_removes} removals and {self.max_adds} additions until {self.until:%Y-%m-%d %H:%M}"
