"""A budget in sentences: what the cadence can serve, what is left of the dwell, what nobody measured. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from muster.figures import DAY, HOUR, MINUTE, age, duration, number, target

from .budget import NONE, Budget, Piece, pieces

MINUTES_TOLD: Final = 600  # of a stay; a longer one is told in hours and days
NOT_DECLARED: Final = "not declared"


@dataclass(frozen=True)
class Told:
    """`lead` is the verdict, `rest` what follows from it; `tone` is ok, warn, bad or unknown; `span` the bar's minutes."""

    lead: str
    rest: tuple[str, ...]
    tone: str
    pieces: tuple[Piece, ...]
    span: float
    target_at: float | None
    label: str


@dataclass(frozen=True)
class Basis:
    """What the figures rest on: whose runs were measured, and of which places the lag is not declared, in sentences."""

    whose: str = "this workspace"
    undeclared: tuple[str, ...] = ()


def tell(budget: Budget, cadence: str, choices: dict[str, int], basis: Basis = Basis()) -> Told:
    """Return a budget in words. `cadence` as the definition says it, `choices` the minutes of each one there is."""
    average, worst = budget.average, budget.worst
    if average is None or worst is None:
        lead = "By hand nothing is promised: the newest person gets older until somebody syncs."
        return Told(lead, (), "unknown", (), 1, None, "")
    lead, tone = verdict(budget, cadence)
    rest = [dwell_told(budget), advice(budget, choices), *unmeasured(budget, basis)]
    longest = max(average, budget.dwell or NONE, budget.target or NONE)
    allowed = budget.target.total_seconds() / 60 if budget.target else None
    return Told(
        lead,
        tuple(one for one in rest if one),
        tone,
        tuple(pieces(budget, legend(budget))),
        round(longest.total_seconds() / 60, 2),
        allowed,
        f"On average a person is on the list after {long(average)}, at worst after {long(worst)}",
    )


def verdict(budget: Budget, cadence: str) -> tuple[str, str]:
    """Return what is true of this cadence, and its tone."""
    average, worst = budget.average or NONE, budget.worst or NONE
    told = f"worst age {long(worst)}"
    how = cadence[:1].upper() + cadence[1:]
    if budget.dwell is not None and worst >= budget.dwell:
        late = (
            f"On average a person is on the list after {long(average)}, the last ones after {long(worst)}, when they have "
            "already left."
        )
        return f"{how} cannot serve a {hours(budget.dwell)} audience: {told}. {late}", "bad"
    if budget.target is None:
        return f"{how}: {told}. There is no target to judge it by yet.", "unknown"
    wanted = target(round(budget.target.total_seconds() / 60))
    if worst > budget.target:
        return f"{how} cannot keep the newest person under {wanted}: {told}, {long(average)} on average.", "bad"
    return f"{how} keeps the newest person under {wanted}: {told}, {long(average)} on average.", "ok"


def dwell_told(budget: Budget) -> str:
    """Return how much is left of the time that people stay in the segment."""
    if budget.dwell is None or budget.left is None:
        return ""
    whole, left = minutes(budget.dwell), minutes(budget.left)
    if whole > MINUTES_TOLD:
        stay, rest = long(budget.dwell), f"about {long(budget.left)}"
    else:
        stay, rest = f"{number(whole)} min", f"about {number(left)}"
    if not left:
        return f"Of {stay} in this segment nothing is left when ads can start."
    return f"Of {stay} in this segment {rest} are left when ads can start."


def advice(budget: Budget, choices: dict[str, int]) -> str:
    """Return the slowest cadence that serves, where this one does not."""
    if budget.serves is not False:
        return ""
    for name, period in sorted(choices.items(), key=lambda pair: -pair[1]):
        other = Budget(**{**vars(budget), "period": timedelta(minutes=period)})
        if other.serves:
            return f"Choose “{name}”: worst age {long(other.worst or NONE)}."
    return "No cadence that there is serves it: allow an older newest person, or widen the window."


def unmeasured(budget: Budget, basis: Basis) -> list[str]:
    """Return what the figures rest on where nobody measured it."""
    said = []
    if budget.measured is None:
        said.append(
            f"No sync of {basis.whose} has arrived in four weeks, so queue, reading and sending are not known and not "
            "counted."
        )
    else:
        runs = f"{number(budget.measured.runs)} sync{'s' if budget.measured.runs != 1 else ''}"
        said.append(f"Queue to sending: measured on {runs} of {basis.whose} in four weeks; 19 of 20 took no longer.")
    lags = {"segment lag": budget.segment_lag, "platform lag": budget.platform_lag}
    if declared := [name for name, lag in lags.items() if lag is not None]:
        said.append(f"{_listed(declared)} declared, not measured.")
    said += basis.undeclared
    return said


def _listed(names: list[str]) -> str:
    text = " and ".join(names)
    return f"{text[:1].upper()}{text[1:]} {'is' if len(names) == 1 else 'are'}"


def legend(budget: Budget) -> dict[str, str]:
    """Return what the legend says of each piece, by its class."""
    queue = budget.measured.parts[0].typical if budget.measured else None
    rest = budget.measured.total.typical - queue if budget.measured and queue is not None else None
    return {
        "h1": f"Segment lag {_lag(budget.segment_lag)}",
        "h2": f"Wait for the slot {long((budget.period or NONE) / 2)} on average",
        "over": f"Past the {target(minutes(budget.target))} target" if budget.target else "",
        "h3": f"Queue {long(queue)}" if queue is not None else "Queue not measured yet",
        "h4": f"Read, compare, send {long(rest)}" if rest is not None else "Read, compare, send not measured yet",
        "h5": f"Platform lag {_lag(budget.platform_lag)}",
    }


def _lag(lag: timedelta | None) -> str:
    return NOT_DECLARED if lag is None else f"{long(lag)}, declared"


def long(length: timedelta) -> str:
    """Return a length for comparing with a target: hours up to two days, "24 h 20 m"."""
    seconds = max(0, int(length.total_seconds()))
    if not seconds:
        return duration(max(0.0, length.total_seconds()))
    if not DAY <= seconds < 2 * DAY:
        return age(seconds)
    whole, rest = seconds // HOUR, seconds % HOUR // MINUTE
    return f"{whole} h {rest} m" if rest else f"{whole} h"


def minutes(length: timedelta) -> int:
    return round(length.total_seconds() / 60)


def hours(length: timedelta) -> str:
    """Return a dwell as people say it before a noun: "4-hour", "90-minute", "7-day"."""
    whole = minutes(length)
    for size, name in ((1440, "day"), (60, "hour")):
        if whole % size == 0 and whole > size:
            return f"{whole // size}-{name}"
    return f"{whole // 60}-hour" if whole == 60 else f"{whole}-minute" if whole != 1440 else "24-hour"
