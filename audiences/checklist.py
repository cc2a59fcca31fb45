"""Whether a list is ready, item by item: each computed from evidence, with the fact behind it and when that was so. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from muster.figures import number, share, target

from .terms import CADENCES, IDENTIFIERS, joined

PIPE_TESTED_WITHIN = timedelta(days=7)
CHECK_PERIODS = {"every day": timedelta(days=1), "every month": timedelta(days=31)}
WEEK = timedelta(days=7)
SLACK = timedelta(days=1)  # a check that is due on Monday may be made on Tuesday


class Stand(StrEnum):
    """Done; due: it was, or is only partly; open: not yet; unknown: no evidence; idle: this list does not need it."""

    DONE = "done"
    DUE = "due"
    OPEN = "open"
    UNKNOWN = "unknown"
    IDLE = "idle"


@dataclass(frozen=True)
class Item:
    """One line of the checklist: `fact` says what is so and, where something lacks, what to do; `at` since when."""

    number: str
    label: str
    stand: Stand
    fact: str
    at: datetime | None = None


@dataclass(frozen=True)
class Protection:
    """A suppression list that is live at the same account, and when it last arrived."""

    name: str
    arrived_at: datetime | None
    stale: bool


@dataclass(frozen=True)
class ReadBack:
    """What the platform said last: its readiness in words, the size against the people accepted, and when.

    `settled` says that it can be judged by; `expected` is the match the definition expects, in percent.
    """

    platform: str
    readiness: str
    words: str
    told: str
    settled: bool
    within: bool | None
    expected: str
    at: datetime
    stale: bool = False


@dataclass(frozen=True)
class Evidence:
    """What is known of one list. Times are None while the thing never happened; counts are of people.

    `cadence_minutes` is the period of the schedule that really runs, None by hand. `newest_tone` is the freshness that
    was measured: ok, warn, bad or unknown. `required` counts the account's suppressions,
    `not_in_place` has a sentence for each of them that is not.
    """

    ads: bool = True
    sent: bool = True
    takes: tuple[str, ...] = ()
    suppresses: bool = False
    targets: bool = True
    identifiers: tuple[str, ...] = ()
    people: int | None = None
    coverage: Mapping[str, int] = field(default_factory=dict)
    read_at: datetime | None = None
    traits: tuple[str, ...] = ()
    approved_by: str = ""
    approved_at: datetime | None = None
    entry_rule: str = ""
    exit_rule: str = ""
    pilot_at: datetime | None = None
    pipe: str = ""
    pipe_ends: str = ""
    pipe_state: str = ""
    pipe_words: str = ""
    pipe_tested_at: datetime | None = None
    pilot_accepted: int | None = None
    pilot_run_at: datetime | None = None
    pilot_removed: int = 0
    cadence: str = ""
    cadence_minutes: int | None = None
    scheduled_at: datetime | None = None
    target_minutes: int | None = None
    newest_tone: str = "unknown"
    newest_words: str = ""
    arrived_at: datetime | None = None
    read_back: ReadBack | None = None
    protections: tuple[Protection, ...] = ()
    required: int = 0
    not_in_place: tuple[str, ...] = ()
    checker: str = ""
    check_every: str = ""
    checked_at: datetime | None = None


def checklist(seen: Evidence, now: datetime) -> list[Item]:
    """Return the ten lines, in the order of the page."""
    return [
        _identifier(seen),
        _traits(seen),
        _pilot(seen),
        _pipe(seen, now),
        _test(seen),
        _loop(seen),
        _match(seen),
        _cadence(seen),
        _suppressions(seen),
        _monitoring(seen, now),
    ]


def done(items: list[Item]) -> tuple[int, int]:
    """Return how many lines are done, and of how many that this list needs."""
    needed = [one for one in items if one.stand != Stand.IDLE]
    return sum(1 for one in needed if one.stand == Stand.DONE), len(needed)


def _identifier(seen: Evidence) -> Item:
    label = "Primary identifier chosen"
    usable = [name for name in seen.identifiers if name in seen.takes]
    if not usable:
        return Item("1", label, Stand.OPEN, "None that this list takes is chosen. Choose one in the definition.")
    if not seen.people or seen.read_at is None:
        names = ", then ".join(IDENTIFIERS[name] for name in usable)
        fact = f"{names.capitalize()}; coverage is not known until the segment is read. Make a pre-flight or a dry run."
        return Item("1", label, Stand.UNKNOWN, fact)
    told = joined(f"{IDENTIFIERS[name]} {share(seen.coverage.get(name, 0), seen.people)}" for name in usable)
    covered = seen.coverage.get(usable[0], 0) * 2 >= seen.people
    fact = f"Coverage: {told}" + (
        "" if covered else ". Fewer than half have the first one: change the order, or collect it."
    )
    return Item("1", label, Stand.DONE if covered else Stand.DUE, fact, seen.read_at)


def _idle_by_hand(number_: str, label: str) -> Item:
    return Item(number_, label, Stand.IDLE, "People get there another way; Muster sends nobody to this list.")


def _traits(seen: Evidence) -> Item:
    label = "Trait schema agreed"
    if seen.approved_at is None:
        return Item("2", label, Stand.OPEN, "The definition is a draft. It is agreed when a second person approves it.")
    fact = f"{number(len(seen.traits))} allowed: {joined(seen.traits)}" if seen.traits else "No traits"
    fact += " (ad lists hold identifiers only)" if seen.ads else ""
    return Item("2", label, Stand.DONE, f"{fact}. Approved by {seen.approved_by}", seen.approved_at)


def _pilot(seen: Evidence) -> Item:
    label = "Pilot defined, entry and exit"
    if not seen.sent and seen.entry_rule and seen.exit_rule:
        return _idle_by_hand("3", label)
    if not (seen.entry_rule and seen.exit_rule):
        return Item("3", label, Stand.OPEN, "Write the entry and the exit rule in the definition.")
    if seen.pilot_at is None:
        return Item("3", label, Stand.OPEN, "Entry and exit are written; no pilot list is set up yet.")
    return Item("3", label, Stand.DONE, "Entry and exit are written, and the pilot list is there", seen.pilot_at)


def _pipe(seen: Evidence, now: datetime) -> Item:
    label = "RudderStack connected"
    if not seen.sent:
        return _idle_by_hand("4", label)
    if not seen.pipe:
        return Item("4", label, Stand.OPEN, "No pipe yet. Ask for one on the page of the definition.")
    if seen.pipe_state == "refused":
        return Item("4", label, Stand.OPEN, f"{seen.pipe} is refused. {seen.pipe_words}", seen.pipe_tested_at)
    if seen.pipe_state != "working":
        fact = f"{seen.pipe} was not tested yet, or could not be. Ask an administrator to test it under Connections."
        return Item("4", label, Stand.UNKNOWN, fact, seen.pipe_tested_at)
    fact = f"{seen.pipe} takes its write key" + (f", ends {seen.pipe_ends}" if seen.pipe_ends else "")
    newest = max((at for at in (seen.pipe_tested_at, seen.arrived_at) if at), default=None)
    if newest is None or now - newest > PIPE_TESTED_WITHIN:
        return Item("4", label, Stand.DUE, f"{fact}, but that was long ago. Test it again.", newest)
    return Item("4", label, Stand.DONE, fact, newest)


def _test(seen: Evidence) -> Item:
    label = "Test sync with internal people"
    if not seen.sent:
        return _idle_by_hand("5", label)
    if seen.pilot_run_at is None:
        return Item("5", label, Stand.OPEN, "No sync to internal people was done yet. Start the pilot.")
    return Item("5", label, Stand.DONE, f"{number(seen.pilot_accepted)} internal people accepted", seen.pilot_run_at)


def _loop(seen: Evidence) -> Item:
    label = "Loop proven on the roster"
    if not seen.sent:
        return _idle_by_hand("6a", label)
    if seen.pilot_run_at is None:
        return Item("6a", label, Stand.OPEN, "Follows the test sync: somebody added, and somebody removed again.")
    if not seen.pilot_removed:
        return Item("6a", label, Stand.DUE, "Added, but no removal was exercised yet.", seen.pilot_run_at)
    return Item("6a", label, Stand.DONE, f"Added, and {number(seen.pilot_removed)} removed again", seen.pilot_run_at)


def _match(seen: Evidence) -> Item:
    label = "Match and readiness judged"
    if seen.arrived_at is None and seen.sent:
        return Item(
            "6b", label, Stand.OPEN, "Due within 72 h of the first 1,000 people or 10 %. Nothing has arrived yet."
        )
    back = seen.read_back
    if back is None:
        how = "Connect reading back, or enter them by hand." if seen.sent else "Enter what it shows by hand."
        fact = f"The platform's figures are not known yet, so nothing is judged. {how}"
        return Item("6b", label, Stand.UNKNOWN, fact)
    fact = f"{back.platform}: {back.readiness}" + (f", {back.told}" if back.told else "")
    if back.stale:
        return Item("6b", label, Stand.UNKNOWN, f"{fact}. That was long ago: nothing was read since.", back.at)
    if not back.settled:
        return Item("6b", label, Stand.DUE, f"{fact}. {back.words}", back.at)
    if back.within is None:
        return Item("6b", label, Stand.DONE, f"{fact}. {back.words}", back.at)
    if not back.within:
        return Item("6b", label, Stand.DUE, f"{fact}; expected {back.expected}. {back.words}", back.at)
    return Item("6b", label, Stand.DONE, f"{fact}, as expected ({back.expected})", back.at)


def _cadence(seen: Evidence) -> Item:
    label, allowed = "Cadence meets the use case", seen.target_minutes
    if not seen.sent:
        return _idle_by_hand("7", label)
    if allowed is None or not seen.cadence:
        return Item("7", label, Stand.OPEN, "Choose the cadence and the target for the newest person.")
    if seen.cadence_minutes is None:
        wanted = CADENCES.get(seen.cadence)
        said = f"The definition says {seen.cadence}, but no schedule runs" if wanted else "Synced by hand"
        return Item(
            "7", label, Stand.OPEN, f"{said}. Set the schedule: the target is {target(allowed)}.", seen.scheduled_at
        )
    if seen.cadence_minutes > allowed:
        fact = f"Runs every {target(seen.cadence_minutes)}, and the target is {target(allowed)}. Run it more often."
        return Item("7", label, Stand.OPEN, fact, seen.scheduled_at)
    if seen.newest_tone == "unknown":
        return Item("7", label, Stand.UNKNOWN, "The schedule fits the target; no sync has arrived to measure it by.")
    stand = Stand.DONE if seen.newest_tone == "ok" else Stand.DUE
    return Item("7", label, stand, f"Measured, without the platform's own delay: {seen.newest_words}", seen.arrived_at)


def _suppressions(seen: Evidence) -> Item:
    label = "Suppressions in place"
    if not (seen.ads and seen.targets):
        return Item("8", label, Stand.IDLE, "Only lists that target people with ads need them.")
    if seen.not_in_place:
        told = f"{len(seen.not_in_place)} of {seen.required} required are not in place. {' '.join(seen.not_in_place)}"
        return Item("8", label, Stand.OPEN, told)
    if not seen.protections:
        fact = "No suppression list is live at this account. Register post-purchase suppression first."
        return Item("8", label, Stand.OPEN, fact)
    names = joined(one.name for one in seen.protections)
    arrived = [one.arrived_at for one in seen.protections if one.arrived_at]
    waiting = [one.name for one in seen.protections if one.arrived_at is None]
    stale = [one.name for one in seen.protections if one.stale]
    since = min(arrived, default=None)
    if waiting or stale:
        told = f"{joined(waiting)} never arrived. " if waiting else ""
        told += f"{joined(stale)}: newest person older than the target. " if stale else ""
        return Item("8", label, Stand.DUE, f"{told}Sync {'it' if len(waiting + stale) == 1 else 'them'} now.", since)
    return Item("8", label, Stand.DONE, f"Live and fresh at this account: {names}", since)


def _monitoring(seen: Evidence, now: datetime) -> Item:
    label = "Monitoring plan"
    if not (seen.checker and seen.check_every):
        return Item("9", label, Stand.OPEN, "Choose who checks drift, and how often, in the definition.")
    plan = f"{seen.checker}, {seen.check_every}"
    if seen.checked_at is None:
        return Item(
            "9",
            label,
            Stand.DUE,
            f"{plan}; no check is recorded yet. Record the first one on the page of this audience’s readiness.",
        )
    if now - seen.checked_at > CHECK_PERIODS.get(seen.check_every, WEEK) + SLACK:
        return Item("9", label, Stand.DUE, f"{plan}; the last check is overdue.", seen.checked_at)
    return Item("9", label, Stand.DONE, f"{plan}; the last check was made", seen.checked_at)
