"""Causes between the segment and RudderStack: what must be seen for each, how sure that makes it, and the sentence. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from muster.figures import number

from .bands import NOBODY, Band
from .case import Case, Finding, Kind, Shared, Side, Sure
from .drift import Rule
from .ladder import Place

EDGE: Final = 0.05  # of the people in the segment or on the list: below it a cause of the ladder has not moved
SHRUNK: Final = 0.5  # a cause that leaves out less than half of whom it did has fallen away
SLIPPED: Final = 5.0  # percentage points of coverage
SOME: Final = 0.01  # of the list: fewer people than that are told on the ladder only
HALF: Final = 0.5  # of the additions: so many rows that the platform could not read are no mishap of a few people


def _segment_edited(case: Case) -> Finding | None:
    if not case.happened.segment_edited:
        return None
    return Finding(
        Kind.DEFINITION,
        "segment_edited",
        "The segment's conditions were changed in Customer.io without a new version of the definition.",
        "Adopt the change in a new version, or restore the segment.",
        Sure.CERTAIN,
        shared=Shared.SEGMENT,
        alone=True,
    )


def _exclusion_gone(case: Case) -> Finding | None:
    """An exclusion that cannot be read, or that suddenly leaves out far fewer people than it did."""
    if case.happened.exclusion_unread:
        words, people = "An excluded segment cannot be read, so nobody new is added.", None
    else:
        before, now = case.lost_before("excluded"), case.lost("excluded")
        gone = {
            code: round(band.mid - now.get(code, NOBODY).mid)
            for code, band in before.items()
            if now.get(code, NOBODY).mid < SHRUNK * band.mid
        }
        if not gone or sum(gone.values()) < EDGE * case.people(Place.IN_SEGMENT):
            return None
        words = f"{number(sum(gone.values()))} people who were excluded last week are not any more."
        people = Band(sum(gone.values()), sum(gone.values()))
    do = "Look at the excluded segment in Customer.io: was it emptied, or its conditions changed?"
    return Finding(
        Kind.DEFINITION,
        "exclusion_gone",
        words,
        do,
        Sure.CERTAIN,
        people,
        shared=Shared.WORKSPACE,
        alone=True,
        explains=Side.NEITHER,
    )


def _new_version(case: Case) -> Finding | None:
    if not case.happened.version or not case.drift.is_outside:
        return None
    old, new = case.happened.version
    words = f"v{new} of the definition took the place of v{old}; its people may match differently."
    return Finding(Kind.DEFINITION, "new_version", words, "If it is meant, accept the new level.", Sure.POSSIBLE)


def _identifiers_switched(case: Case) -> Finding | None:
    if not case.happened.identifiers or not case.drift.is_outside:
        return None
    old, new = case.happened.identifiers
    words = f"The identifiers that are sent changed from {old} to {new}."
    return Finding(
        Kind.IDENTITY,
        "identifiers_switched",
        words,
        "If it is meant, accept the new level; else switch back.",
        Sure.LIKELY,
    )


def _mapping(case: Case) -> Finding | None:
    """Rows that the platform cannot read, or a changed mapping together with fewer people."""
    invalid = case.lost("invalid").get("invalid", NOBODY)
    many = invalid.mid > EDGE * case.people(Place.ACCEPTED)
    newly = case.happened.invalid or 0
    if not many and newly > max(SOME * case.people(Place.ACCEPTED), HALF * case.happened.additions):
        many, invalid = True, Band(newly, newly)
    changed = case.happened.mapping_changed or case.happened.pipe_changed
    if not many and not (changed and case.is_below):
        return None
    if many:
        words = f"{case.place} could not read the identifiers of {invalid} people."
    else:
        words = "The mapping or the pipe was changed, and fewer people are there since."
    do = "Look at the mapping of the destination in RudderStack, then send all current members again."
    people, sure = (invalid, Sure.CERTAIN) if many else (None, Sure.LIKELY)
    return Finding(
        Kind.IDENTITY, "mapping", words, do, sure, people, shared=Shared.PIPE, alone=many, explains=Side.LOST
    )


def _coverage(case: Case) -> Finding | None:
    falls = [one for one in case.happened.coverage if one.points >= SLIPPED]
    if not falls:
        return None
    worst = max(falls, key=lambda one: one.points)
    name = {"external_id": "External id"}.get(worst.identifier, worst.identifier.capitalize())
    words = f"{name} coverage fell {number(worst.points)} points, {number(worst.was, 1)} → {number(worst.now, 1)}%."
    people = case.lost("coverage").get("coverage")
    return Finding(
        Kind.IDENTITY,
        "coverage",
        words,
        "See which people lost it in Customer.io: a form, an import, or an integration stopped writing it.",
        Sure.LIKELY if case.is_below or not case.drift.is_outside else Sure.POSSIBLE,
        people,
        estimated=True,
        shared=Shared.WORKSPACE,
        alone=True,
        explains=Side.LOST,
    )


def _duplicates(case: Case) -> Finding | None:
    now = case.lost("shared_identifier").get("shared_identifier", NOBODY)
    before = case.lost_before("shared_identifier").get("shared_identifier", NOBODY)
    grown = round(now.mid - before.mid)
    if case.before is None or grown < EDGE * case.people(Place.IN_SEGMENT):
        return None
    words = f"{number(grown)} more people than before share an identifier with another profile."
    return Finding(
        Kind.IDENTITY,
        "duplicates",
        words,
        "Merge the profiles in Customer.io, and see what creates them.",
        Sure.CERTAIN,
        Band(grown, grown),
        shared=Shared.WORKSPACE,
        alone=True,
        explains=Side.LOST,
    )


def _key_refused(case: Case) -> Finding | None:
    if not case.happened.key_refused:
        return None
    do = "Ask an administrator to replace the key in Connections, then sync again."
    words = "RudderStack refuses the pipe's write key, so nothing is sent."
    return Finding(
        Kind.DELIVERY, "key_refused", words, do, Sure.CERTAIN, shared=Shared.PIPE, alone=True, explains=Side.NEITHER
    )


def _not_delivered(case: Case) -> Finding | None:
    """People whose addition is parked, refused, without an answer, or whom no run came to."""
    if case.happened.key_refused:
        return None  # that is why, and says what to do
    waiting = _waiting(case.lost("additions_"), case)
    runs, slots = case.happened.failed_runs, case.happened.missed_slots
    if waiting.mid <= SOME * case.people(Place.ACCEPTED) and not (case.drift.is_outside and (runs or slots)):
        return None
    some = not waiting.is_nobody
    parts = [f"{waiting} people are wanted and were not accepted"] if some else []
    parts += [f"{number(runs)} {'run' if runs == 1 else 'runs'} failed"] if runs else []
    parts += [f"{number(slots)} {'slot was' if slots == 1 else 'slots were'} missed"] if slots else []
    do = "Look at the list's newest runs: parked additions wait for a release, refused ones name what to correct."
    return Finding(
        Kind.DELIVERY,
        "not_delivered",
        f"{', '.join(parts)}.",
        do,
        Sure.CERTAIN if some else Sure.POSSIBLE,
        waiting if some else None,
        shared=Shared.PIPE,
        alone=some,
        explains=Side.NEITHER,
    )


def _removals_waiting(case: Case) -> Finding | None:
    kept = _waiting(case.kept("removals_"), case)
    if kept.mid <= SOME * case.people(Place.ACCEPTED):
        return None
    return Finding(
        Kind.REMOVAL,
        "removals_waiting",
        f"{kept} people are to be removed and were not: parked, refused, or not sent.",
        "Look at the list's newest runs: parked removals wait for a release.",
        Sure.CERTAIN,
        kept,
        alone=True,
        explains=Side.NEITHER,
    )


def _waiting(people: Mapping[str, Band], case: Case) -> Band:
    """Return who waits, without those who are parked because the segment was edited: that is why, and says what to do."""
    told = (band for code, band in people.items() if not (case.happened.segment_edited and code.endswith("_parked")))
    return sum(told, NOBODY)


def _shrunk(case: Case) -> Finding | None:
    """Ads could use the list and cannot any more, and its segment has become as much smaller."""
    if case.drift.rule != Rule.NOT_USABLE or not case.happened.too_small or case.before is None:
        return None
    before, now = case.before[Place.IN_SEGMENT].people, case.people(Place.IN_SEGMENT)
    if before is None or now >= (1 - EDGE) * before.mid:
        return None
    return Finding(
        Kind.DEFINITION,
        "segment_shrunk",
        f"The segment shrank from {before} to {number(now)} people, and {case.place} uses no list so small.",
        "Widen the segment in a new version, or retire the list.",
        Sure.CERTAIN,
        shared=Shared.SEGMENT,
        explains=Side.LOST,
    )


RULES: Final[tuple[Callable[[Case], Finding | None], ...]] = (
    _segment_edited,
    _exclusion_gone,
    _new_version,
    _identifiers_switched,
    _mapping,
    _coverage,
    _duplicates,
    _shrunk,
    _key_refused,
    _not_delivered,
    _removals_waiting,
)
