"""What the pages of audiences show of readings, and how often they ask the database."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation
from muster import audit
from muster.models import Person
from reconciliation.models import ListAt, ReadAccess
from reconciliation.readers.seen import State
from tests import factories
from tests.syncs import run_rows

from . import readings

Sign = Callable[[Person], Client]
SIGNING_IN = 3
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def now(db: None) -> datetime:
    return timezone.now()


@pytest.fixture
def made(now: datetime) -> Activation:
    return sent(run_rows.list_of("Cart"), now)


def sent(one: Activation, now: datetime) -> Activation:
    """Let a list have been sent for long, by a definition as old."""
    run_rows.run_of(one, created_at=now - 200 * DAY)
    one.audience.definitions.update(promoted_at=now - 200 * DAY)
    return one


def words(client: Client, path: str) -> str:
    page = client.get(path).content.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def arrived(client: Client, one: Activation) -> str:
    return words(client, f"/audiences/{one.audience.slug}/arrived/")


def test_what_is_missing_says_who_can_give_it(
    made: Activation, marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    page = arrived(signed_in(marketer), made)
    assert f"Muster may not read {made.destination.name} yet." in page
    assert f"Ask {administrator.full_name} to give reading access" in page
    assert '<svg class="chart' not in page

    ReadAccess.objects.create(destination=made.destination, secret="{}")
    assert f"Muster does not know which list at {made.destination.name} this is." in arrived(signed_in(marketer), made)

    ListAt.objects.create(activation=made, external_id="23850", set_at=timezone.now())
    page = arrived(signed_in(marketer), made)
    assert f"Nothing was read from {made.destination.name} yet." in page
    assert "by itself" in page

    ReadAccess.objects.update(archived_at=timezone.now())
    assert "was stopped" in arrived(signed_in(marketer), made)


def test_the_sentence_comes_first(made: Activation, now: datetime, marketer: Person, signed_in: Sign) -> None:
    readings.access(made)
    made.audience.definitions.update(match_low=62, match_high=66)
    readings.weekly(made, now, [64.0, 56.0])

    page = arrived(signed_in(marketer), made)

    assert "Low match Match is 54–58%, below the 62–66% expected by its definition." in page
    assert "Size ÷ people accepted; the size is a range the platform gives" in page
    assert "Accepted 16,051 people" in page
    assert "Its own history: learning 2 of 8 weekly readings" in page
    assert "delivery_status 200 “This audience is ready for use.”" in page


def test_a_code_that_nobody_knows_is_shown(made: Activation, now: datetime, marketer: Person, signed_in: Sign) -> None:
    readings.access(made)
    readings.read(made, now - HOUR, 8_700, 9_300, states=[State("operation_status", "987", "Strange weather")])
    readings.kept(made, now)

    page = arrived(signed_in(marketer), made)

    assert "Meta answers operation_status 987, which Muster does not know." in page
    assert "In its own words: “Strange weather”" in page


def test_a_platform_that_refuses_says_since_when_and_why(
    made: Activation, now: datetime, marketer: Person, signed_in: Sign
) -> None:
    readings.access(made, check_state="refused", check_words="Meta refused the token.", failing_since=now - 20 * HOUR)
    readings.weekly(made, now - 20 * HOUR, [56.0])

    page = arrived(signed_in(marketer), made)

    assert f"{made.destination.name} cannot be read since" in page
    assert "Meta refused the token." in page
    assert "Stale This was last read 21 h ago." in page


def test_googles_own_rate_stands_with_its_basis(now: datetime, marketer: Person, signed_in: Sign) -> None:
    one = sent(run_rows.list_of("VIP", platform="google_ads"), now)
    readings.access(one)
    readings.weekly(one, now, [58.0])

    page = arrived(signed_in(marketer), one)

    assert "Match 57.5–58.5% The platform's own rate" in page
    assert "Size on Display 8,989 people Rounded by the platform" in page
    assert "Reachable 56% of those accepted" in page


def test_chart_and_table_say_the_same(made: Activation, now: datetime, marketer: Person, signed_in: Sign) -> None:
    readings.access(made)
    readings.weekly(made, now, [52.0, None, 53.0, 56.0])
    audit.record(
        verb="approved v2 of", subject=made.audience, by=marketer, audience_id=made.audience_id, at=now - 20 * DAY
    )
    audit.record(verb="connected", subject=made.pipe, by=marketer, detail={"key": "replaced"}, at=now - 15 * DAY)
    audit.record(verb="edited", subject=made.pipe, by=marketer, detail={"key": "replaced"}, at=now - 5 * DAY)
    audit.record(verb="edited", subject=factories.pipe(), by=marketer, detail={"key": "replaced"}, at=now)

    page = signed_in(marketer).get(f"/audiences/{made.audience.slug}/arrived/").content.decode()

    stops = [unescape(said) for said in re.findall(r'data-said="([^"]*)"', page)]
    table = re.search(r"<tbody>(.*?)</tbody>", page, re.S)
    assert table
    rows = re.findall(r"<tr>(.*?)</tr>", table[1], re.S)
    cells = [
        [unescape(re.sub(r"<[^>]+>", " ", cell)).split() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in rows
    ]
    assert len(stops) == len(rows) == 26
    for said, (week, match, *_, happened) in zip(reversed(stops), cells, strict=True):
        assert said.startswith(week[0].rstrip(",") + ",")
        assert " ".join(match[: 1 if "%" in match[0] else None]) in said
        assert happened == ["–"] or " ".join(happened) in said
    assert sum("No match rate: not read" in said for said in stops) == 23
    assert not any("0%" in said.split(",")[-1] for said in stops if "No match" in said)
    assert page.count("v2 locked") == 3, "on the chart, in the read-out and in the table"
    assert page.count("write key replaced") == 3, "of this list's pipe only, and not that it got one"
    assert len(re.findall(r'<polygon class="band s1"', page)) == 2, "the week without a reading parts the band"
    assert "1 week has no rate" in page


def test_the_page_asks_little(
    made: Activation, now: datetime, marketer: Person, signed_in: Sign, django_assert_max_num_queries: Any
) -> None:
    place = factories.destination(platform="google_ads")
    other = sent_to(made, place)
    for one in (made, other):
        readings.access(one)
        readings.weekly(one, now, [56.0] * 12)
    client = signed_in(marketer)
    with django_assert_max_num_queries(SIGNING_IN + 16):
        page = client.get(f"/audiences/{made.audience.slug}/arrived/").content.decode()
    assert page.count('<svg class="chart"') == 2
    with django_assert_max_num_queries(SIGNING_IN + 5):
        client.get(f"/audiences/{made.audience.slug}/coverage/")
    with django_assert_max_num_queries(SIGNING_IN + 2):
        page = client.get(f"/match/?of={made.audience_id}").content.decode()
    assert page.count('<svg class="spark"') == 2


def sent_to(made: Activation, place: Any) -> Activation:
    return factories.activation(made.audience, place)


def test_coverage_tells_a_fall_and_a_switch(made: Activation, now: datetime, marketer: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)
    assert "No reading of the segment has counted" in words(client, f"/audiences/{made.audience.slug}/coverage/")
    made.audience.definitions.update(state="past")
    factories.definition(
        made.audience, identifiers=["phone", "email"], switch_from=["email", "phone"], promoted_at=now - 2 * DAY
    )
    noon = now.replace(hour=12)
    readings.counted(made, noon - 6 * DAY - HOUR, people=1_000, email=1, phone=1)
    readings.counted(made, noon - 6 * DAY, people=1_000, email=990, phone=714)
    readings.counted(made, noon - 3 * DAY, people=1_000, email=991, phone=583)

    page = words(client, f"/audiences/{made.audience.slug}/coverage/")

    assert "Phone coverage fell 13 points, 71.4 → 58.3%." in page
    assert "The primary identifier was switched from email to phone (v2)." in page
    assert "Of 1,000 people 99.1% have a usable email and 58.3% have a usable phone." in page
    assert "0.1%" not in page, "of a day the newest reading counts"


def test_the_list_of_audiences_shows_each_match(
    made: Activation, now: datetime, marketer: Person, signed_in: Sign
) -> None:
    readings.weekly(made, now, [56.0, 56.0])
    unread = run_rows.list_of("Unread")
    old = run_rows.list_of("Old")
    readings.weekly(old, now - 30 * DAY, [56.0])
    client = signed_in(marketer)

    page = client.get("/audiences/all/").content.decode()
    (query,) = re.findall(r'hx-get="/match/(\?[^"]*)"', page)
    assert all(f'id="match-of-{one.audience.slug}"' in page for one in (made, unread, old))
    page = client.get(f"/match/{unescape(query)}").content.decode()

    assert page.count('<svg class="spark"') == 2
    assert page.count("hx-swap-oob") == 3
    told = words(client, f"/match/{unescape(query)}")
    assert f"54–58% {made.destination.name}" in told
    assert f"not read {unread.destination.name}" in told
    assert re.search(r"54–58% in W\d+ " + re.escape(old.destination.name), told)


@pytest.mark.parametrize("query", ["", "?of=", "?of=x", "?of=" + "9" * 40])
def test_sparklines_of_nothing(query: str, marketer: Person, signed_in: Sign) -> None:
    assert signed_in(marketer).get(f"/match/{query}").status_code == 404


def test_paid_media_see_it_too(made: Activation, now: datetime, signed_in: Sign) -> None:
    readings.access(made)
    readings.weekly(made, now, [56.0])
    page = arrived(signed_in(factories.person(role="paid_media")), made)
    assert "Meta counts" in page
