"""What changed, as one dated feed: of an audience, or of an account with all that is sent there. Newest first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from audiences.models import Activation, Audience, Destination
from muster.figures import in_words, number
from muster.models import Event

from .models import Pull, Run
from .moves import NOTHING_SENT
from .states import PullState

MOST = 200
NEWEST, NEWEST_OF_A_KIND = 7, 2
AT_ONCE = timedelta(minutes=2)
# How a run is named beside its number: by where it went, or on an account's page by whose it was.
TO, OF = ("to", "activation__destination__name"), ("of", "activation__audience__name")
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
    "requiredsuppression": "Policy",
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
    runs: tuple[tuple[int, str], ...] = ()  # of several runs that were told at once: which, and what each did


def of_audience(audience: Audience) -> list[Change]:
    """Return what changed about an audience, its segment, its lists' pipes, and who is covered."""
    lists = list(audience.activations.select_related("destination", "pipe").defer("pipe__write_key"))
    told = Q(audience_id=audience.pk) & ~UNEVENTFUL
    return _newest([*_events(told | _of_pipes(lists), TO), *_readings([audience.segment_id])])


def of_destination(destination: Destination) -> list[Change]:
    """Return what changed at an account: the account, its pipes, and every audience that is sent there."""
    lists = list(destination.activations.select_related("audience", "pipe").defer("pipe__write_key"))
    audiences = {one.audience_id for one in lists}
    told = Q(audience_id__in=audiences) & ~UNEVENTFUL
    own = Q(kind="destination", object_id=str(destination.pk))
    return _newest(
        [*_events(told | own | _of_pipes(lists), OF), *_readings({one.audience.segment_id for one in lists})]
    )


def newest(found: Iterable[Change]) -> list[Change]:
    """Return the few that stand on the audience's own page, no more than two of a kind: runs would fill it otherwise."""
    kinds: Counter[str] = Counter()
    few = []
    for one in found:
        kinds[one.kind] += 1
        if kinds[one.kind] <= NEWEST_OF_A_KIND:
            few.append(one)
    return few[:NEWEST]


def _of_pipes(lists: Iterable[Activation]) -> Q:
    return Q(kind="pipe", object_id__in=[str(one.pipe_id) for one in lists if one.pipe_id])


def _newest(found: list[Change]) -> list[Change]:
    return sorted(found, key=lambda change: change.at, reverse=True)[:MOST]


def _events(which: Q, named: tuple[str, str]) -> Iterator[Change]:
    rows = list(Event.objects.filter(which).order_by("-at", "-pk")[:MOST])
    word, name = named
    told = Run.objects.filter(pk__in={one.run_id for one in rows if one.run_id}).values_list("pk", name)
    names = {pk: f"{word} {of}" for pk, of in told}
    for together in _together(rows):
        yield _several(together, names) if len(together) > 1 else _one(together[0], names)


def _together(rows: Iterable[Event]) -> Iterator[list[Event]]:
    """Yield events, newest first; those in which one thing happened to several runs within two minutes as one."""
    open_: list[Event] = []
    for event in rows:
        first = open_[0] if open_ else None
        if first and event.run_id and _alike(first, event) and event.run_id not in {one.run_id for one in open_}:
            open_.append(event)
            continue
        if open_:
            yield open_
        open_ = [event]
    if open_:
        yield open_


def _alike(first: Event, event: Event) -> bool:
    near = first.at - event.at <= AT_ONCE
    return near and (first.kind, first.actor_id, first.verb) == (event.kind, event.actor_id, event.verb)


def _several(events: list[Event], names: Mapping[int, str]) -> Change:
    first, many = events[0], in_words(len(events))
    told = (
        f"{first.actor_label} {first.verb}: {many} runs" if first.actor_id else f"{many.capitalize()} runs {first.verb}"
    )
    reasons = {one.reason for one in events}
    common = tuple(reasons) if len(reasons) == 1 and first.reason else ()
    runs = tuple((one.run_id or 0, _of_run(names, one, "" if common else one.reason)) for one in events)
    return Change(first.at, _kind(first), told, common, f"change-{first.pk}", runs=runs)


def _of_run(names: Mapping[int, str], event: Event, words: str) -> str:
    name = names.get(event.run_id or 0, "")
    return f"{name}: {words}" if name and words else name or words


def _one(event: Event, names: Mapping[int, str]) -> Change:
    was = [f"Was: {one}" for one in _texts(event.detail.get("was"))]
    now = [f"Now: {one}" for one in _texts(event.detail.get("now"))]
    changed = [f"Changed: {', '.join(_texts(event.detail.get('changed')))}"] if event.detail.get("changed") else []
    reason = [event.reason] if event.reason else []
    about = f"{event.object_label} {names.get(event.run_id or 0, '')}".strip()
    told = f"{event.actor_label} {event.verb}{':' if event.run_id else ''} {about}".strip()
    if event.run_id and not event.actor_id:
        told = f"{about[:1].upper()}{about[1:]} {event.verb}"
    more = tuple(changed + was + now + reason)
    return Change(event.at, _kind(event), told, more, f"change-{event.pk}", event.run_id)


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
