"""Reading back on a schedule: what is kept, what a failure leaves behind, and that nobody is asked twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import django_rq
import orjson
import pytest
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation, Arrival, Destination
from muster.http import RateLimited, Unreachable
from muster.models import Event
from muster.redis_server import RedisServer
from reconciliation import health, jobs, measure
from reconciliation.models import ListAt, ReadAccess, Reading
from tests import factories
from tests.reconciliation.cohort_tools import Desk

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def access_to(desk: Desk, place: Destination, **changed: Any) -> ReadAccess:
    """Enter what the stand-in takes."""
    secret = orjson.dumps({**desk.tool.secrets, **changed}).decode()
    return ReadAccess.objects.create(destination=place, options=dict(desk.tool.options), secret=secret)


def list_at(place: Destination, external_id: str, *, members: int = 100) -> Activation:
    made = factories.activation(place=place, members=members)
    Activation.objects.filter(pk=made.pk).update(created_at=NOW)
    ListAt.objects.create(activation=made, external_id=external_id, set_at=NOW)
    return made


@pytest.fixture
def place() -> Destination:
    return factories.destination(platform="mixpanel")


def figures(made: Activation) -> list[tuple[str, str, int | None]]:
    return list(Reading.objects.filter(activation=made).order_by("pk").values_list("source", "quantity", "low"))


def test_what_the_platform_says_is_kept_beside_what_was_accepted(mixpanel: Desk, place: Destination) -> None:
    mixpanel.cohort("7", members=93, name="VIP")
    made, access = list_at(place, "7"), access_to(mixpanel, place)

    assert measure.perform(access.pk, at=NOW)

    assert figures(made) == [("muster", "accepted", 100), ("mixpanel", "members", 93)]
    access.refresh_from_db()
    assert (access.check_state, access.read_at, access.failures) == ("working", NOW, 0)
    assert abs(access.next_at - NOW - 6 * HOUR) < HOUR / 2  # type: ignore[operator]
    assert made.list_at.__class__.objects.get().name_seen == "VIP"
    arrival = Arrival.objects.get(activation=made)
    assert (arrival.size_low, arrival.size_high, arrival.accepted) == (93, 93, 100)


def test_one_request_reads_all_lists_of_a_destination(mixpanel: Desk, place: Destination) -> None:
    for number in range(12):
        mixpanel.cohort(str(number), members=number + 1)
        list_at(place, str(number))

    assert measure.perform(access_to(mixpanel, place).pk, at=NOW)

    assert len(mixpanel.asked()) == 1
    assert Reading.objects.filter(quantity="members").count() == 12


FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("401", {}, "refused", "Mixpanel"),
    ("403", {}, "refused", "Mixpanel"),
    ("429", {}, "unreadable", "asked to wait"),
    ("500", {}, "unreadable", "did not answer"),
    ("html", {}, "unreadable", "cannot be read"),
    ("cut_before", {}, "unreadable", "did not answer"),
    ("truncate", {}, "unreadable", "did not answer"),
]


@pytest.mark.parametrize(("kind", "details", "state", "words"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_failure_is_one_notice_and_a_gap(
    mixpanel: Desk, place: Destination, kind: str, details: dict[str, Any], state: str, words: str
) -> None:
    mixpanel.cohort("7", members=93)
    made, other = list_at(place, "7"), list_at(place, "8")
    access = access_to(mixpanel, place)
    mixpanel.fault(kind, times=2, **details)

    assert not measure.perform(access.pk, at=NOW)
    assert not measure.perform(access.pk, at=NOW + HOUR)

    access.refresh_from_db()
    assert (access.check_state, access.failing_since, access.failures) == (state, NOW, 2)
    assert words in access.check_words
    assert figures(made) == figures(other) == []
    assert Event.objects.filter(verb="could not be read back").count() == 1

    assert measure.perform(access.pk, at=NOW + 2 * HOUR)

    access.refresh_from_db()
    assert (access.check_state, access.failing_since, access.failures, access.check_words) == ("working", None, 0, "")
    assert Event.objects.filter(verb="is read back again").count() == 1
    assert ("mixpanel", "members", 93) in figures(made)


def test_a_day_without_the_vendor_leaves_a_gap_and_changes_nothing_before(mixpanel: Desk, place: Destination) -> None:
    mixpanel.cohort("7", members=93)
    made, access = list_at(place, "7"), access_to(mixpanel, place)
    for hours in (0, 6, 12):
        measure.perform(access.pk, at=NOW + hours * HOUR)
    before = list(Reading.objects.order_by("pk").values())
    mixpanel.fault("503", times=4)
    for hours in (18, 24, 30, 36):
        assert not measure.perform(access.pk, at=NOW + hours * HOUR)
    mixpanel.cohort("7", members=95)
    measure.perform(access.pk, at=NOW + 42 * HOUR)

    assert list(Reading.objects.order_by("pk").values())[: len(before)] == before
    sizes = Reading.objects.filter(activation=made, quantity="members").order_by("fetched_at")
    assert list(sizes.values_list("low", flat=True)) == [93, 93, 93, 95]
    assert not sizes.filter(fetched_at__gt=NOW + 12 * HOUR, fetched_at__lt=NOW + 42 * HOUR).exists()


def test_a_list_that_is_gone_is_said_once(mixpanel: Desk, place: Destination) -> None:
    mixpanel.cohort("7", members=93)
    made, access = list_at(place, "7"), access_to(mixpanel, place)
    measure.perform(access.pk, at=NOW)
    mixpanel.cohort("7", deleted=True)

    for hours in (6, 12):
        measure.perform(access.pk, at=NOW + hours * HOUR)

    assert ListAt.objects.get().gone_at == NOW + 6 * HOUR
    assert Event.objects.filter(verb="no longer found at the platform").count() == 1
    newest = Reading.objects.filter(activation=made).latest("pk")
    assert (newest.quantity, newest.code, newest.low) == ("state", "gone", None)
    assert Arrival.objects.get(activation=made).readiness == "blocked"


def test_who_is_due(mixpanel: Desk) -> None:
    made = {
        name: access_to(mixpanel, factories.destination(platform="mixpanel"))
        for name in ("new", "later", "past", "off")
    }
    ReadAccess.objects.filter(pk=made["later"].pk).update(next_at=NOW + HOUR)
    ReadAccess.objects.filter(pk=made["past"].pk).update(next_at=NOW - HOUR)
    ReadAccess.objects.filter(pk=made["off"].pk).update(archived_at=NOW)
    ReadAccess.objects.create(destination=factories.destination(platform="mixpanel"))  # nothing entered yet
    gone = access_to(mixpanel, factories.destination(platform="mixpanel", archived_at=NOW))

    assert set(measure.due(NOW)) == {made["new"], made["past"]}
    assert not measure.perform(made["off"].pk, at=NOW)
    assert gone not in measure.due(NOW + DAY)


def test_each_is_taken_once(mixpanel: Desk, place: Destination, redis: RedisServer) -> None:
    access = access_to(mixpanel, place)

    assert measure.ring_due(at=NOW) == 1
    assert measure.ring_due(at=NOW + timedelta(seconds=10)) == 0

    access.refresh_from_db()
    assert access.next_at == NOW + measure.TAKEN
    assert measure.ring_due(at=NOW + measure.TAKEN) == 1  # its job was lost


def test_it_is_asked_again_when_redis_is_away(mixpanel: Desk, place: Destination) -> None:
    access = access_to(mixpanel, place)

    assert not measure.ask_now(access, at=NOW)

    assert set(measure.due(NOW)) == {access}


def test_failures_wait_longer_each_time_but_never_longer_than_between_readings(settings: Settings) -> None:
    settings.MEASURE_SECONDS = 6 * 3600
    waits = [measure.wait_after(Unreachable("Meta"), failures) for failures in range(9)]
    assert waits[:4] == [timedelta(minutes=5 * 2**failures) for failures in range(4)]
    assert max(waits) == waits[-1] == 6 * HOUR
    assert measure.wait_after(RateLimited("Meta", retry_after=9 * 3600), 0) == 9 * HOUR
    assert measure.wait_after(RateLimited("Meta"), 0) == timedelta(minutes=5)


def test_destinations_do_not_come_all_at_once(settings: Settings) -> None:
    settings.MEASURE_SECONDS = 1000
    spread = {measure.between_readings(pk).total_seconds() for pk in range(1, 102)}
    assert len(spread) == 101
    assert 950 <= min(spread) <= max(spread) <= 1050


def test_reading_back_touches_no_run(mixpanel: Desk, place: Destination) -> None:
    mixpanel.cohort("7", members=0)
    made, access = list_at(place, "7"), access_to(mixpanel, place)
    before = Activation.objects.filter(pk=made.pk).values().get()

    measure.perform(access.pk, at=timezone.now())

    assert Activation.objects.filter(pk=made.pk).values().get() == before
    assert not made.runs.exists()


def test_a_failure_of_judging_spoils_no_reading(
    mixpanel: Desk, place: Destination, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixpanel.cohort("7", members=93)
    made, access = list_at(place, "7"), access_to(mixpanel, place)

    assert measure.perform(access.pk, at=NOW)
    (job,) = django_rq.get_queue("muster").jobs
    assert (job.func_name, job.kwargs) == ("reconciliation.jobs.judge", {"destination_id": place.pk})

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr("reconciliation.judging.judge_lists", broken)
        with pytest.raises(ZeroDivisionError):
            jobs.judge(place.pk)
    assert figures(made) == [("muster", "accepted", 100), ("mixpanel", "members", 93)]
    assert Arrival.objects.get(activation=made).size_low == 93


def test_one_job_judges_every_list_of_a_destination_that_waits(
    mixpanel: Desk, place: Destination, redis: RedisServer, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        mixpanel.cohort(str(number), members=93)
        list_at(place, str(number))
    access = access_to(mixpanel, place)
    measure.perform(access.pk, at=NOW)
    health.keep_due(place.pk, at=NOW + timedelta(seconds=5))  # tells owners what is new
    with django_assert_max_num_queries(60):
        found = health.keep_due(place.pk, at=NOW + HOUR)
    assert len(found) == 8
    assert health.keep_due(place.pk, at=NOW + HOUR) == []
