"""Every slot is accounted for and starts at most one run, whoever keeps them, however often, and with whatever gaps."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from audiences.models import Activation
from muster.management.commands.tick import tick
from syncs import slots
from syncs.models import Beat, Run, Schedule, Slot
from syncs.pausing import pause, unpause
from syncs.schedule import INTERVAL, MANUAL, WEEKLY, Rhythm
from syncs.start import start
from syncs.states import RunState
from tests import factories

from . import run_rows

AT = datetime(2026, 11, 23, 9, 6, tzinfo=UTC)  # after the jitter of the slot at nine
HALF_HOUR = Rhythm(INTERVAL, minutes=30)
MINUTE = timedelta(minutes=1)

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def scheduled(rhythm: Rhythm = HALF_HOUR, at: datetime = AT, **fields: Any) -> Schedule:
    return slots.set_schedule(run_rows.list_of(**fields), rhythm, by=factories.person(), at=at)


def first_due(one: Schedule) -> Slot:
    return one.slots.order_by("due")[0]


def end(run: Run, at: datetime, state: str = RunState.DONE) -> None:
    Run.objects.filter(pk=run.pk).update(state=state, finished_at=at)


def states(one: Schedule, until: datetime) -> list[tuple[str, str]]:
    return list(one.slots.filter(due__lte=until).order_by("due").values_list("state", "why"))


def test_slots_exist_before_they_are_due() -> None:
    made = scheduled()

    assert made.slots.count() == 48
    assert set(made.slots.values_list("state", flat=True)) == {"due"}
    weekly = scheduled(Rhythm(WEEKLY, at=time(6), weekday=1, zone="Europe/London"))
    assert weekly.slots.count() == 2  # Tuesday the 24th and, as the last one of eight days, the next


def test_a_due_slot_starts_one_run_and_no_second_one() -> None:
    made = scheduled()
    slot = first_due(made)

    assert slots.keep(at=slot.due - timedelta(seconds=1))["scheduled"] == 0
    assert slots.keep(at=slot.due + timedelta(seconds=4))["scheduled"] == 1
    assert slots.keep(at=slot.due + timedelta(seconds=4))["scheduled"] == 0

    slot.refresh_from_db()
    assert (slot.state, slot.late) == ("started", timedelta(seconds=4))
    assert slot.run is not None
    assert slot.run.trigger == Run.Trigger.SCHEDULE
    assert Run.objects.count() == 1


def test_two_keepers_that_saw_the_same_slot_start_one_run() -> None:
    slot = first_due(scheduled())
    (mine,), (theirs,) = list(slots.due(slot.due)), list(slots.due(slot.due))

    assert slots._started(mine, slot.due, start)
    assert not slots._started(theirs, slot.due, start)
    assert Run.objects.count() == 1


def test_a_run_that_still_goes_skips_the_slot_and_is_linked() -> None:
    made = scheduled()
    by_hand = start(made.activation, trigger=Run.Trigger.BUTTON, at=AT)

    slots.keep(at=first_due(made).due)

    slot = first_due(made)
    assert (slot.state, slot.why, slot.run) == ("skipped", "live", by_hand)


def test_a_run_that_no_worker_took_makes_the_next_slot_missed() -> None:
    made = scheduled()
    Beat.objects.create(name="workers", at=AT, working=False)
    slots.keep(at=AT + timedelta(minutes=31))

    slots.keep(at=AT + timedelta(minutes=62))

    assert states(made, AT + timedelta(minutes=62)) == [("started", ""), ("missed", "no_worker")]


def test_paused_slots_are_missed_with_the_reason_and_the_first_after_it_starts() -> None:
    made = scheduled()
    manager = factories.person(role="manager")
    held = pause(by=manager, reason="sale", at=AT)
    slots.keep(at=AT + timedelta(minutes=31))
    unpause(held, by=manager, reason="over", at=AT + timedelta(minutes=40))

    slots.keep(at=AT + timedelta(minutes=62))

    assert states(made, AT + timedelta(minutes=62)) == [("missed", "paused"), ("started", "")]


def test_a_pause_that_nobody_saw_is_still_the_reason() -> None:
    made = scheduled()
    manager = factories.person(role="manager")
    held = pause(by=manager, reason="sale", at=AT + timedelta(minutes=40), audience=made.activation.audience)
    unpause(held, by=manager, reason="over", at=AT + timedelta(minutes=70))

    slots.keep(at=AT + timedelta(minutes=122))

    assert [why for _, why in states(made, AT + timedelta(minutes=122))] == ["away", "paused", "away", ""]


def test_what_cannot_start_says_why() -> None:
    made = scheduled()
    Activation.objects.filter(pk=made.activation_id).update(pipe=None)

    slots.keep(at=first_due(made).due)

    slot = first_due(made)
    assert (slot.state, slot.why) == ("missed", "refused")
    assert "no pipe yet" in slot.words


def test_days_without_a_keeper_are_caught_up_once() -> None:
    made = scheduled()
    back = AT + timedelta(days=3)

    assert slots.keep(at=back)["scheduled"] == 1

    found = Counter(states(made, back))
    assert found == {("missed", "away"): 143, ("started", ""): 1}
    assert made.slots.filter(state="started").get() == made.slots.filter(due__lte=back).order_by("due").last()
    assert slots.keep(at=back + MINUTE)["scheduled"] == 0


def test_a_run_by_hand_moves_nothing() -> None:
    made = scheduled()
    before = list(made.slots.values_list("due", flat=True))
    end(start(made.activation, trigger=Run.Trigger.BUTTON, at=AT + MINUTE), AT + 2 * MINUTE)

    slots.keep(at=AT + 3 * MINUTE)

    assert list(made.slots.values_list("due", flat=True)) == before


def test_another_schedule_replaces_the_slots_to_come_and_keeps_the_past() -> None:
    made = scheduled()
    slots.keep(at=AT + timedelta(minutes=31))
    at = AT + timedelta(minutes=32)

    slots.set_schedule(made.activation, Rhythm(INTERVAL, minutes=360), by=None, at=at)

    assert made.slots.filter(state="started").count() == 1
    assert made.slots.filter(state="due").count() == 4
    assert slots.fill(made, at) == 0  # a keeper that still holds the schedule as it was
    slots.set_schedule(made.activation, Rhythm(MANUAL), by=None, at=at)
    assert not made.slots.filter(state="due").exists()
    assert slots.make_ahead(at + timedelta(days=9)) == 0


@pytest.mark.django_db(transaction=True)
def test_tick_keeps_slots(redis: Any) -> None:
    made = scheduled()

    assert tick(first_due(made).due)["scheduled"] == 1
