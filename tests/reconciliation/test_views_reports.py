"""The pages of the weekly report: who may what, what they say, what signing does."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation
from muster.models import Event, Person
from reconciliation import freezing
from reconciliation.models import Report
from tests import factories
from tests.syncs import run_rows

from . import list_weeks
from .list_weeks import FROZEN, MONDAY, WEEK

Sign = Callable[[Person], Client]
SIGNING_IN = 3


def words(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.fixture
def winback(db: None) -> Activation:
    return run_rows.list_of("Winback 90 d", platform="google_ads")


@pytest.fixture
def frozen(winback: Activation) -> Report:
    list_weeks.week(winback, verdict="drifting", since=MONDAY - WEEK)
    list_weeks.week(winback, MONDAY - WEEK)
    list_weeks.week(run_rows.list_of("Cart"))
    made = freezing.freeze(MONDAY, at=FROZEN)
    assert made
    return made


def test_before_the_first_monday_the_list_says_what_comes(marketer: Person, signed_in: Sign, db: None) -> None:
    assert "No week has been frozen yet" in words(signed_in(marketer), "/reports/")


def test_the_report_opens_with_what_to_decide(
    frozen: Report, winback: Activation, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    page = words(signed_in(marketer), "/reports/2026-W47/")

    assert "Mon 16 to Sun 22 Nov 2026. Frozen Mon 23 Nov 2026, 06:00 UTC; numbers do not change." in page
    decide, rest = page.partition("What you must decide")[2].split("audiences inside tolerance", 1)
    assert f"{winback} : 2,700–4,800 missing, and no reply for 7 d." in decide.replace(" Muster", "").replace(
        f"{winback}:", f"{winback} :"
    )
    assert "Sign off this report. One reply is missing." in decide
    assert decide.rstrip().endswith("1 of 2"), "the verdict follows"
    assert "−8.8% of ±5%" in rest
    assert "Members expired after 30 days" in rest
    assert f"Ask {manager.full_name} to sign it off" in rest


def test_all_weeks_are_listed(frozen: Report, manager: Person, signed_in: Sign) -> None:
    page = words(signed_in(manager), "/reports/")
    assert "2026-W47 waits for your signature. One reply is missing." in page
    assert "2026-W47 from 16 Nov 2026 1 of 2 50% 2,700–4,800 0 1 Waiting" in page


def test_a_manager_signs_once(frozen: Report, manager: Person, signed_in: Sign) -> None:
    client = signed_in(manager)
    assert client.post("/reports/2026-W47/sign/").status_code == 302
    first = Report.objects.get()
    assert first.signed_by == manager
    assert first.digest == frozen.digest
    assert f"Signed {manager.full_name}" in words(client, "/reports/2026-W47/")

    other = factories.person(role="manager")
    answer = signed_in(other).post("/reports/2026-W47/sign/", follow=True)

    assert "was signed before. Your click changed nothing." in answer.content.decode()
    assert Report.objects.get().signed_by == manager
    assert Event.objects.filter(verb="signed off the drift report of").count() == 1


@pytest.mark.parametrize("role", ["marketer", "paid_media", "administrator"])
def test_nobody_else_signs(frozen: Report, role: str, signed_in: Sign) -> None:
    client = signed_in(factories.person(role=role))
    assert client.post("/reports/2026-W47/sign/").status_code == 403
    assert 'action="/reports/2026-W47/sign/"' not in client.get("/reports/2026-W47/").content.decode()
    assert Report.objects.get().signed_by is None


def test_a_running_week_says_that_it_is_not_frozen(winback: Activation, manager: Person, signed_in: Sign) -> None:
    now = timezone.now()
    monday = now.astimezone(UTC).date() - timedelta(days=now.astimezone(UTC).weekday())
    list_weeks.week(winback, monday)
    client, week = signed_in(manager), f"{monday:%G-W%V}"

    page = words(client, f"/reports/{week}/")

    assert "Not frozen. A look at the week as it is judged now" in page
    assert f"Look at {week}, not frozen" in words(client, "/reports/")
    assert client.post(f"/reports/{week}/sign/").status_code == 404
    assert "not frozen" in client.get(f"/reports/{week}.csv").content.decode()
    assert not Report.objects.exists()


@pytest.mark.parametrize("week", ["2026-W48x", "2026-W60", "2026-W1", "0000-W01", "9999-W52", "2020-W10", "W47", "x"])
def test_what_is_no_report(frozen: Report, week: str, marketer: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)
    for path in (f"/reports/{week}/", f"/reports/{week}.csv", f"/reports/{week}/audiences/"):
        assert client.get(path).status_code == 404, path


def test_the_csv_is_a_file_of_that_week(frozen: Report, marketer: Person, signed_in: Sign) -> None:
    response = signed_in(marketer).get("/reports/2026-W47.csv")
    assert response["Content-Disposition"] == 'attachment; filename="drift-report-2026-W47.csv"'
    header, first, second = response.content.decode().splitlines()
    assert header.startswith("week,frozen at,audience")
    assert first.startswith('2026-W47,"Mon 23 Nov 2026, 06:00",Winback 90 d,')
    assert ",drifting,2026-W46,82640,82198,38500,39500," in first
    assert ",no reply," in first
    assert ",on target,,82640," in second


def test_each_audience_is_one_row_across_its_destinations(marketer: Person, signed_in: Sign, db: None) -> None:
    one = run_rows.list_of("VIP")
    second = factories.activation(one.audience, factories.destination(platform="amplitude"))
    list_weeks.week(one)
    list_weeks.week(second, verdict="unknown")
    freezing.freeze(MONDAY, at=FROZEN)

    page = words(signed_in(marketer), "/reports/2026-W47/audiences/")

    assert page.count("VIP ") == 1
    assert "Not known" in page
    assert "41,500–43,500 41,900–42,900" in page
    assert "not read never" in page


def test_what_came_after_freezing_is_marked(
    frozen: Report, winback: Activation, marketer: Person, signed_in: Sign
) -> None:
    before = Report.objects.get().content
    list_weeks.answer(winback, marketer, at=FROZEN + timedelta(hours=2), since=MONDAY - WEEK, fix_by=MONDAY + 2 * WEEK)
    freezing.correct(frozen, "Meta counted twice.", FROZEN + timedelta(hours=3))

    page = words(signed_in(marketer), "/reports/2026-W47/")

    assert "No reply Since frozen: Fixing by Mon 30 Nov. Send the whole list again" in page
    assert "Of this week, found Mon 23 Nov 2026: Meta counted twice." in page
    assert Report.objects.get().content == before


def test_names_that_look_like_markup_stay_text(marketer: Person, signed_in: Sign, db: None) -> None:
    one = run_rows.list_of("<script>alert(1)</script>", platform="meta")
    list_weeks.week(one, verdict="drifting")
    freezing.freeze(MONDAY, at=FROZEN)
    for path in ("/reports/", "/reports/2026-W47/", "/reports/2026-W47/audiences/"):
        assert b"<script>alert" not in signed_in(marketer).get(path).content


def test_the_pages_ask_little(
    frozen: Report, marketer: Person, signed_in: Sign, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        list_weeks.week(run_rows.list_of(f"List {number}"), MONDAY + WEEK, "drifting")
    freezing.freeze(MONDAY + WEEK, at=FROZEN + WEEK)
    client = signed_in(marketer)
    with django_assert_max_num_queries(SIGNING_IN + 5):
        client.get("/reports/2026-W48/")
    with django_assert_max_num_queries(SIGNING_IN + 9):
        client.get("/reports/")
    with django_assert_max_num_queries(SIGNING_IN + 24):
        freezing.preview(MONDAY + WEEK, at=datetime(2026, 11, 30, 6, tzinfo=UTC))
