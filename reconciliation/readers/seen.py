"""What every reader gives back, whatever the platform: lists with figures and states, and where ads use them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from reconciliation.quantities import Basis, Quantity

# The oldest upload session that a platform lists: Muster's own mark, by which sums over sessions can be compared.
OLDEST: Final = "oldest_session"


@dataclass(frozen=True)
class Figure:
    """A value as a band: `low` == `high` where the platform gives one number, both None where it is unknown, never 0 then.

    Match rates are permille, from 0 to 1,000. `axis` is the platform's own name of what it counts, e.g. "size_for_display".
    """

    quantity: Quantity
    low: int | None
    high: int | None
    basis: Basis
    axis: str = ""


@dataclass(frozen=True)
class State:
    """A code in the platform's own terms, kept even where Muster does not know it, e.g. ("operation_status", "411", …)."""

    axis: str
    code: str
    words: str = ""


@dataclass(frozen=True)
class ListSeen:
    """One list, cohort or table as the platform showed it.

    `as_of` is when the platform last computed it, None where it does not say. `changed_at`: when its people last changed,
    by the platform. `gone`: the platform does not know this id (any more). `version`: of the API that answered.
    """

    external_id: str
    name: str = ""
    figures: tuple[Figure, ...] = ()
    states: tuple[State, ...] = ()
    as_of: datetime | None = None
    changed_at: datetime | None = None
    version: str = ""
    gone: bool = False


@dataclass(frozen=True)
class AdSetSeen:
    """One active ad set, campaign or ad group (`kind`, in the platform's words) and the ids of the lists it names."""

    kind: str
    external_id: str
    name: str
    includes: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()


class Reader(Protocol):
    """One platform at one account, read only. Every method raises muster.vendor_errors.VendorError."""

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked list by its id; one that is not there is `gone`."""
        ...


class ArmReader(Reader, Protocol):
    """A reader of a place that is told the arms of holdouts."""

    def with_arms(self, attributes: Mapping[str, str]) -> Reader:
        """Return a reader that also counts arms: `attributes` are the holdouts' by the id of the list."""
        ...


class AdReader(Reader, Protocol):
    """A reader of an ad platform, which can also tell what else is in the account and which ads use it."""

    def everything(self) -> Sequence[ListSeen]:
        """Return all customer lists of the account, also those that Muster does not manage."""
        ...

    def ad_sets(self) -> Sequence[AdSetSeen]:
        """Return what is active now and names lists, or could: ad sets, campaigns, ad groups without one included."""
        ...
