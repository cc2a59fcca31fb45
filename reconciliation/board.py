"""The suppression board: what each ad account requires, held against what is known of the list that fulfils it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from audiences.models import Destination, GateOverride, RequiredSuppression
from audiences.terms_of import AD_PLATFORMS
from muster.figures import number, target
from muster.models import Person

from . import account_told, board_todos, judging
from .account_told import Told
from .board_asking import Asked, Menders, asked_of
from .board_cell import BUYERS, RANK, Cell
from .board_facts import Known, facts_of
from .board_lists import lists_at
from .board_todos import Todo
from .exposed_now import Exposed, exposures
from .models import Exposure
from .protection import Mark, protection
from .report_exposed import at_accounts
from .retargeting import Retargeting, retargeting
from .weekly_inputs import Exposed as Unprotected
from .weekly_inputs import midnight
from .weeks import monday_of


@dataclass(frozen=True)
class Placed:
    """One cell with the rows behind it. `known` is None where no audience, or none with a list there, fulfils it."""

    line: RequiredSuppression
    cell: Cell
    known: Known | None
    exposed: Exposed | None
    said: Asked
    ask: list[Person]


@dataclass(frozen=True)
class Row:
    """One required suppression across the accounts: `cells` in their order, None where an account does not require it."""

    label: str
    under: str
    cells: list[Placed | None]


@dataclass(frozen=True)
class Board:
    """Everything on the page. `bare` are ad accounts that require nothing yet."""

    now: datetime
    accounts: list[Destination]
    bare: list[Destination]
    told: list[Told]
    todos: list[Todo]
    rows: list[Row]
    placed: list[Placed]
    retargeting: list[Retargeting]
    overrides: list[GateOverride]
    unprotected: dict[int, Unprotected]

    @property
    def buyers(self) -> list[Placed]:
        """Return the cells that are about recent buyers, most exposed first."""
        found = [one for one in self.placed if one.cell.cohort == BUYERS]
        return sorted(found, key=lambda one: -(one.cell.missing if one.cell.missing is not None else -1))

    @property
    def others(self) -> list[Placed]:
        """Return the other cells of which somebody counted who is missing."""
        return [one for one in self.placed if one.cell.cohort != BUYERS and one.exposed]

    def of(self, todo: Todo) -> list[Placed]:
        """Return the cells that something to do is about."""
        keys = {one.key for one in todo.cells}
        return [one for one in self.placed if one.line.pk in keys]


def board(now: datetime) -> Board:
    """Return the board as it stands. 20 queries at most, however many accounts and lists."""
    lines, places = (
        _lines(),
        list(Destination.objects.filter(platform__in=AD_PLATFORMS, archived_at=None).order_by("name")),
    )
    lists = lists_at(places, now)
    counted = exposures(lines, now)
    placed = _placed(lines, lists, counted, now)
    cells = [one.cell for one in placed]
    accounts = [place for place in places if any(one.line.destination_id == place.pk for one in placed)]
    bare = [place for place in places if place not in accounts]
    told = [account_told.account(one.name, [cell for cell in cells if cell.place == one.name]) for one in places]
    buyers = _buyers(placed)
    return Board(
        now=now,
        accounts=accounts,
        bare=bare,
        told=sorted(told, key=lambda one: RANK[one.tone]),
        todos=board_todos.todos(cells),
        rows=_rows(placed, accounts),
        placed=placed,
        retargeting=retargeting(lists, buyers, timezone.localdate(now)),
        overrides=_overrides(placed),
        unprotected=_unprotected(now) if placed else {},
    )


def _unprotected(now: datetime) -> dict[int, Unprotected]:
    """Return by ad account how long it was unprotected since Monday."""
    zone = judging.zone()
    begins = midnight(monday_of(timezone.localdate(now, zone)), zone)
    return {one.place: one for one in at_accounts(begins, now)}


def to_act_on(now: datetime) -> int:
    """Return how many things can be done now, for the navigation."""
    lines = _lines()
    if not lines:
        return 0
    lists = lists_at(list({one.destination_id: one.destination for one in lines}.values()), now)
    return len(board_todos.todos(one.cell for one in _placed(lines, lists, {}, now, asks=False)))


def _lines() -> list[RequiredSuppression]:
    found = RequiredSuppression.objects.filter(ended_at=None, destination__archived_at=None)
    around = ("destination", "audience__owner", "audience__segment")
    return list(
        found.select_related(*around).defer("audience__segment__conditions").order_by("destination__name", "label")
    )


def _placed(
    lines: Sequence[RequiredSuppression],
    lists: Iterable[Known],
    counted: Mapping[int, Exposed],
    now: datetime,
    *,
    asks: bool = True,
) -> list[Placed]:
    there = {(one.list.audience_id, one.list.destination_id): one for one in lists}
    said, menders = asked_of([one.pk for one in lines], now) if asks else {}, Menders()
    found = []
    for line in lines:
        known = there.get((line.audience_id or 0, line.destination_id))
        exposed = counted.get(line.pk)
        cell = _cell(line, known, exposed, now)
        told = said.get(line.pk, Asked()).since(cell.facts.newest if cell.mark == Mark.STALE else None)
        found.append(Placed(line, cell, known, exposed, told, menders.of(line, cell) if asks else []))
    return found


def _cell(line: RequiredSuppression, known: Known | None, exposed: Exposed | None, now: datetime) -> Cell:
    facts = facts_of(line, known, now)
    at = getattr(known.list, "list_at", None) if known else None
    return Cell(
        key=line.pk,
        label=line.label,
        place=line.destination.name,
        platform=line.destination.platform,
        facts=facts,
        protection=protection(facts),
        cohort=line.cohort,
        people=line.audience.segment.size if line.audience else None,
        missing=exposed.newest.missing if exposed else None,
        leaked=exposed.newest.leaked if exposed else None,
        list_name=(at.name_seen if at else "") or (known.list.list_name if known else ""),
        list_id=at.external_id if at else "",
        first_spend=line.first_spend,
    )


def _rows(placed: Sequence[Placed], accounts: Sequence[Destination]) -> list[Row]:
    """Return a row for each suppression, the worst first: lines are the same by their cohort, or by their name."""
    groups: dict[str, list[Placed]] = {}
    for one in placed:
        groups.setdefault(one.line.cohort or one.line.label.casefold(), []).append(one)
    made = [(min(one.cell.rank for one in group), _row(group, accounts)) for group in groups.values()]
    return [row for _, row in sorted(made, key=lambda pair: (pair[0], pair[1].label))]


def _row(group: Sequence[Placed], accounts: Sequence[Destination]) -> Row:
    there = {one.line.destination_id: one for one in group}
    people = {one.cell.people for one in group if one.cell.people is not None}
    targets = {one.line.target_minutes for one in group}
    said = [f"{number(max(people))} people"] if people else []
    said.append(f"target {target(targets.pop())}" if len(targets) == 1 else "targets differ")
    return Row(group[0].line.label, ", ".join(said), [there.get(place.pk) for place in accounts])


def _buyers(placed: Iterable[Placed]) -> dict[int, list[Exposure]]:
    """Return the newest counts of recent buyers by account."""
    found: dict[int, list[Exposure]] = {}
    for one in placed:
        if one.exposed and one.cell.cohort == BUYERS:
            found.setdefault(one.line.destination_id, []).append(one.exposed.newest)
    return found


def _overrides(placed: Iterable[Placed]) -> list[GateOverride]:
    """Return the words by which versions in use target people without a suppression that still is not in place. One query."""
    open_lines = {one.line.pk for one in placed if not one.cell.protection.protects}
    if not open_lines:
        return []
    current = GateOverride.objects.filter(definition__state="current", definition__audience__archived_at=None)
    found = current.select_related("definition__audience", "destination", "by").defer("definition__conditions")
    return [one for one in found.order_by("-at") if open_lines & set(one.lines)]
