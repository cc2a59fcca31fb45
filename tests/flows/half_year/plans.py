"""Who has which lists in the half-year of 60 lists, and what goes wrong with which of them when."""

from typing import Final

from reconciliation.case import Kind

from .faults import (
    Fault,
    accept,
    be_late,
    catch_up,
    double_profiles,
    edit_segment,
    empty_exclusion,
    fill_exclusion,
    merge_profiles,
    nothing,
    purge,
    recreate,
    restore_segment,
    switch_identifiers,
    trouble,
)
from .places import EU, SIZES, TOOL, US, Plan

WEEKS: Final = 26
PEOPLE: Final = 12_000
META_US, META_EU, GOOGLE_US, GOOGLE_EU, AMPLITUDE = "Meta, US", "Meta, EU", "Google, US", "Google, EU", "Amplitude"


def name_of(number: int) -> str:
    return f"Audience {number:02}"


def plan_of(number: int) -> Plan:
    places = US if number < 12 else EU if number < 24 else TOOL
    return Plan(name_of(number), SIZES[number % len(SIZES)], places)


def both(number: int) -> tuple[tuple[str, str], ...]:
    return tuple((name_of(number), place) for place in plan_of(number).places)


def at(place: str, *numbers: int) -> tuple[tuple[str, str], ...]:
    return tuple((name_of(number), place) for number in numbers)


TINY: Final = Plan("Audience 29", 40, EU)
EXCLUDING: Final = Plan("Audience 07", 2_400, US, excludes=True)
EXPIRING: Final = Plan("Audience 14", 2_000, EU, life_days=84)
SPECIAL: Final = {one.name: one for one in (TINY, EXCLUDING, EXPIRING)}
PLANS: Final = tuple(SPECIAL.get(name_of(number), plan_of(number)) for number in range(30))
EXCLUDED: Final = tuple((EXCLUDING.name, place) for place in US)

FAULTS: Final = (
    Fault("identifier switch", both(0), 11, Kind.IDENTITY, 1, switch_identifiers, accept, settled=0),
    Fault("silent segment edit", both(1), 12, Kind.DEFINITION, 1, edit_segment, restore_segment, mended=2, settled=2),
    Fault("removals not applied", at(META_US, 2), 10, Kind.REMOVAL, 4, trouble(drops=["delete"]), recreate, mended=4),
    Fault("dead token", at(META_EU, 15, 16, 17), 13, Kind.DELIVERY, 1, trouble(token="expired"), recreate),
    Fault("mapping emptied", at(META_US, 3), 14, Kind.IDENTITY, 1, trouble(unmapped=True), recreate),
    Fault("platform purge", at(META_US, 4, 5), 15, Kind.DELIVERY, 1, purge, recreate),
    Fault("life-span expiry", ((EXPIRING.name, META_EU),), 12, Kind.EXPIRY, 1, nothing, recreate),
    Fault("duplicate profiles", both(6), 13, Kind.IDENTITY, 1, double_profiles, merge_profiles, settled=2),
    Fault("late platform", at(AMPLITUDE, 25), 13, Kind.LAG, 2, be_late, catch_up, mended=4),
    Fault("exclusion gone", EXCLUDED, 11, Kind.DEFINITION, 1, empty_exclusion, fill_exclusion, settled=2),
    Fault("partial failure", at(META_EU, 18), 12, Kind.DELIVERY, 2, trouble(loses=0.3), recreate, mended=4),
    Fault("tiny list", tuple((TINY.name, place) for place in EU), 0, None, None, nothing, nothing),
)

# A tenth of it, for every day.
SAMPLE: Final = (Plan("Cart", 1_600, US), Plan("Winback", 900, (META_US,)))
SAMPLE_WEEKS, SAMPLE_PEOPLE = 11, 6_000
SAMPLE_FAULTS: Final = (
    Fault("mapping emptied", (("Cart", META_US),), 8, Kind.IDENTITY, 1, trouble(unmapped=True), nothing, mended=9),
    Fault("dead token", (("Winback", META_US),), 9, Kind.DELIVERY, 1, trouble(token="expired"), nothing, mended=9),
    Fault("platform purge", (("Cart", GOOGLE_US),), 10, Kind.DELIVERY, 1, purge, recreate, mended=1),
)
