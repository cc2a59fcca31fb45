"""Lists whose newest sync did not end well: what is true of each, and what to do about it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from audiences.models import Audience, Lifecycle
from muster.figures import in_words

from .models import Run
from .states import RunState
from .telling import said, trouble

ENDED_BADLY = (RunState.HELD, RunState.FAILED, RunState.LOST)
SHOWN_OF_ONE = 3
UNSHOWN = ("definition__conditions", "definition__logic", "pull__conditions")


@dataclass(frozen=True)
class Need:
    """An audience and the runs that somebody has to look at, the newest of each list."""

    audience: Audience
    runs: list["Trouble"]

    @property
    def more(self) -> int:
        return max(0, len(self.runs) - SHOWN_OF_ONE)

    @property
    def shown(self) -> list["Trouble"]:
        return self.runs[:SHOWN_OF_ONE]


@dataclass(frozen=True)
class Trouble:
    """One run in words; `action` is what the link to it says."""

    run: Run
    words: str
    action: str


def open_ends() -> QuerySet[Run]:
    """Return the newest run of each list that may be sent, where it is Held, Failed or Lost. A live one hides nothing.

    A run that is on its way may end as badly as the one before, so the one before stays until it ends.
    """
    settled = Run.objects.of_lists().filter(activation=OuterRef("activation"), finished_at__isnull=False)
    settled = settled.exclude(state=RunState.CANCELLED)
    used = Q(activation__lifecycle=Lifecycle.LIVE, activation__audience__archived_at=None)
    # A retired list needs somebody only while everybody is to be removed from it.
    used |= Q(activation__lifecycle=Lifecycle.RETIRED, kind=Run.Kind.CLEAR)
    # While the segment is still another one, the audience itself says so, with what to do.
    restored = Q(activation__audience__segment__fingerprint=F("definition__fingerprint"))
    found = Run.objects.of_lists().filter(used, ~Q(reason="definition_changed") | restored, state__in=ENDED_BADLY)
    return found.filter(pk=Subquery(settled.order_by("-pk").values("pk")[:1])).order_by("-pk")


def needs(now: datetime) -> list[Need]:
    """Return the audiences with such runs: suppression lists first, then by name. One query."""
    shown = ("activation__audience__owner", "activation__destination", "definition", "actor", "pull")
    found: dict[int, Need] = {}
    for run in open_ends().select_related(*shown).defer(*UNSHOWN):
        audience = run.activation.audience
        found.setdefault(audience.pk, Need(audience, [])).runs.append(_trouble(run, now))
    return sorted(found.values(), key=lambda one: (not one.runs[0].run.definition.suppresses, one.audience.name))


def troubles_of(slug: str, now: datetime) -> dict[int, Trouble]:
    """Return what is to be decided or seen about the lists of one audience, by list. One query."""
    shown = ("activation__destination", "definition", "actor", "pull")
    runs = open_ends().filter(activation__audience__slug=slug).select_related(*shown).defer(*UNSHOWN)
    return {run.activation_id: _trouble(run, now) for run in runs}


def lede(found: list[Need], stale: int) -> str:
    """Return what the first page's lede says of lists: "Two lists are held and one failed; one suppression is out of date."."""
    states = Counter(one.run.state == RunState.HELD for need in found for one in need.runs)
    held, failed = states[True], states[False]
    said = [_lists(held, "is held", "are held")] if held else []
    if failed:
        said.append(f"{in_words(failed)} failed" if held else _lists(failed, "failed", "failed"))
    lists = " and ".join(said)
    old = f"{in_words(stale)} suppression{' is' if stale == 1 else 's are'} out of date" if stale else ""
    told = "; ".join(part for part in (lists, old) if part)
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def _lists(count: int, one: str, many: str) -> str:
    return f"{in_words(count)} list{f' {one}' if count == 1 else f's {many}'}"


def _trouble(run: Run, now: datetime) -> Trouble:
    if run.state == RunState.HELD:
        told = said(run, now)
        return Trouble(run, f"{told.lead} {told.rest}".strip(), f"Decide on {_parked(run)}")
    found = trouble(run)
    words = f"{found.meaning} {found.next_step}".strip() if found else said(run, now).lead
    return Trouble(run, words, "See why")


def _parked(run: Run) -> str:
    if run.reason == "definition_changed":
        return "the change"
    names = {"removes": "removals", "adds": "additions"}
    return " and ".join(names[side] for side in run.held) or "the run"
