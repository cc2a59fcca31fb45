"""A simulated half-year of many lists with planted faults: each is found in time by its cause, and the rest stays quiet."""

import logging
from collections.abc import Sequence

import pytest

from reconciliation.ladder_stored import restored
from reconciliation.models import ListWeek, Report
from reconciliation.report_facts import inputs
from reconciliation.report_of import canonical, report_of
from tests.vendors import Vendors

from .half_year.faults import Fault
from .half_year.places import Plan
from .half_year.plans import FAULTS, PEOPLE, PLANS, SAMPLE, SAMPLE_FAULTS, SAMPLE_PEOPLE, SAMPLE_WEEKS, WEEKS
from .half_year.told import false_alarms, is_told, quiet, table, told, unjudged, week_of
from .half_year.world import World

ALARMS = 4  # lists: what docs/drift.md says of quiet and noisy years is up to 0.17 a year, and these are about 20 years

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


def lived(vendors: Vendors, plans: Sequence[Plan], people: int, faults: Sequence[Fault], weeks: int) -> World:
    world = World(vendors, plans, people=people)

    def happens(now: World) -> None:
        for fault in faults:
            if now.week == fault.began:
                fault.plant(now, fault.keys)
            if now.week == fault.began + fault.mended:
                fault.mend(now, fault.keys)

    world.live(weeks, happens)
    return world


def adds_up(row: ListWeek) -> bool:
    """Whether each step of a ladder is, at both ends, the difference between the rungs around it."""
    made = restored(row.ladder)
    for rung in made.rungs:
        above = made[rung.since].people if rung.since else None
        if rung.people is None or above is None:
            continue
        ends = (above.low - rung.people.high, above.high - rung.people.low)
        same = (above.low - rung.people.low, above.high - rung.people.high)
        if rung.step.net not in {ends, same}:
            return False
    return True


def check_sums(world: World, weeks: int) -> None:
    """Check that the ladder of every list adds up in every week, and that each list was judged in each of them."""
    rows = list(ListWeek.objects.order_by("pk"))
    assert len(rows) == len(world.lists) * weeks
    assert [str(row) for row in rows if not adds_up(row)] == []


def check_reports(world: World, faults: tuple[Fault, ...], weeks: int) -> None:
    """Check that every week's report has its faults by their causes, and is made again to the byte."""
    reports = {report.monday: report for report in Report.objects.order_by("monday")}
    assert len(reports) == weeks
    for report in reports.values():
        assert canonical(report_of(inputs(report.monday, report.frozen_at))) == canonical(report.content)
    for fault in faults:
        for key in fault.keys:
            first = next((row for row in world.rows(key) if week_of(row) >= fault.began and is_told(row)), None)
            if fault.within is None or first is None:
                continue
            said = [row for side in ("outside", "inside") for row in reports[first.monday].content[side]]
            (line,) = [row for row in said if row["list"] == first.activation_id]
            assert line["cause"] == fault.cause, (fault.name, key, line)


def check(world: World, faults: tuple[Fault, ...], weeks: int, *, alarms: int = 0) -> list[str]:
    """Check everything that was said in these weeks, with so many false alarms at most, and return it as a table."""
    check_sums(world, weeks)
    found = [told(world, fault) for fault in faults]
    wrong = [f"{one.fault.name}: {one.found} {one.said} {one.wrong}" for one in found if not one.is_right]
    assert wrong == []
    for one in found:
        shared = one.fault.name in {"dead token", "platform purge"}
        assert not shared or len(one.incidents) == 1, (one.fault.name, one.incidents)
    loud = false_alarms(world, faults, world.lists)
    assert len(loud) <= alarms, {
        key: [(week_of(row), row.cause, row.reason) for row in rows] for key, rows in loud.items()
    }
    assert unjudged(world, faults, world.lists) == []
    check_reports(world, faults, weeks)
    return [*table(found), "", quiet(world, faults)]


def test_a_sample_of_lists_and_faults(vendors: Vendors) -> None:
    world = lived(vendors, SAMPLE, SAMPLE_PEOPLE, SAMPLE_FAULTS, SAMPLE_WEEKS)
    check(world, SAMPLE_FAULTS, SAMPLE_WEEKS)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_sixty_lists_over_half_a_year(vendors: Vendors) -> None:
    world = lived(vendors, PLANS, PEOPLE, FAULTS, WEEKS)
    assert len(world.lists) == 60
    log.info("\n%s", "\n".join(check(world, FAULTS, WEEKS, alarms=ALARMS)))
