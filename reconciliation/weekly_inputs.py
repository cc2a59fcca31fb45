"""What a weekly report is made of: plain values, so that the same values make the same report. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from .bands import NOBODY, Band

WEEK = timedelta(weeks=1)
OUTSIDE = frozenset({"drifting", "broken"})


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins, in UTC: times of one zone are subtracted as a clock on the wall shows them."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


@dataclass(frozen=True)
class Reply:
    """What somebody answered to a drift. `kind`: expected, fixing, accept or retire; `fix_by` of a promise."""

    kind: str
    label: str
    note: str
    by: str
    at: datetime
    fix_by: date | None = None


@dataclass(frozen=True)
class Line:
    """One list in the week. Bands are people, None where not known; `off` is percent against what was expected.

    `unread_weeks`: how many weeks in a row up to this one nobody can say how the list stands.
    """

    list: int
    audience: str
    slug: str
    place: str
    platform: str
    owner: str
    verdict: str
    since: date | None = None
    in_segment: int | None = None
    accepted: int | None = None
    size: Band | None = None
    expected: Band | None = None
    off: float | None = None
    missing: Band = NOBODY
    not_removed: Band = NOBODY
    tolerance: str = ""
    learned: int = 0
    reason: str = ""
    cause: str = ""
    cause_words: str = ""
    next_step: str = ""
    incident: str = ""
    as_of: datetime | None = None
    unread_weeks: int = 0
    reply: Reply | None = None

    @property
    def is_outside(self) -> bool:
        return self.verdict in OUTSIDE

    @property
    def people(self) -> float:
        """Return the people lost or kept too long, at the middle: what lists are ranked by."""
        return self.missing.mid + self.not_removed.mid

    @property
    def name(self) -> str:
        return f"{self.audience} at {self.place}"


@dataclass(frozen=True)
class Promise:
    """What was promised of a drift that began in the week of `since`.

    `verdict`, `still_since` and `missing` are of its list this week; `verdict` is empty where it was not judged.
    """

    list: int
    name: str
    slug: str
    note: str
    by: str
    fix_by: date | None
    verdict: str
    since: date
    still_since: date | None = None
    missing: Band = NOBODY


@dataclass(frozen=True)
class PastWeek:
    """How many audiences were inside tolerance in an earlier week, of those judged by name."""

    monday: date
    inside: int
    judged: tuple[str, ...]


@dataclass(frozen=True)
class Exposed:
    """How long some suppression list of an ad account was past twice its target, or missing. None: not counted, `why`.

    `missing`: required suppressions without a list; `place`: the account's key.
    """

    account: str
    time: timedelta | None
    lists: int
    why: str = ""
    missing: int = 0
    place: int = 0


@dataclass(frozen=True)
class Happened:
    """Something that was decided or changed in the week, in a sentence."""

    at: datetime
    words: str
    slug: str = ""


@dataclass(frozen=True)
class FeedLine:
    """A journey event's week. `landed` is None where no warehouse was read; `why` says what needs somebody, empty: nothing."""

    event: str
    slug: str
    owner: str
    received: int
    forwarded: int
    rejected: int
    landed: int | None
    why: str


@dataclass(frozen=True)
class Inputs:
    """Everything a report says. Times are aware; `made_at` is when it is frozen, or looked at before."""

    monday: date
    zone: tzinfo
    zone_name: str
    workspace: str
    made_at: datetime
    lines: tuple[Line, ...]
    past: tuple[PastWeek, ...] = ()
    promises: tuple[Promise, ...] = ()
    exposed: tuple[Exposed, ...] = ()
    held: tuple[Happened, ...] = ()
    overrides: tuple[Happened, ...] = ()
    definitions: tuple[Happened, ...] = ()
    corrections: tuple[Happened, ...] = ()
    feeds: tuple[FeedLine, ...] = ()

    @property
    def begins(self) -> datetime:
        return midnight(self.monday, self.zone)

    @property
    def ends(self) -> datetime:
        """Return Sunday 24:00."""
        return midnight(self.monday + WEEK, self.zone)

    @property
    def today(self) -> date:
        return self.made_at.astimezone(self.zone).date()
