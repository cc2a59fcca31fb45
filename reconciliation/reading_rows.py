"""How each destination is read back, as its row says it: state, since when it fails, and what that means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audiences.models import Activation, Destination, Lifecycle
from audiences.models.workspace import CheckState
from audiences.platforms import Family
from audiences.terms import joined

from .models import ReadAccess, UnknownList
from .reading_access import is_readable, needs_of

NAMED = 3
WORST_FIRST = (
    CheckState.REFUSED,
    CheckState.UNREADABLE,
    CheckState.UNKNOWN,
    "stopped",
    "unset",
    CheckState.WORKING,
    "by_hand",
)


@dataclass(frozen=True)
class ReadingRow:
    """One destination. `lists` are those in use there, `nameless` those of them whose id nobody told."""

    destination: Destination
    access: ReadAccess | None
    lists: Sequence[Activation]
    nameless: Sequence[Activation]
    unknown: int
    unknown_used: int

    @property
    def state(self) -> str:
        """Return a CheckState, "unset" where nothing is entered, "stopped", or "by_hand" where no reader exists."""
        if not self.is_readable:
            return "by_hand"
        if self.access is None:
            return "unset"
        return "stopped" if self.access.archived_at else self.access.check_state

    @property
    def is_ads(self) -> bool:
        return self.destination.spec.family == Family.ADS

    @property
    def is_readable(self) -> bool:
        return is_readable(self.destination)

    @property
    def account(self) -> str:
        """Return which account, project or schema is read, without secrets."""
        given = self.access.options if self.access else {}
        names = ("customer", "account", "project", "database", "schema", "host", "region")
        labels = {need.name: need.label for need in needs_of(self.destination)}
        told = [f"{labels[name]} {given[name]}" for name in names if given.get(name) and name in labels]
        return ", ".join(told[:2]) or self.destination.account

    @property
    def secret(self) -> str:
        """Return which secret is kept, in words, without any of it."""
        if self.access is None or not self.access.secret:
            return ""
        return next((need.label for need in needs_of(self.destination) if need.secret), "Secret")

    @property
    def means(self) -> str:
        """Return what the state means for the figures of the lists there."""
        if not self.lists:
            return "No list goes there yet."
        which = _named(self.lists)
        if self.state == "by_hand":
            return f"{which} {_have(self.lists)} the figures that somebody enters or imports."
        if self.state == "unset":
            return f"{which} {_have(self.lists)} no figures from there unless somebody enters them."
        if self.state == "stopped":
            return f"{which} {_have(self.lists)} had no new figures since then."
        if self.state in (CheckState.REFUSED, CheckState.UNREADABLE):
            return (
                f"{which} {_have(self.lists)} no new figures until this is mended; what was read stays, and grows old."
            )
        return (
            f"{_named(self.nameless)} {_have(self.nameless)} no id there yet, so no figures." if self.nameless else ""
        )


def _have(lists: Sequence[Activation]) -> str:
    return "has" if len(lists) == 1 else "have"


def _named(lists: Sequence[Activation]) -> str:
    names = [one.audience.name for one in lists[:NAMED]]
    more = len(lists) - NAMED
    return joined([*names, f"{more} other list{'' if more == 1 else 's'}"] if more > 0 else names)


def reading_rows() -> list[ReadingRow]:
    """Return every destination in use, problems first. Four queries."""
    places = list(Destination.objects.filter(archived_at=None).order_by("name"))
    found = {one.destination_id: one for one in ReadAccess.objects.filter(destination__in=places)}
    made = _rows(places, found)
    return sorted(made, key=lambda row: WORST_FIRST.index(row.state))


def row_of(destination: Destination, access: ReadAccess | None) -> ReadingRow:
    """Return one destination's row."""
    return _rows([destination], {destination.pk: access} if access else {})[0]


def _rows(places: Sequence[Destination], found: dict[int, ReadAccess]) -> list[ReadingRow]:
    used = Activation.objects.filter(destination__in=places, kind=Activation.Kind.PRODUCTION)
    used = used.exclude(lifecycle__in=(Lifecycle.RETIRED, Lifecycle.DRAFT)).select_related("audience", "list_at")
    lists = list(used.order_by("audience__name"))
    unknown = list(UnknownList.objects.filter(destination__in=places, known_reason="").only("destination", "used_in"))
    return [_row(place, found.get(place.pk), lists, unknown) for place in places]


def _row(
    place: Destination, access: ReadAccess | None, lists: Iterable[Activation], unknown: Iterable[UnknownList]
) -> ReadingRow:
    here = [one for one in lists if one.destination_id == place.pk]
    strange = [one for one in unknown if one.destination_id == place.pk]
    if access:
        access.destination = place
    return ReadingRow(
        destination=place,
        access=access,
        lists=here,
        nameless=[one for one in here if not hasattr(one, "list_at")],
        unknown=len(strange),
        unknown_used=sum(bool(one.used_in) for one in strange),
    )
