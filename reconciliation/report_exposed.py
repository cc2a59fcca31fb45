"""Hours unprotected of a week, by ad account: from the runs of its suppression lists, and from what the policy requires."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q

from audiences.models import Activation, Definition, Destination, Lifecycle, Purpose, RequiredSuppression
from audiences.platforms import PLATFORMS, Family
from syncs.models import Run
from syncs.states import ARRIVED

from .judging import zone
from .unprotected import Span, missing_until, of_account, past_target
from .weekly_inputs import Exposed

BEFORE = timedelta(days=60)  # a list that did not arrive for longer counts from there
ADS = [kind for kind, platform in PLATFORMS.items() if platform.family == Family.ADS]


@dataclass(frozen=True)
class _Line:
    """One suppression at one account. `since`: from when the policy requires it there; None: no policy says so."""

    place: Destination
    list: int | None
    minutes: int | None
    since: datetime | None = None
    until: datetime | None = None


def exposed(lists: Iterable[Activation], begins: datetime, ends: datetime) -> tuple[Exposed, ...]:
    """Return the time for each ad account where a list suppresses by the version in use, or the policy asks for one.

    Where the policy says how fresh a suppression must be, that is its target, else the definition's. A required one that
    has no list, or whose list never arrived, protects nobody from the day on which it is required. Three queries.
    """
    lines = _lines([one for one in lists if one.destination.platform in ADS], begins, ends)
    arrived = _arrived([one.list for one in lines if one.list], begins - BEFORE, ends)
    accounts: dict[str, list[tuple[_Line, list[Span] | None]]] = {}
    for one in lines:
        accounts.setdefault(one.place.name, []).append((one, _spans(one, arrived, begins, ends)))
    return tuple(_of(name, found) for name, found in sorted(accounts.items()))


def at_accounts(begins: datetime, ends: datetime) -> tuple[Exposed, ...]:
    """Return the time for every ad account, from the lists that are in use. Four queries."""
    used = Activation.objects.filter(kind=Activation.Kind.PRODUCTION, destination__platform__in=ADS)
    live = used.filter(lifecycle__in=[Lifecycle.LIVE, Lifecycle.PAUSED]).select_related("destination")
    return exposed(live, begins, ends)


def _lines(lists: Sequence[Activation], begins: datetime, ends: datetime) -> list[_Line]:
    """Return what the policy requires in the time, then the other lists that suppress."""
    targets = _targets({one.audience_id for one in lists}, ends)
    required = _required(begins, ends)
    mine = {(one.audience_id, one.destination_id): one.pk for one in lists}
    asked = [_required_line(one, mine) for one in required]
    named = {one.list for one in asked}
    others = [one for one in lists if one.audience_id in targets and one.pk not in named]
    return [*asked, *(_Line(one.destination, one.pk, targets[one.audience_id]) for one in others)]


def _required(begins: datetime, ends: datetime) -> list[RequiredSuppression]:
    in_force = RequiredSuppression.objects.filter(Q(ended_at=None) | Q(ended_at__gt=begins), at__lt=ends)
    ads = in_force.filter(destination__platform__in=ADS, destination__archived_at=None)
    return list(ads.select_related("destination").order_by("pk"))


def _required_line(one: RequiredSuppression, lists: Mapping[tuple[int, int], int]) -> _Line:
    spends = datetime.combine(one.first_spend, time.min, zone()) if one.first_spend else one.at
    list_ = lists.get((one.audience_id, one.destination_id)) if one.audience_id else None
    return _Line(one.destination, list_, one.target_minutes, max(one.at, spends), one.ended_at)


def _spans(one: _Line, arrived: Mapping[int, list[Span]], begins: datetime, ends: datetime) -> list[Span] | None:
    runs = arrived.get(one.list, []) if one.list else []
    ends = min(ends, one.until) if one.until else ends
    if not one.minutes:
        return None
    target = timedelta(minutes=one.minutes)
    if one.since is None:
        return past_target(runs, target, begins, ends)
    begins = max(begins, one.since)
    return missing_until(runs, begins, ends) + (past_target(runs, target, begins, ends) or [])


def _of(name: str, found: Sequence[tuple[_Line, list[Span] | None]]) -> Exposed:
    why = "no freshness target" if any(not one.minutes for one, _ in found) else "no list has arrived there"
    time_out = of_account([spans for _, spans in found])
    lists = len({one.list for one, _ in found if one.list})
    missing = sum(1 for one, _ in found if one.list is None)
    return Exposed(name, time_out, lists, why if time_out is None else "", missing, found[0][0].place.pk)


def _targets(audiences: set[int], ends: datetime) -> dict[int, int | None]:
    """Return by audience the target in minutes of the version in use then, of those that suppressed."""
    used = Definition.objects.filter(audience__in=audiences, promoted_at__lt=ends).order_by("promoted_at", "number")
    newest = {audience: (purpose, minutes) for audience, purpose, minutes in _columns(used)}
    return {one: minutes for one, (purpose, minutes) in newest.items() if purpose == Purpose.SUPPRESS}


def _columns(used: Iterable[Definition]) -> list[tuple[int, str, int | None]]:
    return [(one.audience_id, one.purpose, one.freshness_minutes) for one in used]


def _arrived(lists: Sequence[int], since: datetime, ends: datetime) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    runs = Run.objects.of_lists().filter(activation__in=lists, state__in=ARRIVED, finished_at__lt=ends)
    recent = runs.filter(finished_at__gte=since, pull__began_at__isnull=False)
    for list_id, began, ended in recent.values_list("activation", "pull__began_at", "finished_at"):
        if began and ended:
            found.setdefault(list_id, []).append((began, ended))
    return found
