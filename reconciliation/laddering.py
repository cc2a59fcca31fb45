"""Loads what stands above the destination's own counts in many ladders: what the newest run wanted, and what was accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, Q, Sum

from audiences.models import Activation
from syncs.models import Batch, RejectedRow, Run
from syncs.states import ARRIVED, BatchState
from syncs.telling import parked_of

from .ladder import Held, Waiting, Wanted

SIDES = {"additions": "adds", "removals": "removes", "optouts": "removes"}


@dataclass
class Sent:
    """What the batches of one run did by then, in people, by side of the plan ("adds" or "removes")."""

    done: dict[str, int] = field(default_factory=lambda: {"adds": 0, "removes": 0})
    unanswered: dict[str, int] = field(default_factory=lambda: {"adds": 0, "removes": 0})
    refused: dict[str, int] = field(default_factory=lambda: {"adds": 0, "removes": 0})
    at: datetime | None = None


@dataclass(frozen=True)
class Upper:
    """The part of a ladder that Muster itself counts. `run` is the newest one that planned."""

    wanted: Wanted | None = None
    held: Held | None = None
    run: Run | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the run sent everybody, so that the platform's newest upload sessions carried the whole list."""
        run = self.run
        return bool(run and run.state in ARRIVED and run.wanted and run.accepted_adds >= run.wanted)


def uppers(lists: Sequence[Activation], until: datetime, *, now: bool) -> dict[int, Upper]:
    """Return the upper part of the ladder of each list as it stood at `until`. Four queries.

    `now`: it is asked as of now, so that the ledger itself says how many people it holds.
    """
    runs = newest_planned([one.pk for one in lists], until)
    sent = _sent([run.pk for run in runs.values()], until)
    return {one.pk: _upper(one, runs.get(one.pk), sent, until, now=now) for one in lists}


def newest_planned(lists: Sequence[int], until: datetime) -> dict[int, Run]:
    """Return the newest run of each list that fixed a plan by then. Two queries."""
    planned = Run.objects.of_lists().filter(activation__in=lists, planned_at__lte=until)
    newest = planned.order_by().values("activation").annotate(newest=Max("pk")).values_list("newest", flat=True)
    return {run.activation_id: run for run in Run.objects.filter(pk__in=list(newest)).select_related("pull")}


def _sent(runs: Sequence[int], until: datetime) -> Mapping[int, Sent]:
    found = {pk: Sent() for pk in runs}
    batches = Batch.objects.filter(run__in=runs, created_at__lte=until).order_by()
    accepted = Q(state=BatchState.ACCEPTED, settled_at__lte=until)
    sums = batches.values("run", "pass_name").annotate(
        added=Sum("adds", filter=accepted, default=0),
        taken=Sum("removes", filter=accepted, default=0),
        open=Sum("people", filter=Q(state=BatchState.SENDING), default=0),
        newest=Max("settled_at", filter=accepted),
    )
    for row in sums:
        one, side = found[row["run"]], SIDES.get(row["pass_name"], "adds")
        one.done["adds"] += row["added"]
        one.done["removes"] += row["taken"]
        one.unanswered[side] += row["open"]
        one.at = max((at for at in (one.at, row["newest"]) if at), default=None)
    refused = RejectedRow.objects.filter(run__in=runs, at__lte=until).order_by()
    for pk, name, people in refused.values_list("run", "pass_name").annotate(people=Count("pk")):
        found[pk].refused[SIDES.get(name, "adds")] += people
    return found


def _upper(one: Activation, run: Run | None, sent: Mapping[int, Sent], until: datetime, *, now: bool) -> Upper:
    if run is None or run.wanted is None or run.in_segment is None or run.planned_at is None:
        return Upper(held=Held(until, one.members) if now and one.members else None)
    read = run.pull.began_at if run.pull and run.pull.began_at else run.planned_at
    left_out = {code: int(people) for code, people in run.left_out.items()}
    wanted = Wanted(read, run.in_segment, left_out, run.duplicates)
    did = sent[run.pk]
    arrived = run.state in ARRIVED and run.finished_at is not None and run.finished_at <= until
    planned = {"adds": run.adds, "removes": run.removes + run.releases}
    # A run that arrived has done all it planned, but for the rows that were refused.
    left = {
        side: min(people, did.refused[side]) if arrived else max(0, people - did.done[side])
        for side, people in planned.items()
    }
    members = one.members if now else run.wanted - left["adds"] + left["removes"]
    additions, removals = (_waiting(left[side], side, run, did, arrived=arrived) for side in ("adds", "removes"))
    return Upper(wanted, Held(did.at or run.planned_at, members, additions, removals), run)


def _waiting(left: int, side: str, run: Run, did: Sent, *, arrived: bool) -> Waiting:
    """Return why so many people of one side wait. The parts are those who wait, exactly."""
    parked = min(0 if arrived else parked_of(run, side), left)
    refused = min(did.refused[side], left - parked)
    unanswered = min(did.unanswered[side], left - parked - refused)
    return Waiting(parked, refused, unanswered, left - parked - refused - unanswered)
