"""What is known of one list in one week when its causes are looked for, and what a cause is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from .bands import NOBODY, Band
from .drift import Drift
from .ladder import Ladder, Place


class Kind(StrEnum):
    DEFINITION = "definition"
    IDENTITY = "identity"
    DELIVERY = "delivery"
    REMOVAL = "removal"
    MATCH = "match"
    LAG = "lag"
    EXPIRY = "expiry"
    UNEXPLAINED = "unexplained"


class Sure(IntEnum):
    """How sure a cause is. CERTAIN: seen itself. LIKELY: it happened, and it does what is seen. POSSIBLE: it happened."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


class Shared(StrEnum):
    """What several lists have in common when they have one cause: the narrowest thing that can break for all of them."""

    LIST = "list"
    SEGMENT = "segment"
    WORKSPACE = "workspace"
    PIPE = "pipe"
    ACCOUNT = "account"
    PLATFORM = "platform"


class Side(StrEnum):
    LOST = "lost"
    KEPT = "kept"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True)
class Fell:
    """The coverage of an identifier fell, by percentage points of the people."""

    identifier: str
    points: float
    was: float
    now: float


@dataclass(frozen=True)
class Moved:
    """People whose addition and removal was accepted since a size of a list was read, and that size."""

    additions: int
    removals: int
    size: Band


@dataclass(frozen=True)
class Happened:
    """What happened to one list since its last week on target. Nothing of it: the defaults.

    `additions` and `removals` were accepted since the size before was read; `later` are the additions and removals accepted
    after the platform counted. `received` and `invalid`: rows that the platform says it took in since then, and could not
    read, None where it does not say. `late_by`: for how long changes had been accepted that its newest figure does not count.
    `month`: what was moved since its last week on target but three, where it had one. `life_untold`: the days after which the
    platform drops members, where Muster was told of more or of none. `sent_at`: newest change accepted; `changed_at`: when
    the platform last changed the list's people, by its own word; `settles_in`: how long that takes it at most. `own_rate`: the
    match rate is the platform's own.
    """

    segment_edited: bool = False
    version: tuple[int, int] | None = None
    exclusion_unread: bool = False
    identifiers: tuple[str, str] | None = None
    mapping_changed: bool = False
    pipe_changed: bool = False
    credentials_changed: bool = False
    coverage: tuple[Fell, ...] = ()
    failed_runs: int = 0
    missed_slots: int = 0
    key_refused: bool = False
    unreadable: str = ""
    list_gone: bool = False
    blocked: str = ""
    too_small: bool = False
    additions: int = 0
    removals: int = 0
    later: tuple[int, int] = (0, 0)
    size_before: Band | None = None
    month: Moved | None = None
    sent_at: datetime | None = None
    changed_at: datetime | None = None
    settles_in: timedelta = timedelta()
    expired: Band = NOBODY
    received: int | None = None
    invalid: int | None = None
    late_by: timedelta = timedelta()
    life_untold: int | None = None
    own_rate: bool = False


@dataclass(frozen=True)
class Case:
    """One list in one week. `before`: its ladder of the last week on target, None where there was none."""

    drift: Drift
    now: Ladder
    happened: Happened = field(default_factory=Happened)
    before: Ladder | None = None
    place: str = "the destination"

    @property
    def is_below(self) -> bool:
        return self.drift.is_outside and self.drift.not_removed == NOBODY

    @property
    def is_above(self) -> bool:
        return self.drift.is_outside and self.drift.not_removed != NOBODY

    def people(self, place: Place) -> int:
        """Return how many people are on a rung, in the middle of its band; 0 where it has no count."""
        band = self.now[place].people
        return round(band.mid) if band else 0

    def lost(self, prefix: str) -> Mapping[str, Band]:
        """Return the people lost now by causes whose code begins so."""
        return _by_code(self.now, prefix, gained=False)

    def kept(self, prefix: str) -> Mapping[str, Band]:
        """Return the people who should not be there, by causes whose code begins so."""
        return _by_code(self.now, prefix, gained=True)

    def lost_before(self, prefix: str) -> Mapping[str, Band]:
        return _by_code(self.before, prefix, gained=False) if self.before else {}


@dataclass(frozen=True)
class Finding:
    """One cause with its sentence. `people`: how many it accounts for, None where that cannot be said.

    `alone`: it is told, and answered for, also while the list's own counts are still on target. `explains`: whether it can
    be why the destination has fewer (LOST) or more (KEPT) people than it should of those accepted.
    """

    kind: Kind
    code: str
    words: str
    do: str
    sure: Sure
    people: Band | None = None
    estimated: bool = False
    shared: Shared = Shared.LIST
    alone: bool = False
    explains: Side = Side.BOTH


def _by_code(ladder: Ladder, prefix: str, *, gained: bool) -> dict[str, Band]:
    found: dict[str, Band] = {}
    for rung in ladder.rungs:
        for one in rung.step.gains if gained else rung.step.losses:
            if one.code.startswith(prefix) and not one.people.is_nobody:
                found[one.code] = found.get(one.code, NOBODY) + one.people
    return found
