"""What needs somebody now, from values: each list with its cause and one thing to press, most people exposed first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.urls import reverse

from audiences.models import Readiness
from audiences.terms import joined
from muster.access import Permission, can
from muster.figures import number, span, when
from reconciliation.answering import Drift
from syncs.attention import Trouble
from syncs.freshness import Freshness

from .reader import Action, Reader
from .standings import Standing

BROKEN, DRIFTING, UNKNOWN = "broken", "drifting", "unknown"
ORDER: Final = (BROKEN, "failed", "lost", "held", DRIFTING, UNKNOWN)
SYNCS, CONNECTS, REGISTERS = Permission.SYNC, Permission.MANAGE_CONNECTIONS, Permission.REGISTER


@dataclass(frozen=True, slots=True)
class Need:
    """One list, or an audience with all its lists. `mark` is a health or a state of a run, `lead` what is so, `rest` why.

    `exposed`: people whom an ad reaches now although it should not; `stake`: people whom the cause is about.
    """

    at: Standing
    mark: str
    lead: str
    rest: str
    action: Action
    stake: int = 0
    exposed: int = 0
    places: str = ""

    @property
    def pill(self) -> dict[str, str]:
        """Return the health for the mark of it."""
        return {"health": self.mark}

    @property
    def is_of_run(self) -> bool:
        return self.mark in {"held", "failed", "lost"}


@dataclass(frozen=True)
class Happened:
    """What the other apps know, by list: the newest run that ended badly, breached freshness, drift, people exposed."""

    troubles: Mapping[int, Trouble] = field(default_factory=dict)
    breached: Mapping[int, Freshness] = field(default_factory=dict)
    drifts: Mapping[int, Drift] = field(default_factory=dict)
    exposed: Mapping[int, int] = field(default_factory=dict)


def needs(lists: Sequence[Standing], happened: Happened, reader: Reader) -> list[Need]:
    """Return the needs of these lists, most people exposed first, then most people concerned, then the worst."""
    found = [need for one in lists if (need := _of_list(one, happened, reader))]
    told = {need.at.list for need in found}
    found += _of_audiences((one for one in lists if one.list not in told), reader)
    return sorted(found, key=lambda one: (-one.exposed, -one.stake, ORDER.index(one.mark), one.at.name, one.at.place))


def _of_list(one: Standing, happened: Happened, reader: Reader) -> Need | None:
    """Return the worst that is so of a list; what else is so of it, or of its audience as a whole, stands behind it."""
    made = [
        _set_up(one, reader),
        _run(one, happened.troubles.get(one.list), reader),
        _old(one, happened.breached.get(one.list), reader),
        _drift(one, happened.drifts.get(one.list), reader),
        _blocked(one, reader),
    ]
    found = [need for need in made if need]
    if not found:
        return None
    first, others = found[0], found[1:]
    rest = " ".join([first.rest, *(other.lead for other in others), *one.whole]).strip()
    stake = max(need.stake for need in found)
    return _exposing(replace(first, rest=rest, stake=stake), happened.exposed.get(one.list))


def _exposing(need: Need, people: int | None) -> Need:
    """Put the people first whom ads reach now, where somebody counted them."""
    if not people:
        return need
    who = "person is" if people == 1 else "people are"
    lead = f"{number(people)} {who} not kept away from ads at {need.at.place}."
    return replace(need, lead=lead, rest=f"{need.lead} {need.rest}".strip(), exposed=people)


def _set_up(one: Standing, reader: Reader) -> Need | None:
    if not one.here:
        return None
    page = reverse("audiences:detail", args=[one.slug])
    if one.stopped:
        action = reader.act(SYNCS, "Say what was mended", page, do="mend it and let it be sent again")
    else:
        action = reader.act(CONNECTS, "See its connection", reverse("audiences:connections"), do="mend the connection")
    return Need(one, BROKEN, one.here[0], " ".join(one.here[1:]), action, stake=one.members)


def _run(one: Standing, trouble: Trouble | None, reader: Reader) -> Need | None:
    if trouble is None:
        return None
    held = sum(int(side.get("figure", 0)) for side in trouble.run.held.values())
    lead, dot, rest = trouble.words.partition(". ")
    label = trouble.action if can(reader.person, Permission.CANCEL) else "See the run"
    action = Action(label, reverse("syncs:run", args=[trouble.run.pk]))
    return Need(one, str(trouble.run.state), f"{lead}{dot.strip()}", rest, action, stake=held or one.members)


def _old(one: Standing, fresh: Freshness | None, reader: Reader) -> Need | None:
    if fresh is None:
        return None
    start = reverse("syncs:start", args=[one.list])
    action = reader.act(SYNCS, "Sync now", start, do="sync it now", kind="sync")
    since = when(fresh.read_at, reader.now, reader.zone)
    lead = f"People who entered since {since} are not on the list at {one.place}."
    return Need(one, BROKEN, lead, fresh.words.partition(": ")[0] + ".", action)


def _drift(one: Standing, drift: Drift | None, reader: Reader) -> Need | None:
    """Return what a drift without an answer needs, or one whose promise was not kept."""
    if drift is None or not is_open(drift, reader):
        return None
    week = drift.week
    missing, left = span(week.missing_low, week.missing_high), span(week.not_removed_low, week.not_removed_high)
    said = [f"{missing} fewer people than expected"] if week.missing_high else []
    said += [f"{left} people who left are still there"] if week.not_removed_high else []
    allowed = f"this list allows {week.tolerance}" if week.tolerance else ""
    since = f"Since the week of {drift.since.day} {drift.since:%b}"
    # What was changed in Customer.io is said of the audience as a whole, with what follows from it.
    cause = "" if week.cause == "definition" and one.whole else _cause(week.cause, week.cause_words)
    told = [f"{since}; {allowed}." if allowed else f"{since}.", cause]
    lead = f"{joined(said)}." if said else week.reason
    rest = " ".join(part for part in (*told, _due(drift, reader)) if part)
    answer = reverse("reconciliation:answer", args=[one.list])
    stake = max(week.missing_high, week.not_removed_high)
    return Need(one, week.verdict, lead[:1].upper() + lead[1:], rest, reader.reply(drift, answer), stake=stake)


def is_open(drift: Drift, reader: Reader) -> bool:
    """Whether a drift waits for somebody: nobody answered, or what was promised did not hold."""
    return drift.answer is None or drift.broken_promise(reader.today)


def _cause(kind: str, words: str) -> str:
    return words if kind != "unexplained" else ""


def _due(drift: Drift, reader: Reader) -> str:
    given = drift.answer
    if given is not None and given.fix_by is not None:
        return f"{given.by.full_name} promised it by {given.fix_by.day} {given.fix_by:%b}, and it is still outside."
    due = drift.raised_at(reader.zone)
    if due <= reader.now:
        return "Nobody replied in time; the managers were told."
    return f"Reply due {when(due, reader.now, reader.zone)}."


def _blocked(one: Standing, reader: Reader) -> Need | None:
    if one.readiness != Readiness.BLOCKED:
        return None
    page = f"{reverse('audiences:detail', args=[one.slug])}#arrived"
    return Need(one, BROKEN, f"{one.place} does not serve this list.", one.words, Action("See what to do", page))


def _of_audiences(lists: Iterable[Standing], reader: Reader) -> list[Need]:
    """Return one need for each audience that is wrong as a whole, whatever number of its lists need nothing else."""
    groups: dict[int, list[Standing]] = {}
    for one in lists:
        if one.whole:
            groups.setdefault(one.audience, []).append(one)
    return [_of_whole(own, reader) for own in groups.values()]


def _of_whole(own: Sequence[Standing], reader: Reader) -> Need:
    first, places = own[0], joined(one.place for one in own)
    page = reverse("audiences:detail", args=[first.slug])
    action = reader.act(REGISTERS, "Decide on the definition", page, do="decide on the definition")
    lead, rest = first.whole[0], " ".join(first.whole[1:])
    return Need(first, DRIFTING, lead, rest, action, places=places)


def exposed(found: Iterable[Need]) -> int:
    """Return how many people are exposed in all."""
    return sum(one.exposed for one in found)
