"""What an ad account still lacks before a targeting list may go live there: each required suppression that is not in place. Pure.

In place means: the audience that fulfils it has a live list at that account, people have arrived on it, and it is not broken.
How fresh it is, is no part of the gate: a list that is late today is fresh again after its next run.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

LIVE, PAUSED = "live", "paused"
BLOCKED, BROKEN = "blocked", "broken"


@dataclass(frozen=True)
class Line:
    """One line of the policy at an account (`place`) and the list that fulfils it.

    `audience` is empty while nobody registered one, `lifecycle` while it has no list there. `arrived`: RudderStack accepted
    its people once. `stopped` says why nothing is sent to it. `ask` are the people who can mend it.
    """

    key: int
    label: str
    place: str
    audience: str = ""
    lifecycle: str = ""
    arrived: bool = False
    stopped: str = ""
    readiness: str = ""
    readiness_words: str = ""
    health: str = ""
    health_words: str = ""
    ask: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Lack:
    """One line that is not in place: why in a sentence, and who can mend it."""

    line: Line
    why: str

    @property
    def sentence(self) -> str:
        """Return what is missing where, why, and whom to ask."""
        asked = f" Ask {_either(self.line.ask)}." if self.line.ask else ""
        return f"“{self.line.label}” is not in place at {self.line.place}: {self.why}{asked}"


def lacks(lines: Iterable[Line]) -> list[Lack]:
    """Return the lines that are not in place, in their order."""
    return [Lack(line, why) for line in lines if (why := _why_not(line))]


def _why_not(line: Line) -> str:
    if not line.audience:
        return "no audience fulfils it yet."
    if line.lifecycle == PAUSED:
        return f"the list of {line.audience} there is paused."
    if line.lifecycle != LIVE:
        return f"{line.audience} has no live list there."
    if line.stopped:
        return f"the list of {line.audience} is stopped. {line.stopped}"
    if not line.arrived:
        return f"nobody has arrived on the list of {line.audience} yet."
    if line.readiness == BLOCKED:
        return f"the platform cannot use the list of {line.audience}. {line.readiness_words}"
    if line.health == BROKEN:
        return f"the list of {line.audience} is broken. {line.health_words}"
    return ""


def _either(names: tuple[str, ...]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
