"""The freshness budget of an audience: from its definition, or from a draft's form as it stands, before anything is saved."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.models import Activation, Audience, Definition, Destination, Lifecycle
from audiences.terms import BY_HAND, CADENCES, joined
from muster.access import Permission, allow
from muster.htmx import page
from syncs.budget import Budget, Measured, Times, measured, times
from syncs.budget_told import Basis, tell
from syncs.models import Run, Schedule
from syncs.schedule import period
from syncs.states import ARRIVED

SINCE = timedelta(days=28)
MOST_RUNS = 500
ENOUGH = 3  # arrivals of an audience's own, from which on its own history tells more than the workspace's
LONGEST = 10**7
SPENT = "created_at", "started_at", "finished_at", "timings", "pull__began_at"
WHOSE = "activation__audience", "activation__destination__name"


@dataclass(frozen=True)
class Wanted:
    """What is judged: a cadence, minutes of target and dwell, and the places. `sent`: it stands in a form, unsaved."""

    cadence: str
    target: int | None
    dwell: int | None
    places: list[Destination] = field(default_factory=list)
    sent: bool = False


@allow(Permission.READ)
@require_safe
def budget(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the cadence can serve, and where the time of its runs went. At most eight queries."""
    found = Audience.objects.filter(slug=slug).select_related("segment__workspace").first()
    if found is None:
        raise Http404("no such audience")
    now = timezone.now()
    wanted = wanted_of(found, request.GET)
    history = arrivals(found, now)
    own = [one for _, spans in history["own"] for one in spans]
    everybody = own if len(own) >= ENOUGH and not wanted.sent else history["all"]
    basis = Basis(found.name if everybody is own else "this workspace", undeclared(found, wanted.places))
    made = budget_of(found, wanted, measured(everybody))
    context = {
        "audience": found,
        "wanted": wanted,
        "budget": made,
        "told": tell(made, wanted.cadence, CADENCES, basis),
        "measured": [(made_by, measured(spans)) for made_by, spans in history["own"]],
        "slower": slower(found, wanted),
    }
    return page(request, "syncs/budget.html", context, part="estimate" if wanted.sent else "budget")


def wanted_of(found: Audience, sent: QueryDict) -> Wanted:
    """Return what is asked about: the form's values where it sent them, else those of the definition. Two queries."""
    versions = {one.state: one for one in found.definitions.exclude(state=Definition.State.PAST)}
    in_form = "cadence" in sent
    order = ("draft", "current") if in_form else ("current", "draft")
    stored = next((versions[name] for name in order if name in versions), None)
    if not in_form:
        places = Destination.objects.filter(pk__in=stored.destinations if stored else [])
        hours = stored.window_hours if stored else None
        cadence = stored.cadence if stored else ""
        target = stored.freshness_minutes if stored else None
        return Wanted(cadence, target, hours * 60 if hours else None, list(places.order_by("name")))
    chosen = [name.split("-")[1] for name in sent if name.startswith("list-") and name.endswith("-use")]
    places = Destination.objects.filter(pk__in=[int(one) for one in chosen if one.isdecimal() and len(one) < 18])
    window = whole(sent.get("window_hours", ""))
    cadence = sent["cadence"] if sent["cadence"] in {*CADENCES, BY_HAND} else ""
    target = whole(sent.get("freshness_minutes", ""))
    return Wanted(cadence, target, window * 60 if window else None, list(places.order_by("name")), sent=True)


def whole(text: str) -> int | None:
    """Return a positive number as somebody types it, None for anything else: the form itself says what is wrong."""
    plain = text.replace(",", "").strip()
    number = int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 9 else 0
    return number if 0 < number < LONGEST else None


def arrivals(found: Audience, now: datetime) -> dict[str, Any]:
    """Return the times of the workspace's newest arrivals, and of those the audience's own by list. One query."""
    rows = Run.objects.of_lists().filter(
        activation__audience__segment__workspace=found.segment.workspace_id,
        state__in=ARRIVED,
        finished_at__gt=now - SINCE,
    )
    everybody: list[Times] = []
    own: dict[str, list[Times]] = {}
    for run in rows.select_related("pull", "activation__destination").only(*SPENT, *WHOSE).order_by("-pk")[:MOST_RUNS]:
        one = times(
            created=run.created_at,
            started=run.started_at,
            finished=run.finished_at,
            timings=run.timings,
            read_from=run.pull.began_at if run.pull else None,
        )
        if one is None:
            continue
        everybody.append(one)
        if run.activation.audience_id == found.pk:
            own.setdefault(run.activation.destination.name, []).append(one)
    return {"all": everybody, "own": sorted(own.items())}


def budget_of(found: Audience, wanted: Wanted, history: Measured | None) -> Budget:
    """Return the budget of what is asked about; of several platforms the slowest counts."""
    lags = [one.lag_minutes for one in wanted.places if one.lag_minutes is not None]
    return Budget(
        period=_minutes(CADENCES.get(wanted.cadence)),
        target=_minutes(wanted.target),
        dwell=_minutes(wanted.dwell),
        segment_lag=_minutes(found.segment.workspace.lag_minutes),
        platform_lag=_minutes(max(lags, default=None)),
        measured=history,
    )


def _minutes(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def undeclared(found: Audience, places: list[Destination]) -> tuple[str, ...]:
    """Return a sentence for each lag that nobody declared."""
    said = []
    if found.segment.workspace.lag_minutes is None:
        said.append("Segment lag is not declared and not counted.")
    for one in places:
        if one.spec.is_sent and one.lag_minutes is None:
            said.append(f"The lag of {one.name} is not declared and not counted; {one.spec.arrival}.")
    return tuple(said)


def slower(found: Audience, wanted: Wanted) -> str:
    """Return a sentence when lists are synced less often than the cadence says. One query."""
    promised = CADENCES.get(wanted.cadence)
    if promised is None or wanted.sent:
        return ""
    live = Activation.objects.filter(audience=found, lifecycle=Lifecycle.LIVE).select_related("destination", "schedule")
    late = [one.destination.name for one in live.order_by("destination__name") if _slower(one, promised)]
    if not late:
        return ""
    verb = "is" if len(late) == 1 else "are"
    return (
        f"{joined(late)} {verb} not scheduled as often as that, so {'it' if len(late) == 1 else 'they'} can be older."
    )


def _slower(one: Activation, promised: int) -> bool:
    made: Schedule | None = getattr(one, "schedule", None)
    every = period(made.rhythm) if made else None
    return every is None or every > timedelta(minutes=promised)
