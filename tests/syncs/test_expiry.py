"""Members are sent again in small portions a day, long before the platform lets them expire, and none ever does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audiences.models import Activation, Destination
from syncs import expiry, pipeline
from syncs.expiry import PORTIONS, chosen, interval_of
from syncs.models import AssertedPortion, Run
from syncs.start import start
from syncs.states import RunState
from syncs.telling import passes
from syncs.verify import verify
from tests import factories
from tests.vendors import Vendors

from . import run_rows

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, 6, tzinfo=UTC)


def all_aged(days: float) -> dict[int, timedelta]:
    return dict.fromkeys(range(PORTIONS), timedelta(days=days))


@pytest.mark.parametrize(
    ("age", "life", "gap_hours", "lately", "portions"),
    [
        (400, 540, 1, 0, 0),  # younger than 80 %
        (432, 540, 1, 0, 2),  # 64 in 54 days
        (432, 540, 1, 2, 0),  # today's were sent
        (432, 540, 1, 1, 1),
        (432, 540, 24 * 7, 0, 9),  # a week's, and not urgent yet
        (426, 540, 24 * 7, 0, 9),  # before the next run it would pass 80 %
        (514, 540, 1, 60, 64),  # last call: the daily portion does not matter any more
        (24, 30, 24, 0, 22),
        (3, 7, 24 * 3, 0, 64),
    ],
)
def test_how_much_is_sent_again(age: float, life: int, gap_hours: float, lately: int, portions: int) -> None:
    found = chosen(all_aged(age), timedelta(days=life), gap=timedelta(hours=gap_hours), lately=lately)

    assert len(found) == portions


def test_the_oldest_comes_first() -> None:
    ages = {**all_aged(440), 7: 460 * DAY, 63: 450 * DAY}

    assert chosen(ages, 540 * DAY, gap=DAY)[:2] == [7, 63]


def test_the_portions_are_all_keys_once() -> None:
    ends = [interval_of(number) for number in range(PORTIONS)]

    assert ends[0][0] == ends[-1][1] == b""
    assert [end for _, end in ends[:-1]] == [first for first, _ in ends[1:]]


@given(st.integers(20, 540), st.floats(0.02, 0.45), st.integers(0, 2**32))
def test_nobody_ever_expires_and_a_day_is_a_small_portion(life_days: int, share: float, seed: int) -> None:
    """Runs come regularly, at most nearly half a life span apart; ages start anywhere below the threshold."""
    life, now = timedelta(days=life_days), BEGIN
    gap = min(max(timedelta(hours=1), share * 0.1 * life), life / 4)
    gap = max(gap, life / 200)
    since = {n: now - (seed * (n + 1) % 97) / 97 * 0.7 * life for n in range(PORTIONS)}
    sent: list[tuple[datetime, int]] = []
    while now < BEGIN + 2 * life:
        ages = {number: now - at for number, at in since.items()}
        assert max(ages.values()) < life
        lately = sum(count for at, count in sent if now - at < DAY)
        again = chosen(ages, life, gap=gap, lately=lately)
        assert all(ages[one] + gap >= 0.8 * life for one in again)
        since |= dict.fromkeys(again, now)
        sent.append((now, len(again)))
        now += gap


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("platform", "days", "life"), [("meta", None, None), ("google_ads", None, 540), ("meta", 30, 30)]
)
def test_whose_members_expire(platform: str, days: int | None, life: int | None) -> None:
    made = run_rows.list_of(platform=platform)
    Destination.objects.update(life_span_days=days)
    made.destination.refresh_from_db()

    assert expiry.life_span(made) == (timedelta(days=life) if life else None)


@pytest.mark.django_db
def test_a_list_from_before_counts_from_its_first_addition(django_assert_num_queries: Any) -> None:
    made = run_rows.list_of(platform="google_ads")
    run = run_rows.done(made, at=BEGIN + 100 * DAY)
    run.batches.create(activation=made, pass_name="additions", state="accepted", fence=1, created_at=BEGIN)

    expiry.asserted(run, everybody=False)

    assert set(AssertedPortion.objects.filter(activation=made).values_list("asserted_at", flat=True)) == {BEGIN}
    with django_assert_num_queries(2):
        assert len(expiry.expiring(run, BEGIN + 431 * DAY)) == PORTIONS  # the last run was 331 days before
    expiry.asserted(run, everybody=True)
    assert set(AssertedPortion.objects.filter(activation=made).values_list("asserted_at", flat=True)) == {
        run.planned_at
    }


class Days:
    """A list of 200 people whose members expire after 30 days, synced in virtual time."""

    def __init__(self, vendors: Vendors) -> None:
        self.vendors, self.now = vendors, BEGIN
        audience = factories.registered_audience(vendors, 200, platform="google_ads")
        Destination.objects.update(life_span_days=30)
        vendors.mirror()
        self.list = Activation.objects.select_related("destination", "pipe", "audience").get(audience=audience)
        self.sent: dict[str, datetime] = {}
        self.seen = 0

    def sync(self, day: float) -> Run:
        self.now = BEGIN + day * DAY
        run = start(self.list, trigger=Run.Trigger.COMMAND, at=self.now)
        pipeline.work(run.pk, holder="test", clock=lambda: self.now)
        run.refresh_from_db()
        assert run.state == RunState.DONE, run.words
        assert self.list.pipe
        events = self.vendors.events(self.list.pipe.write_key)
        self.sent |= {event["userId"]: self.now for event in events[self.seen :]}
        self.seen = len(events)
        return run


@pytest.mark.django_db(transaction=True)
def test_a_list_that_nothing_changes_is_sent_again_day_by_day(vendors: Vendors) -> None:
    days = Days(vendors)

    assert days.sync(0).adds == 200
    for day in (7, 14, 18, 20, 21, 22):
        quiet = days.sync(day)
        assert (quiet.renewals, quiet.requests) == (0, 0)
    runs = [days.sync(23 + day) for day in range(5)]

    assert len(days.sent) == 200
    assert all(days.now - at < 30 * DAY for at in days.sent.values())
    again = [run.renewals for run in runs]
    assert sum(again) == 200
    assert again[3:] == [0, 0]
    assert max(again) <= 110  # about a third of the list a day
    for run in runs:
        assert run.reasserts == run.renewals
        assert not run.held
        assert run.verdict["adds"]["figure"] == 0
        if run.renewals:
            assert f"{run.renewals:,} sent again before they expire" in " ".join(one.note for one in passes(run))
    assert AssertedPortion.objects.filter(asserted_at__lt=days.now - 24 * DAY).count() == 0
    assert all(finding.holds for finding in verify())


@pytest.mark.django_db(transaction=True)
def test_only_what_got_through_counts_as_sent(vendors: Vendors) -> None:
    days = Days(vendors)
    days.sync(0)
    assert set(AssertedPortion.objects.values_list("asserted_at", flat=True)) == {BEGIN}
    vendors.fault(vendors.rudder, "401", {"path": "/v1/batch"})
    run = start(days.list, trigger=Run.Trigger.COMMAND, at=BEGIN + 29 * DAY)

    pipeline.work(run.pk, holder="test", clock=lambda: BEGIN + 29 * DAY)

    run.refresh_from_db()
    assert (run.state, run.renewals) == (RunState.FAILED, 200)
    assert set(AssertedPortion.objects.values_list("asserted_at", flat=True)) == {BEGIN}
    assert timezone.now() > BEGIN
