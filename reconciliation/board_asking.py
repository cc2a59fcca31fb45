"""Asks whoever can mend a suppression, and notes that its exposure is accepted for now: said on the board, with who and when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from django.db.models import QuerySet

from audiences.models import RequiredSuppression
from muster import audit
from muster.access import Permission, who_can
from muster.models import Event, Person

from .board_cell import Cell
from .protection import Mark

ASKED: Final = "asked to mend"
ACCEPTED: Final = "accepts for now who is exposed by"
MOST: Final = 2
LASTS: Final = timedelta(days=7)
KIND: Final = str(RequiredSuppression._meta.model_name)


@dataclass(frozen=True)
class Asked:
    """The newest of each that still counts."""

    asked: Event | None = None
    accepted: Event | None = None

    def since(self, at: datetime | None) -> "Asked":
        """Return what was said after a moment: what was said of an earlier trouble is about that one."""
        if at is None:
            return self
        asked, accepted = (one if one and one.at >= at else None for one in (self.asked, self.accepted))
        return Asked(asked, accepted)


class AskedAlready(Exception):
    """Somebody asked within the last hour; the text says who."""

    def __init__(self, before: Event) -> None:
        super().__init__(f"{before.actor_label} asked already, within the last hour. Nobody was asked twice.")


class Menders:
    """Whom to ask about which cell; each group is looked up once, where it is needed."""

    @cached_property
    def keepers(self) -> list[Person]:
        return who_can(Permission.MANAGE_CONNECTIONS)[:MOST]

    @cached_property
    def writers(self) -> list[Person]:
        return who_can(Permission.WRITE_POLICY)[:MOST]

    @cached_property
    def signers(self) -> list[Person]:
        return who_can(Permission.ANSWER)[:MOST]

    def of(self, line: RequiredSuppression, cell: Cell) -> list[Person]:
        """Return who can mend a cell; nobody where the reader can by themselves, or nothing is to be mended."""
        by_oneself = cell.mark == Mark.NOT_ATTACHED or (cell.mark == Mark.PROTECTING and cell.lacking)
        if by_oneself or cell.mark in {Mark.TOO_SMALL, Mark.SETTLING} or cell.protection.protects:
            return []
        if cell.mark == Mark.UNKNOWN:
            return self.signers if cell.facts.readiness and not cell.facts.read_old else self.keepers
        if cell.facts.stopped:
            return self.keepers
        owner = line.audience.owner if line.audience else None
        return [owner] if owner and owner.is_active else self.writers


def ask(line: RequiredSuppression, people: Sequence[Person], *, by: Person, at: datetime) -> Event:
    """Record that somebody asked these people to mend a suppression. Raises AskedAlready."""
    before = _events([line.pk], at - timedelta(hours=1)).filter(verb=ASKED).order_by("-at").first()
    if before is not None:
        raise AskedAlready(before)
    detail = {"asked": [one.full_name for one in people]}
    return audit.record(verb=ASKED, subject=line, by=by, detail=detail, audience_id=line.audience_id, at=at)


def accept(line: RequiredSuppression, missing: int | None, *, by: Person, at: datetime) -> Event:
    """Record that somebody knows of the people who are exposed, and goes on for now."""
    return audit.record(
        verb=ACCEPTED, subject=line, by=by, detail={"not excluded": missing}, audience_id=line.audience_id, at=at
    )


def asked_of(lines: Collection[int], now: datetime) -> dict[int, Asked]:
    """Return what was asked and accepted of these lines lately, by line. One query."""
    found: dict[int, Asked] = {}
    for event in _events(lines, now - LASTS).order_by("at", "pk"):
        line = int(event.object_id)
        before = found.get(line, Asked())
        made = Asked(event, before.accepted) if event.verb == ASKED else Asked(before.asked, event)
        found[line] = made
    return found


def _events(lines: Collection[int], since: datetime) -> QuerySet[Event]:
    keys = [str(one) for one in lines]
    return Event.objects.filter(kind=KIND, object_id__in=keys, verb__in=(ASKED, ACCEPTED), at__gte=since)
