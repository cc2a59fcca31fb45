"""Alarms that have one cause are one incident: one refused key, one account, one platform, one segment. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .bands import NOBODY, Band
from .case import Finding, Kind, Shared

AMONG: Final = 2  # accounts, or segments, from which on a cause is the platform's, or the workspace's


@dataclass(frozen=True)
class Belongs:
    """What a list has in common with others, by names or numbers that are the same for all who share it."""

    list: int
    segment: str = ""
    workspace: str = ""
    pipe: str = ""
    account: str = ""
    platform: str = ""

    def by(self, shared: Shared) -> str:
        return str(getattr(self, shared.value))


@dataclass(frozen=True)
class Alarm:
    """A list that is off, or of which something is told, with its main cause. `people`: missing or not removed."""

    belongs: Belongs
    cause: Finding
    people: Band = NOBODY
    weeks: int = 1


@dataclass(frozen=True)
class Incident:
    """One cause and the lists it reaches, those with most people first. `what` they share is named by `name`."""

    cause: Finding
    what: Shared
    name: str
    alarms: tuple[Alarm, ...]

    @property
    def key(self) -> str:
        """Return what is the same for the same cause in every week: "stalled:account:us"."""
        return f"{self.cause.code}:{self.what.value}:{self.name}"

    @property
    def people(self) -> Band:
        return sum((one.people for one in self.alarms), NOBODY)

    @property
    def severity(self) -> float:
        """Return people times weeks: what is ranked by. A middle, since bands have no order."""
        return sum(one.people.mid * one.weeks for one in self.alarms)


def incidents(alarms: Iterable[Alarm]) -> list[Incident]:
    """Return the alarms by cause, the most severe first. Each alarm is in exactly one incident.

    A cause is shared by those it can reach at once (Finding.shared). If it strikes several accounts of a platform in the
    same week, it is the platform's; "unexplained" is never shared.
    """
    known = sorted(alarms, key=lambda one: one.belongs.list)
    groups: dict[tuple[str, Shared, str], list[Alarm]] = {}
    for one in known:
        groups.setdefault((one.cause.code, *_shared(one, known)), []).append(one)
    made = [_incident(what, name, found) for (_, what, name), found in groups.items()]
    return sorted(made, key=lambda one: (-one.severity, -one.cause.sure, one.alarms[0].belongs.list))


def _shared(alarm: Alarm, every: Sequence[Alarm]) -> tuple[Shared, str]:
    """Return the widest thing that a cause is shared by, and its name."""
    what = alarm.cause.shared
    if alarm.cause.kind == Kind.UNEXPLAINED or not alarm.belongs.by(what):
        return Shared.LIST, str(alarm.belongs.list)
    platform = alarm.belongs.platform
    if what == Shared.ACCOUNT and platform:
        same = (one for one in every if one.cause.code == alarm.cause.code and one.belongs.platform == platform)
        if len({one.belongs.account for one in same}) >= AMONG:
            return Shared.PLATFORM, platform
    return what, alarm.belongs.by(what)


def _incident(what: Shared, name: str, found: Sequence[Alarm]) -> Incident:
    ranked = sorted(found, key=lambda one: (-one.people.mid * one.weeks, one.belongs.list))
    surest = max(ranked, key=lambda one: one.cause.sure)
    return Incident(surest.cause, what, name, tuple(ranked))
