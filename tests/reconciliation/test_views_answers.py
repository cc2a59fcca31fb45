"""Answering drift: who may, what counts, what is refused, what becomes of silence and of promises."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation
from muster.models import Event, Person
from reconciliation import answering, judging, sparks
from reconciliation.ladder_stored import stored
from reconciliation.models import Answer, Delivery, ListWeek
from reconciliation.weeks import monday_of
from tests import factories
from tests.reconciliation import judged as rows
from tests.reconciliation import list_weeks, readings

Sign = Callable[[Person], Client]
pytestmark = pytest.mark.django_db
MONDAY = list_weeks.MONDAY


def drifting(owner: Person, **fields: Any) -> Activation:
    one = factories.activation(
        factories.audience(name="VIP", owner=owner, **fields), factories.destination(name="Meta NW")
    )
    list_weeks.week(one, verdict="drifting")
    return one


def given(kind: str, **more: str) -> dict[str, str]:
    return {"since": MONDAY.isoformat(), "kind": kind, "note": "Everybody is sent again.", **more}


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_owner_answers_and_the_newest_counts(marketer: Person, signed_in: Sign) -> None:
    one, client = drifting(marketer), signed_in(marketer)
    address, day = f"/lists/{one.pk}/answer/", timezone.localdate() + timedelta(days=4)

    page = text(client.get(address))
    assert "Meta NW is outside tolerance since the week of Mon 16 Nov 2026; nobody answered yet." in page
    assert "2,700–4,800" in page
    assert "Members expired after 30 days" in page
    page = text(client.post(address, given("expected"), follow=True))
    assert "Your answer is stored. It stands in the next report" in page
    page = text(client.post(address, given("fixing", fix_by=day.isoformat()), follow=True))
    assert "Your answer is stored. The next report says whether it held." in page
    assert page.count("Everybody is sent again.") == 2
    assert page.count("Counts now") == 1

    drift = answering.drift_of(one)
    assert drift is not None
    assert drift.answer is not None
    assert (drift.answer.kind, drift.answer.fix_by, drift.answer.monday) == ("fixing", day, MONDAY)
    events = Event.objects.filter(kind="activation", object_id=str(one.pk)).order_by("pk")
    assert [one.verb for one in events] == ["called the drift expected of", "promised to fix"]
    assert events[1].detail == {"answer": "Fixing by", "week": "2026-W47", "fix_by": day.isoformat()}


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"kind": ""}, "Choose one of the four answers. Nothing was stored."),
        ({"kind": "expected", "note": " "}, "Say why in a sentence: the report prints it. Nothing was stored."),
        ({"kind": "fixing", "fix_by": ""}, "Say by which day it is fixed."),
        ({"kind": "fixing", "fix_by": "1 Jan 2020"}, "This day is past. Promise one from today on."),
        ({"kind": "fixing", "fix_by": "1 Jan 2099"}, "Promise a day within the next 90 days, or give another answer."),
        ({"kind": "fixing", "fix_by": "soon"}, "Type a day, like 18 May 2027 or 2027-05-18."),
    ],
)
def test_what_is_refused(marketer: Person, signed_in: Sign, posted: dict[str, str], said: str) -> None:
    one = drifting(marketer)

    page = text(signed_in(marketer).post(f"/lists/{one.pk}/answer/", {**given("expected"), **posted}))
    assert said in page
    assert not Answer.objects.exists()


def test_a_day_of_another_answer_is_not_kept(marketer: Person, signed_in: Sign) -> None:
    one = drifting(marketer)

    signed_in(marketer).post(f"/lists/{one.pk}/answer/", given("accept", fix_by="1 Jan 2020"))
    assert Answer.objects.get().fix_by is None


def test_retire_leads_to_where_it_is_done(marketer: Person, signed_in: Sign) -> None:
    one = drifting(marketer)

    response = signed_in(marketer).post(f"/lists/{one.pk}/answer/", given("retire"))
    assert response.headers["Location"] == "/audiences/vip/retire/"


def test_who_may_answer(marketer: Person, other_marketer: Person, manager: Person, signed_in: Sign) -> None:
    deputy, checker, buyer = factories.person(), factories.person(), factories.person(role="paid_media")
    marketer.deputy = deputy
    marketer.save()
    checker.deputy = buyer
    checker.save()
    one = drifting(marketer, drift_checker=checker)
    may = {
        who.pk: signed_in(who).post(f"/lists/{one.pk}/answer/", given("expected")).status_code == 302
        for who in (marketer, checker, deputy, buyer, other_marketer, manager)
    }
    assert may == {
        marketer.pk: True,
        checker.pk: True,
        deputy.pk: True,
        buyer.pk: False,
        other_marketer.pk: False,
        manager.pk: False,
    }
    refused = signed_in(manager).post(f"/lists/{one.pk}/answer/", given("expected"))
    assert refused.status_code == 403
    assert "Nothing was stored: who knows the list answers for it." in text(refused)
    assert f"Ask {marketer.full_name}, {checker.full_name} or {deputy.full_name} to answer" in text(refused)


def test_a_manager_answers_where_owner_and_checker_have_left(
    marketer: Person, manager: Person, other_marketer: Person, signed_in: Sign
) -> None:
    one = drifting(marketer, drift_checker=None)
    Person.objects.filter(pk=marketer.pk).update(is_active=False)

    assert signed_in(other_marketer).post(f"/lists/{one.pk}/answer/", given("expected")).status_code == 403
    assert signed_in(manager).post(f"/lists/{one.pk}/answer/", given("expected")).status_code == 302


@pytest.mark.parametrize(
    ("later", "is_open"),
    [([], True), (["unknown"], True), (["on_target"], False), (["learning"], False), (["on_target", "unknown"], False)],
)
def test_what_is_outside_now(marketer: Person, later: list[str], is_open: bool) -> None:
    one = drifting(marketer)
    for count, verdict in enumerate(later, 1):
        list_weeks.week(one, MONDAY + count * list_weeks.WEEK, verdict)

    assert (answering.drift_of(one) is not None) == is_open


@pytest.mark.parametrize("fields", [{"kind": "pilot"}, {"lifecycle": "retired"}])
def test_pilots_and_retired_lists_have_no_drift(marketer: Person, fields: dict[str, str]) -> None:
    one = drifting(marketer)
    Activation.objects.filter(pk=one.pk).update(**fields)

    assert answering.drift_of(one) is None


def test_an_answer_to_a_drift_that_is_over_is_not_stored(marketer: Person, signed_in: Sign) -> None:
    one, client = drifting(marketer), signed_in(marketer)
    list_weeks.week(one, MONDAY + list_weeks.WEEK)
    address = f"/lists/{one.pk}/answer/"

    assert "not outside its tolerance any more, so nothing was stored" in text(client.post(address, given("expected")))
    list_weeks.week(one, MONDAY + 2 * list_weeks.WEEK, "drifting")
    assert "The drift that you saw is over, so nothing was stored." in text(
        client.post(address, given("expected"), follow=True)
    )
    assert not Answer.objects.exists()


def test_an_answer_is_to_one_drift(marketer: Person) -> None:
    one = drifting(marketer)
    list_weeks.answer(one, marketer, kind="expected")
    list_weeks.week(one, MONDAY + list_weeks.WEEK)
    list_weeks.week(one, MONDAY + 2 * list_weeks.WEEK, "drifting")

    drift = answering.drift_of(one)
    assert drift is not None
    assert drift.answer is None


@pytest.mark.parametrize(
    ("kind", "fix_by", "today", "is_broken"),
    [
        ("fixing", date(2026, 11, 27), date(2026, 11, 27), False),
        ("fixing", date(2026, 11, 27), date(2026, 11, 28), True),
        ("fixing", None, date(2026, 11, 28), False),
        ("expected", None, date(2026, 12, 28), False),
    ],
)
def test_a_promise(marketer: Person, kind: str, fix_by: date | None, today: date, is_broken: bool) -> None:
    one = drifting(marketer)
    list_weeks.answer(one, marketer, kind=kind, fix_by=fix_by)

    drift = answering.drift_of(one)
    assert drift is not None
    assert drift.broken_promise(today) == is_broken


def test_silence_is_raised_after_three_working_days(marketer: Person) -> None:
    one, berlin = drifting(marketer), ZoneInfo("Europe/Berlin")

    drift = answering.drift_of(one)
    assert drift is not None
    assert drift.raised_at(berlin) == datetime(2026, 11, 26, 5, tzinfo=UTC)
    assert not drift.is_raised(datetime(2026, 11, 26, 4, 59, tzinfo=UTC), berlin)
    assert drift.is_raised(datetime(2026, 11, 26, 5, tzinfo=UTC), berlin)
    list_weeks.answer(one, marketer)
    answered = answering.drift_of(one)
    assert answered is not None
    assert not answered.is_raised(datetime(2026, 12, 26, tzinfo=UTC), berlin)


def test_the_ladder_of_that_week_names_the_segments_that_were_excluded_then(marketer: Person, signed_in: Sign) -> None:
    one = drifting(marketer)
    exclusions = [{"segment": 7, "reason": "They had their money back"}]
    factories.definition(one.audience, exclusions=exclusions, promoted_at=rows.noon(MONDAY) - 9 * list_weeks.WEEK)
    segment = factories.segment_row(one.audience.segment.workspace, number=7, name="Refunded")
    run = rows.planned(one, rows.noon(MONDAY), wanted=900, left_out={"excluded:7": 100})
    rows.accepted(run, rows.noon(MONDAY), adds=900)
    Activation.objects.filter(pk=one.pk).update(members=900, created_at=rows.noon(MONDAY) - 9 * list_weeks.WEEK)
    (found,) = judging.look([one.pk], MONDAY, at=rows.noon(MONDAY, 3))
    ListWeek.objects.filter(activation=one).update(ladder=stored(found.ladder, found.excluded))
    segment.delete()

    page = text(signed_in(marketer).get(f"/lists/{one.pk}/answer/"))

    assert "As it stood in the week from 16 Nov" in page
    assert "Refunded" in page
    assert "They had their money back" in page


def test_an_accepted_level_is_marked_where_the_match_is_drawn(marketer: Person) -> None:
    one = drifting(marketer)
    today = timezone.localdate()
    for back in range(4):
        readings.read(one, timezone.now() - timedelta(weeks=back, minutes=1), 8_700, 9_300)
    readings.kept(one, timezone.now())
    plain = sparks.of_lists([one.pk], today)[one.pk]
    monday = monday_of(today) - list_weeks.WEEK
    list_weeks.answer(one, marketer, monday=monday, since=monday, kind="accept", note="The new level")
    marked = sparks.of_lists([one.pk], today)[one.pk]
    assert plain.drawn
    assert marked.drawn
    assert (plain.drawn.marks, len(marked.drawn.marks)) == ((), 1)
    assert marked.told.endswith("a new level was accepted")


def test_a_manager_asks_for_a_missing_answer_once_a_day(marketer: Person, manager: Person, signed_in: Sign) -> None:
    one = drifting(marketer, drift_checker=marketer)
    client = signed_in(manager)
    monday = ListWeek.objects.get().monday
    address = f"/reports/{monday:%G-W%V}/chase/{one.pk}/"
    for _ in range(2):
        assert "Mara Keller is asked to answer VIP at Meta NW." in text(client.post(address, follow=True))
    asked = Delivery.objects.get()
    assert (asked.person, asked.subject) == (marketer, "Grace Osei asks you to answer the drift of VIP at Meta NW.")
    assert f"/lists/{one.pk}/answer/" in asked.body
    assert Event.objects.filter(verb="asked for an answer to the drift of", actor=manager).count() == 1

    list_weeks.answer(one, marketer, kind="expected")
    assert "Nobody was asked." in text(client.post(address, follow=True))
    assert signed_in(marketer).post(address).status_code == 403
