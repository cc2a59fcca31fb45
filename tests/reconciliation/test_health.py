"""How healthy a list is stands on it: after a reading, by the hour, never green without recent evidence; and its ladder."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from audiences.models import Activation, Arrival
from muster.models import Person
from reconciliation import health, judging
from reconciliation.models import Delivery
from tests.redis_server import RedisServer

from . import judged as rows
from . import readings
from .judged import MONDAY, QUIET, WEEK, noon

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
SATURDAY = noon(MONDAY, 5)


def test_it_is_kept_with_its_sentence_and_since_when() -> None:
    one = rows.list_of()
    rows.weeks(one, [*QUIET[:-1], 40.0])
    readings.kept(one, SATURDAY)
    found = health.keep(one, at=SATURDAY)
    assert found is not None
    assert (found.health, found.health_since, found.judged_at) == ("drifting", MONDAY, SATURDAY)
    kept = Arrival.objects.get(activation=one)
    assert kept.health_words == found.health_words
    assert kept.size_low  # what the look said stays


def test_a_change_is_told_once_to_whoever_owns_and_checks_the_list() -> None:
    one = rows.list_of()
    rows.weeks(one, [*QUIET[:-1], 40.0])
    readings.kept(one, SATURDAY)
    for minutes in (0, 60):
        found = health.keep(one, at=SATURDAY + timedelta(minutes=minutes))
        assert found is not None
        assert (found.health, found.health_words in Delivery.objects.latest("pk").body) == ("drifting", True)

    told = Delivery.objects.all()
    assert {row.person for row in told} == {one.audience.owner, one.audience.drift_checker}
    assert len(told) == 2


def test_a_young_list_is_unknown_while_it_is_learned() -> None:
    one = rows.list_of()
    rows.weeks(one, QUIET[:3])
    readings.kept(one, SATURDAY)
    found = health.keep(one, at=SATURDAY)
    assert found is not None
    assert (found.health, found.health_words) == ("unknown", "learning 2 of 8")
    assert not Delivery.objects.exists()


def test_last_weeks_word_holds_until_this_week_is_read_and_no_longer_than_it_is_recent() -> None:
    one = rows.list_of()
    rows.weeks(one, QUIET)
    readings.read(one, noon(MONDAY, 6) + timedelta(hours=11), 8_300, 8_450)
    monday = noon(MONDAY + WEEK) - timedelta(hours=11)
    readings.kept(one, monday)
    judging.judge(one, MONDAY, at=monday)
    fresh = health.keep(one, at=monday)
    assert fresh is not None
    assert fresh.health == "on_target"
    old = health.keep(one, at=monday + timedelta(days=2))
    assert old is not None
    assert (old.health, old.health_words) == ("unknown", "Meta was not read in this week.")


def test_a_list_that_was_never_read_is_unknown_and_comes_once_an_hour(redis: RedisServer) -> None:
    one = rows.list_of()
    assert health.ring_due(at=SATURDAY) == 1
    assert health.ring_due(at=SATURDAY + timedelta(minutes=1)) == 0
    assert health.ring_due(at=SATURDAY + timedelta(minutes=10)) == 1  # its job was lost
    found = health.keep(one, at=SATURDAY + timedelta(minutes=11))
    assert found is not None
    assert (found.health, found.as_of) == ("unknown", None)
    assert health.ring_due(at=SATURDAY + timedelta(minutes=50)) == 0
    assert health.ring_due(at=SATURDAY + timedelta(minutes=71)) == 1


def test_a_list_of_a_monday_is_asked_for_in_its_first_hour(redis: RedisServer) -> None:
    one = rows.list_of()
    made = judging.ends(MONDAY) + timedelta(minutes=2)
    Activation.objects.filter(pk=one.pk).update(created_at=made)
    assert health.ring_due(at=made - timedelta(minutes=3)) == 0  # not there before its week began
    assert health.ring_due(at=made + timedelta(minutes=1)) == 1


def test_the_ladder_is_on_the_page_with_its_causes_in_the_open(
    marketer: Person, signed_in: Sign, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = rows.list_of(members=16_051)
    rows.weeks(one, [*QUIET[:-1], 40.0])
    readings.kept(one, SATURDAY)
    health.keep(one, at=SATURDAY)
    monkeypatch.setattr("reconciliation.views.panels.timezone.now", lambda: SATURDAY)
    client = signed_in(marketer)
    with django_assert_max_num_queries(52):
        html = client.get(f"/audiences/{one.audience.slug}/ladder/").content.decode()
    page = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))
    assert "Drifting" in page
    assert re.search("In segment counted ?, as of", page)
    assert "−900 No consent" in page
    assert "−580 No usable identifier" in page
    assert "Received by Meta not reported" in page
    assert re.search(r"Unexplained: [\d,–]+ missing", page)
    assert html.count('class="rung"') == 8
    assert "style=" not in html


def test_an_audience_without_lists_says_when_the_ladder_begins(marketer: Person, signed_in: Sign) -> None:
    one = rows.list_of(lifecycle="draft")
    assert (
        "It begins when a list" in signed_in(marketer).get(f"/audiences/{one.audience.slug}/ladder/").content.decode()
    )
