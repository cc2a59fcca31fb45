"""What the page of an audience shows of its holdout: arms list by list, and held-out people found where ads are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.utils import timezone

from audiences.models import Activation, Audience, Definition, Lifecycle
from audiences.platforms import Family
from muster.figures import when
from syncs.models import Overlap, Run
from syncs.states import ARRIVED

from . import looking
from .arms import Arms, Landed, Sent, arms
from .contamination import Counted, InList, sentence
from .look import Look
from .quantities import Quantity

LOADS: Final = timedelta(hours=3)  # RudderStack loads a warehouse that often unless somebody set it otherwise
RUNS: Final = 40  # ended runs of a list that are looked at


@dataclass(frozen=True)
class ListOfArms:
    """One list; `arms` None: no run has ended yet. `is_told`: the arms are sent there."""

    list: Activation
    arms: Arms | None
    run: Run | None
    is_told: bool


@dataclass(frozen=True)
class HoldoutShown:
    """`found` are the lists in which held-out people were looked for, those with somebody first; `said` sums them up."""

    definition: Definition
    lists: Sequence[ListOfArms]
    found: Sequence[InList]
    said: str

    @property
    def is_clean(self) -> bool:
        return bool(self.found) and not any(one.people for one in self.found)

    @property
    def is_contaminated(self) -> bool:
        return any(one.people for one in self.found)


def shown(audience: Audience, now: datetime) -> HoldoutShown | None:
    """Return the holdout of the version in use, None where it has none. Eight queries, however many lists."""
    current = audience.definitions.filter(state=Definition.State.CURRENT).defer("conditions", "logic").first()
    if current is None or not current.holdout_attribute or current.suppresses:
        return None
    used = audience.activations.filter(kind=Activation.Kind.PRODUCTION).exclude(lifecycle=Lifecycle.RETIRED)
    lists = list(used.select_related("destination").order_by("destination__name"))
    ids = [one.pk for one in lists]
    looks, runs = looking.newest(ids), newest_arrived(ids, current)
    # Where they are targeted on purpose, that they are in the lists is no finding.
    found = contamination(audience, [] if current.holdout_targets else ids)
    zone = timezone.get_current_timezone()
    return HoldoutShown(
        definition=current,
        lists=[_list(one, runs.get(one.pk), looks.get(one.pk), current) for one in lists],
        found=sorted(found, key=lambda one: (-one.people, one.name)),
        said=sentence(found, lambda at: when(at, now, zone)),
    )


def newest_arrived(lists: Sequence[int], definition: Definition) -> dict[int, Run]:
    """Return the newest run of each list that got through by a version with the same attribute. Two queries."""
    ended = Run.objects.of_lists().filter(activation__in=lists, state__in=ARRIVED, pull__isnull=False)
    ended = ended.filter(definition__holdout_attribute=definition.holdout_attribute).exclude(kind=Run.Kind.CLEAR)
    newest = ended.order_by().values("activation").annotate(newest=Max("pk")).values_list("newest", flat=True)
    return {run.activation_id: run for run in Run.objects.filter(pk__in=list(newest)).select_related("pull")}


def _list(one: Activation, run: Run | None, look: Look | None, definition: Definition) -> ListOfArms:
    is_told = one.destination.spec.family != Family.ADS
    if run is None or run.pull is None or run.finished_at is None:
        return ListOfArms(one, None, None, is_told)
    sent = Sent(
        at=run.finished_at,
        read_at=run.pull.began_at or run.finished_at,
        in_segment=run.pull.counts.get("arms", {}).get(definition.holdout_attribute, {}),
        wanted=run.arms,
        held_out=int(run.left_out.get("held_out", 0)),
    )
    place = one.destination.name
    found = arms(sent, _landed(one, run, look), place=place, tolerance=definition.tolerance, unread=_unread(one, look))
    return ListOfArms(one, found, run, is_told)


def _landed(one: Activation, run: Run, look: Look | None) -> Landed | None:
    """Return what landed by arm; None where nothing says it, or it was read before the run ended."""
    if look is None or run.finished_at is None:
        return None
    people = {figure.axis: figure.low for figure in look.figures if figure.quantity == Quantity.ARM}
    known: Mapping[str, int] = {arm: low for arm, low in people.items() if low is not None}
    if not known:
        return None
    lag = timedelta(minutes=one.destination.lag_minutes or 0)
    settles = run.finished_at + max(LOADS, lag)
    return Landed(look.as_of, known, settles if settles > look.at else None)


def _unread(one: Activation, look: Look | None) -> str:
    place, family = one.destination.name, one.destination.spec.family
    if family == Family.ADS:
        return "Arms are not sent to ads. Whoever is held out is left out there."
    if family == Family.ANALYTICS:
        return f"{place} is sent the arms and is not asked for them: compare the cohorts there by the trait."
    if look is None:
        return (
            f"{place} was not read yet, so what landed there is not known. Enter the list's id, and access to read it."
        )
    said = next((state.words for state in look.states if state.axis == "arm" and state.words), "")
    return said or f"{place} was read before arms were asked for. The next reading counts them."


def contamination(audience: Audience, own: Sequence[int]) -> list[InList]:
    """Return the lists in which this audience's held-out people were looked for. Two queries."""
    kind = Overlap.Kind.HELD_OUT
    mine = Overlap.objects.filter(kind=kind, run__activation__in=own, other=None)
    others = Overlap.objects.filter(kind=kind, other__audience=audience).exclude(run__activation__audience=audience)
    live = Lifecycle.RETIRED
    rows: dict[int, list[Overlap]] = {}
    for found in (mine, others):
        used = found.exclude(run__activation__lifecycle=live).select_related(
            "run__activation__destination", "run__activation__audience"
        )
        for row in used.order_by("-at", "-pk")[: RUNS * 10]:
            rows.setdefault(row.run.activation_id, []).append(row)
    return [_in_list(found, set(own)) for found in rows.values()]


def _in_list(newest_first: Sequence[Overlap], own: set[int]) -> InList:
    one = newest_first[0].run.activation
    is_own = one.pk in own
    name = one.destination.name if is_own else f"{one.audience.name} at {one.destination.name}"
    counted = [Counted(row.at, row.people) for row in reversed(newest_first[:RUNS])]
    return InList(name, counted, own=is_own, run_id=newest_first[0].run_id)
