"""Who reads the first page, and when: decides what is a button and what is a question to somebody else."""

from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from muster.access import Permission, can, who_can
from muster.models import Person
from reconciliation.answering import Drift, answerable

SHOWN = 3  # names to ask


@dataclass(frozen=True, slots=True)
class Action:
    """One button; or, with `names`, whom to ask to do what `label` says. With `kind` it is posted, else it is a link."""

    label: str
    url: str = ""
    kind: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """Asks for who may do something once a permission."""

    person: Person
    now: datetime
    zone: tzinfo
    _names: dict[Permission, tuple[str, ...]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def act(self, needs: Permission, label: str, url: str, *, do: str, kind: str = "") -> Action:
        """Return the button for whoever may press it, and whom to ask for the others."""
        if can(self.person, needs):
            return Action(label, url, kind)
        if needs not in self._names:
            self._names[needs] = tuple(one.full_name for one in who_can(needs)[:SHOWN])
        return Action(do, names=self._names[needs])

    def reply(self, drift: Drift, url: str) -> Action:
        """Return the button of who knows the list, and for the others who that is."""
        knows = answerable(drift.week.activation.audience)
        if self.person in knows:
            return Action("Reply to drift", url)
        return Action("reply to it", names=tuple(one.full_name for one in knows[:SHOWN]))
