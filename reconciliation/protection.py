"""Whether a required suppression keeps people away from the ads of one account, from facts. Pure: the first rule decides.

On a suppression list additions protect, so its clock is the newest person on it. Nothing is called protecting that is not
fresh, read back from the platform, and known to be excluded in what is active there: what is not known is never green.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from muster.figures import age

from .attachment import Use, is_attached, shortened

BREACH: Final = 2  # times the target
LIVE, PAUSED = "live", "paused"


class Mark(StrEnum):
    PROTECTING = "protecting"
    SETTLING = "settling"
    STALE = "stale"
    TOO_SMALL = "too_small"
    BROKEN = "broken"
    NOT_SET = "not_set"
    NOT_ATTACHED = "not_attached"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Tone(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    NONE = "none"


@dataclass(frozen=True)
class Facts:
    """What is known of one required suppression at one account.

    `place` is how people call the platform ("Meta"). `audience` is empty while none fulfils it, `lifecycle` while that has
    no list there. `newest`: when the reading behind the newest run that arrived began; `stopped`: why nothing is sent;
    `failed`: why the newest run did not arrive. `readiness` is empty where the platform was never read, `read_old` says that
    it was not read for long. `use`: where ads use the list, None with `unused` saying why nobody knows.
    `spends`: whether the account spends money yet.
    """

    now: datetime
    place: str
    target: timedelta
    spends: bool = True
    audience: str = ""
    lifecycle: str = ""
    newest: datetime | None = None
    stopped: str = ""
    paused: str = ""
    failed: str = ""
    readiness: str = ""
    said: str = ""
    read_old: bool = False
    health: str = ""
    health_words: str = ""
    use: Use | None = None
    unused: str = ""

    @property
    def age(self) -> timedelta | None:
        return self.now - self.newest if self.newest else None

    @property
    def attached(self) -> bool | None:
        return is_attached(self.use, suppresses=True) if self.use else None


@dataclass(frozen=True)
class Protection:
    """One cell of the board. `why` is its reason in a sentence, empty where there is nothing to explain.

    `age` is set where the list is stale: how old the newest person on it is.
    """

    mark: Mark
    tone: Tone
    why: str = ""
    age: timedelta | None = None

    @property
    def word(self) -> str:
        """Return what the pill says: "Protecting", "Stale 9 h 10 m"."""
        return f"{self.mark.label} {age(self.age.total_seconds())}" if self.age else self.mark.label

    @property
    def protects(self) -> bool:
        """Whether the account is protected by this list: fresh, read, and excluded everywhere."""
        return self.mark == Mark.PROTECTING and self.tone == Tone.OK


def protection(facts: Facts) -> Protection:
    """Return what a required suppression is worth at an account."""
    return next(said for rule in _RULES if (said := rule(facts)))


def freshness(facts: Facts) -> Tone:
    """Return amber from the target on, red from twice the target on; none where nobody was ever on the list."""
    old = facts.age
    if old is None:
        return Tone.NONE
    return Tone.BAD if old >= BREACH * facts.target else Tone.WARN if old >= facts.target else Tone.OK


def _not_set(facts: Facts) -> Protection | None:
    tone = Tone.BAD if facts.spends else Tone.NONE
    if not facts.audience:
        return Protection(Mark.NOT_SET, tone, "No audience fulfils it yet.")
    if facts.lifecycle not in {LIVE, PAUSED}:
        return Protection(Mark.NOT_SET, tone, f"{facts.audience} has no live list there.")
    if facts.newest is None:
        return Protection(
            Mark.NOT_SET, tone, facts.stopped or facts.failed or "No sync has arrived: nobody is on the list."
        )
    return None


def _blocked(facts: Facts) -> Protection | None:
    if facts.readiness != "blocked":
        return None
    return Protection(Mark.BROKEN, Tone.BAD, facts.said or f"{facts.place} cannot use the list.")


def _long_stale(facts: Facts) -> Protection | None:
    return _stale(facts, Tone.BAD)


def _late(facts: Facts) -> Protection | None:
    return _stale(facts, Tone.WARN)


def _stale(facts: Facts, tone: Tone) -> Protection | None:
    if freshness(facts) != tone:
        return None
    later = "No later sync has arrived: whoever came since is not on the list."
    return Protection(Mark.STALE, tone, facts.stopped or facts.paused or facts.failed or later, facts.age)


def _broken(facts: Facts) -> Protection | None:
    if facts.stopped:
        return Protection(Mark.BROKEN, Tone.BAD, facts.stopped)
    if facts.health == "broken":
        return Protection(Mark.BROKEN, Tone.BAD, facts.health_words or "The list is not what it should be.")
    return None


def _aimed_at(facts: Facts) -> Protection | None:
    """Ads that include the list are aimed at people who should see none."""
    if not facts.use or not facts.use.included:
        return None
    return Protection(
        Mark.NOT_ATTACHED, Tone.BAD, f"Included in {shortened(facts.use.included)}: it must be excluded there."
    )


def _too_small(facts: Facts) -> Protection | None:
    if facts.readiness != "too_small":
        return None
    return Protection(
        Mark.TOO_SMALL, Tone.NONE, facts.said or f"{facts.place} needs more people before it can use the list."
    )


def _not_attached(facts: Facts) -> Protection | None:
    use = facts.use
    if use is None or not use.active or len(use.lacking) < use.active:
        return None
    return Protection(Mark.NOT_ATTACHED, Tone.BAD, "Excluded nowhere: everybody on it can be shown ads.")


def _settling(facts: Facts) -> Protection | None:
    if facts.readiness != "settling":
        return None
    return Protection(Mark.SETTLING, Tone.NONE, facts.said or f"{facts.place} is still taking the people in.")


def _not_read(facts: Facts) -> Protection | None:
    if facts.read_old or facts.readiness in {"", "unknown", "stale"}:
        said = "" if facts.read_old or not facts.readiness else facts.said
        why = said or f"Sent in time, but {facts.place} was not read {'lately' if facts.read_old else 'yet'}."
        return Protection(Mark.UNKNOWN, Tone.NONE, why)
    return None


def _use_not_known(facts: Facts) -> Protection | None:
    if facts.attached is not None:
        return None
    return Protection(Mark.UNKNOWN, Tone.NONE, facts.unused or "Sent in time, but nobody knows whether ads exclude it.")


def _partly(facts: Facts) -> Protection | None:
    if facts.attached:
        return None
    lacking, active = (len(facts.use.lacking), facts.use.active or 0) if facts.use else (0, 0)
    return Protection(
        Mark.PROTECTING, Tone.WARN, f"Ads in {lacking:,} of {active:,} places still reach everybody on it."
    )


def _protecting(facts: Facts) -> Protection | None:
    return Protection(
        Mark.PROTECTING, Tone.WARN if facts.paused or facts.failed else Tone.OK, facts.paused or facts.failed
    )


_RULES: Final[tuple[Callable[[Facts], Protection | None], ...]] = (
    _not_set,
    _blocked,
    _long_stale,
    _broken,
    _aimed_at,
    _too_small,
    _not_attached,
    _late,
    _settling,
    _not_read,
    _use_not_known,
    _partly,
    _protecting,
)
