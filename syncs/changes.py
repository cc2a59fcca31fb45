"""What changed, as one dated feed: of an audience, or of an account with all that is sent there. Newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from audiences.models import Activation, Audience, Destination
from muster.figures import number
from muster.models import Event

from .models import Pull
from .moves import NOTHING_SENT
from .states import PullState

MOST = 200
POINTS = 5.0  # of coverage, from which on a reading is news
SIZE = 0.2  # of the people before, from which on a size is news
COVERED = ("email", "phone", "external_id")
KINDS = {
    "run": "Run",
    "activation": "List",
    "pipe": "Key",
    "workspace": "Key",
    "destination": "Account",
    "piperequest": "Pipe",
    "trait": "Trait",
}
# What runs did by themselves is told on their own pages; here, how they ended, unless nothing had to be sent.
BY_ITSELF = Q(run_id__isnull=False, actor=None)
UNEVENTFUL = BY_ITSELF & (~Q(verb__startswith="ended") | Q(verb="ended Done", reason=NOTHING_SENT))


@dataclass(frozen=True)
class Change:
    """One line: `anchor` makes it linkable, `run_id` leads to the run that it is about."""

    at: datetime
    kind: str
    told: str
    more: tuple[str, ...] = ()
    anchor: str = ""
    run_id: int | None = None
    warns: bool = field(default=False)


def of_audience(audience: Audience) -> list[Change]:
    """Return what changed about an audience, its segment, its lists' pipes, and who is covered."""
    lists = list(audience.activations.select_related("destination", "pipe").defer("pipe__write_key"))
    told = Q(audience_id=audience.pk) & ~UNEVENTFUL
    return _newest([*_events(told | _of_pipes(lists)), *_readings([audience.segment_id])])


def of_destination(destination: Destination) -> list[Change]:
    """Return what changed at an account: the account, its pipes, and every audience that is sent there."""
    lists = list(destination.activations.select_related("audience", "pipe").defer("pipe__write_key"))
    audiences = {one.audience_id for one in lists}
    told = Q(audience_id__in=audiences) & ~UNEVENTFUL
    own = Q(kind="destination", object_id=str(destination.pk))
    return _newest([*_events(told | own | _of_pipes(lists)), *_readings({one.audience.segment_id for one in lists})])


def _of_pipes(lists: Iterable[Activation]) -> Q:
    return Q(kind="pipe", object_id__in=[str(one.pipe_id) for one in lists if one.pipe_id])


def _newest(found: list[Change]) -> list[Change]:
    return sorted(found, key=lambda change: change.at, reverse=True)[:MOST]


def _events(which: Q) -> Iterator[Change]:
    rows: QuerySet[Event] = Event.objects.filter(which).order_by("-at", "-pk")
    for event in rows[:MOST]:
        was = [f"Was: {one}" for one in _texts(event.detail.get("was"))]
        now = [f"Now: {one}" for one in _texts(event.detail.get("now"))]
        changed = [f"Changed: {', '.join(_texts(event.detail.get('changed')))}"] if event.detail.get("changed") else []
        reason = [event.reason] if event.reason else []
        told = f"{event.actor_label} {event.verb} {event.object_label}".strip()
        if event.run_id and not event.actor_id:
            told = f"{event.object_label.capitalize()} {event.verb}"
        more = tuple(changed + was + now + reason)
        yield Change(event.at, _kind(event), told, more, f"change-{event.pk}", event.run_id)


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _kind(event: Event) -> str:
    if event.kind != "audience":
        return KINDS.get(event.kind, "Other")
    if "segment" in event.verb:
        return "Segment"
    return "Definition" if " v" in event.verb else "Audience"


def _readings(segments: Iterable[int]) -> Iterator[Change]:
    """Yield where a reading covers or counts clearly more or fewer people than the one before it."""
    for segment in segments:
        read = Pull.objects.filter(segment=segment, state=PullState.COMPLETE, finished_at__isnull=False)
        newest = list(read.select_related("segment").defer("conditions").order_by("-pk")[:MOST])
        for before, after in zip(newest[1:], newest, strict=False):
            yield from _moved(before, after)


def _moved(before: Pull, after: Pull) -> Iterator[Change]:
    assert after.finished_at is not None, "complete readings have ended"
    was, now = int(before.counts.get("people", 0)), int(after.counts.get("people", 0))
    if was and abs(now - was) >= SIZE * was:
        told = f"{after.segment.name} went from {number(was)} to {number(now)} people"
        yield Change(after.finished_at, "Size", told, anchor=f"size-{after.pk}", warns=True)
    for name in COVERED:
        if not was or not now or name not in before.counts or name not in after.counts:
            continue
        first, last = 100 * before.counts[name] / was, 100 * after.counts[name] / now
        if abs(last - first) >= POINTS:
            moved = "rose" if last > first else "fell"
            label = name.replace("_", " ").capitalize()
            points = f"{number(abs(last - first))} points, {number(first, 1)} → {number(last, 1)}%"
            told = f"{label} coverage {moved} {points}"
            yield Change(
                after.finished_at,
                "Coverage",
                told,
                (after.segment.name,),
                f"coverage-{name}-{after.pk}",
                warns=last < first,
            )
