"""Why people are not on a suppression list right now, as a code and a sentence, and how many inside which lists. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from muster.figures import number, when


class Cause(StrEnum):
    """Codes of Exposure.cause. The first that holds is told; NOBODY: everybody who can be on the list is on it."""

    NOT_READ = "not_read"
    NOT_SET = "not_set"
    BEFORE_SPEND = "before_spend"
    RETIRED = "retired"
    KEY_REFUSED = "key_refused"
    STOPPED = "stopped"
    PAUSED = "paused"
    NEVER_ARRIVED = "never_arrived"
    FILLED_ANEW = "filled_anew"
    HELD = "held"
    FAILED = "failed"
    RAMP = "ramp"
    SINCE_RUN = "since_run"
    NOBODY = ""


@dataclass(frozen=True)
class Facts:
    """What is known of the list at the moment of the count.

    `failed_since`: when the first of the failed runs in a row ended. `read_at`: when the reading behind the newest arrival
    began. `parked`: additions that guards parked. `underway`: a run is sending now. `came`: how people get into the source,
    "Bought" or "Entered".
    """

    audience: str
    account: str
    now: datetime
    zone: tzinfo
    missing: int
    has_list: bool = True
    retired: bool = False
    stopped: str = ""
    key_refused: bool = False
    failed_since: datetime | None = None
    paused_since: datetime | None = None
    read_at: datetime | None = None
    next_at: datetime | None = None
    trusted: bool = True
    parked: int = 0
    parked_since: datetime | None = None
    underway: bool = False
    ramp: int = 100
    came: str = "Entered"

    def time(self, at: datetime | None) -> str:
        return when(at, self.now, self.zone)

    @property
    def coming(self) -> str:
        """Return when that ends by itself, as far as it is known."""
        if self.underway:
            return "a run is under way"
        return f"next run {self.time(self.next_at)}" if self.next_at else "no run is planned"


Told = tuple[Cause, str]


def told(facts: Facts) -> Told:
    """Return the cause and one sentence: the first rule that speaks."""
    return next(said for rule in RULES if (said := rule(facts)))


def _not_set(facts: Facts) -> Told | None:
    if facts.has_list:
        return None
    return Cause.NOT_SET, f"{facts.audience} has no list at {facts.account}, so nobody is left out by it."


def _nobody(facts: Facts) -> Told | None:
    return None if facts.missing else (Cause.NOBODY, "Everybody who can be on the list is on it.")


def _retired(facts: Facts) -> Told | None:
    return (Cause.RETIRED, "The list was retired: nobody is added any more.") if facts.retired else None


def _stopped(facts: Facts) -> Told | None:
    if not facts.stopped:
        return None
    since = f" since {facts.time(facts.failed_since)}" if facts.failed_since else ""
    if facts.key_refused:
        return Cause.KEY_REFUSED, f"Write key refused{since}."
    return Cause.STOPPED, f"Sending is stopped{since}: {facts.stopped}"


def _paused(facts: Facts) -> Told | None:
    if facts.paused_since is None:
        return None
    return Cause.PAUSED, f"Paused since {facts.time(facts.paused_since)}: nobody is added meanwhile."


def _never_arrived(facts: Facts) -> Told | None:
    if facts.read_at is not None:
        return None
    return Cause.NEVER_ARRIVED, f"No sync of the list has arrived yet; {facts.coming}."


def _filled_anew(facts: Facts) -> Told | None:
    if facts.trusted:
        return None
    return (
        Cause.FILLED_ANEW,
        f"It is another list than before: nobody counts until everybody was sent again; {facts.coming}.",
    )


def _held(facts: Facts) -> Told | None:
    if not facts.parked:
        return None
    additions = "addition is" if facts.parked == 1 else "additions are"
    return Cause.HELD, f"{number(facts.parked)} {additions} parked since {facts.time(facts.parked_since)}."


def _failed(facts: Facts) -> Told | None:
    if facts.failed_since is None:
        return None
    return Cause.FAILED, f"No sync got through since {facts.time(facts.failed_since)}; {facts.coming}."


def _ramp(facts: Facts) -> Told | None:
    if facts.ramp >= 100:
        return None
    return Cause.RAMP, f"Only the first {facts.ramp}% are sent until somebody ends the ramp step."


def _since_run(facts: Facts) -> Told:
    return Cause.SINCE_RUN, f"{facts.came} after {facts.time(facts.read_at)}; {facts.coming}."


RULES: Final[tuple[Callable[[Facts], Told | None], ...]] = (
    _not_set,
    _nobody,
    _retired,
    _stopped,
    _paused,
    _never_arrived,
    _filled_anew,
    _held,
    _failed,
    _ramp,
    _since_run,
)
