"""Where each role begins, and what the first page says: who needs somebody now, most people exposed first."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audiences.models import Activation, ApprovalRequest, Arrival, Definition, RequiredSuppression
from muster.home.page import lede
from muster.models import Person
from reconciliation.models import Exposure, Report
from reconciliation.weeks import monday_of
from syncs.models import Pause
from syncs.states import RunState
from tests import factories
from tests.reconciliation import list_weeks
from tests.syncs import run_rows

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
PAGE = "/audiences/"
NONE = {"needs": 0, "pilots": 0, "fine": 0, "watched": 0, "drafts": 0}


def seen(one: Activation, health: str = "on_target", **fields: Any) -> Arrival:
    """Let a list have been read and judged."""
    now = timezone.now()
    values = {"size_low": 8_700, "size_high": 9_300, "as_of": now, "read_at": now, "judged_at": now}
    return Arrival.objects.create(activation=one, health=health, **{**values, **fields})


def required(one: Activation, missing: int | None, by: Person) -> RequiredSuppression:
    """Let the policy require a list, and somebody have counted who is missing on it."""
    line = RequiredSuppression.objects.create(
        destination=one.destination,
        label=one.audience.name,
        audience=one.audience,
        target_minutes=60,
        basis="test",
        by=by,
        at=timezone.now(),
    )
    Exposure.objects.create(required=line, at=timezone.now(), people=26_940, missing=missing)
    return line


def stale(name: str = "Purchased 7 d", hours: int = 9, **fields: Any) -> Activation:
    made = run_rows.list_of(name, purpose="suppress", **fields)
    at = timezone.now() - timedelta(hours=hours)
    run_rows.run_of(made, created_at=at, pull=run_rows.pull_of(made, state="complete", began_at=at))
    return made


def sections(html: str) -> dict[str, str]:
    """Return the groups of the page by their headings, as they are read."""
    found = {}
    for part in html.split('<section class="group"')[1:]:
        words = " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", part.split(">", 1)[1]).split())
        found[re.sub(r" \d.*", "", words)] = words
    return found


# Where each role begins


def begins(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_marketer_begins_with_their_audiences(marketer: Person, signed_in: Sign) -> None:
    assert begins(signed_in(marketer)) == PAGE


def test_a_manager_begins_with_the_latest_report_once_there_is_one(manager: Person, signed_in: Sign) -> None:
    client = signed_in(manager)
    assert begins(client) == PAGE
    for monday in (list_weeks.MONDAY - list_weeks.WEEK, list_weeks.MONDAY):
        Report.objects.create(monday=monday, frozen_at=list_weeks.FROZEN, content={}, digest="0" * 64)
    assert begins(client) == "/reports/2026-W47/"


def test_paid_media_begin_with_the_suppression_board(paid_media: Person, signed_in: Sign) -> None:
    client = signed_in(paid_media)
    assert begins(client) == "/suppression/"
    assert client.get("/suppression/").status_code == 200


def test_an_administrator_begins_with_what_is_to_be_set_up_then_with_the_connections(
    administrator: Person, signed_in: Sign
) -> None:
    client = signed_in(administrator)
    assert begins(client) == "/connections/workspaces/add/"
    factories.workspace()
    assert begins(client) == "/connections/destinations/add/"
    factories.destination()
    factories.pipe()
    assert begins(client) == "/connections/"  # to read segments is no administrator's task


def test_after_signing_in_one_begins_where_the_role_does(client: Client, db: None) -> None:
    somebody = factories.person(role="administrator")
    answer = client.post("/sign-in/", {"email": somebody.email, "password": factories.PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/connections/workspaces/add/"


# What the page says


def test_nothing_set_up_says_what_to_do_first_and_whom_to_ask(
    marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    page = signed_in(marketer).get(PAGE).content.decode()
    assert "Customer.io is not connected yet" in page
    assert "Ask Ada Novak" in page


def test_each_list_stands_in_one_group_and_most_people_exposed_first(marketer: Person, signed_in: Sign) -> None:
    late = stale("Purchased 7 d")
    required(late, 1_126, marketer)
    held = run_rows.list_of("Refunded", purpose="suppress", members=3_193)
    run_rows.held(held, at=timezone.now())
    drifts = run_rows.list_of("Carts")
    seen(drifts, "drifting")
    list_weeks.week(drifts, monday_of(timezone.localdate()), "drifting")
    fine, learning = run_rows.list_of("Winback"), run_rows.list_of("New one")
    seen(fine)
    seen(learning, "unknown", health_words="learning 3 of 8")
    draft = factories.audience(name="A draft")
    factories.definition(draft, state="draft", lacking=["Cadence"])

    page = signed_in(marketer).get(PAGE, {"owner": "all"}).content.decode()

    found = sections(page)
    assert list(found) == ["Needs you now", "Watched", "On target", "Drafts"]
    now = found["Needs you now"]
    # 4,800 are missing at one list and 1,291 removals parked at another, but nobody of them is exposed.
    assert now.index("Purchased 7 d") < now.index("Carts") < now.index("Refunded")
    assert "1,126 people are not kept away from ads at" in now
    assert "People who entered since" in now
    assert "Sync now" in now
    assert "1,291 removals are parked" in now
    assert "Decide on removals" in now
    assert "2,700–4,800 fewer people than expected." in now
    assert "Winback" in found["On target"]
    assert "8,700–9,300" in found["On target"]
    assert "Learning 3 of 8" in found["Watched"]
    assert "1 part is missing (cadence)" in found["Drafts"]
    assert "Three need you; 1,126 people are exposed. One list is on target, one is watched, one is a draft." in page


def test_who_cannot_decide_on_a_run_can_see_it(administrator: Person, signed_in: Sign) -> None:
    seen(run_rows.held(run_rows.list_of("Carts"), at=timezone.now()).activation)

    client = signed_in(administrator)

    for page in (PAGE, "/audiences/carts/runs/"):
        html = client.get(page).content.decode()
        assert "See the run" in html
        assert "Decide on removals" not in html


def test_a_drift_is_answered_by_who_knows_the_list_and_the_others_see_whom_to_ask(
    marketer: Person, other_marketer: Person, signed_in: Sign
) -> None:
    one = run_rows.list_of("Carts")
    one.audience.owner = marketer
    one.audience.save()
    seen(one, "drifting")
    week = list_weeks.week(one, monday_of(timezone.localdate()), "drifting")

    mine = signed_in(marketer).get(PAGE).content.decode()
    assert f'href="/lists/{one.pk}/answer/"' in mine
    assert "Reply due" in mine
    theirs = signed_in(other_marketer).get(PAGE).content.decode()
    assert f'href="/lists/{one.pk}/answer/"' not in theirs
    assert "Ask Mara Keller" in theirs

    list_weeks.answer(one, marketer, monday=week.monday, since=week.since, at=timezone.now(), kind="expected")
    assert list(sections(signed_in(marketer).get(PAGE).content.decode())) == ["Watched"]


def test_a_promise_that_did_not_hold_needs_somebody_again(marketer: Person, signed_in: Sign) -> None:
    one = run_rows.list_of("Carts")
    seen(one, "drifting")
    week = list_weeks.week(one, monday_of(timezone.localdate()), "drifting")
    yesterday = timezone.localdate() - timedelta(days=1)
    list_weeks.answer(one, marketer, monday=week.monday, since=week.since, at=timezone.now(), fix_by=yesterday)

    assert "Mara Keller promised it by" in sections(signed_in(marketer).get(PAGE).content.decode())["Needs you now"]


@pytest.mark.parametrize(
    ("change", "said", "asked"),
    [
        (
            {"stopped_words": "The key was refused (401)."},
            "is stopped: The key was refused (401).",
            "Say what was mended",
        ),
        ({"pipe": None}, "has no pipe, so nothing can be sent there.", "Ask Ada Novak to mend the connection"),
    ],
)
def test_what_is_wrong_with_the_set_up(
    change: dict[str, Any], said: str, asked: str, marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    one = run_rows.list_of("Carts")
    seen(one)
    Activation.objects.update(**change)
    found = sections(signed_in(marketer).get(PAGE).content.decode())
    assert list(found) == ["Needs you now"]
    assert said in found["Needs you now"]
    assert asked in found["Needs you now"]


def test_an_audience_that_is_wrong_as_a_whole_needs_somebody_once(marketer: Person, signed_in: Sign) -> None:
    one = run_rows.list_of("Carts")
    second = factories.activation(one.audience, factories.destination(name="Google Ads, North"))
    for made in (one, second):
        seen(made)
    Definition.objects.update(review_date=timezone.localdate())
    found = sections(signed_in(marketer).get(PAGE).content.decode())
    assert "Needs you now 1 " in found["Needs you now"]
    assert f"{one.destination.name} and Google Ads, North" in found["Needs you now"].replace(
        "Google Ads, North and " + one.destination.name, f"{one.destination.name} and Google Ads, North"
    )
    assert "The review was due" in found["Needs you now"]
    assert list(found) == ["Needs you now"]


def test_a_list_whose_audience_is_wrong_as_well_stands_there_once(marketer: Person, signed_in: Sign) -> None:
    held = run_rows.list_of("Carts")
    other = factories.activation(held.audience, factories.destination(name="Google Ads, North"))
    for made in (held, other):
        seen(made)
    run_rows.held(held, at=timezone.now())
    Definition.objects.update(review_date=timezone.localdate())

    page = signed_in(marketer).get(PAGE).content.decode()

    now = sections(page)["Needs you now"]
    assert "Needs you now 2 " in now
    assert page.count(f"<strong>{held.destination.name}</strong>") == 1
    first, second = now.split("Google Ads, North", 1)
    assert "Decide on" in first  # the run is worse; that the review is due stands behind it
    assert "The review was due" in first
    assert "The review was due" in second


@pytest.mark.parametrize(
    ("role", "told"), [("marketer", "2"), ("manager", "2"), ("paid_media", ""), ("administrator", "")]
)
def test_the_navigation_counts_what_needs_the_reader(role: str, told: str, signed_in: Sign) -> None:
    for name in ("Carts", "Winback"):
        seen(run_rows.list_of(name))
    Definition.objects.update(review_date=timezone.localdate())
    reader = factories.person(role=role)
    client = signed_in(reader)

    found = client.get("/audiences/count/").content.decode()

    assert re.findall(r'class="count">(\d+)<', found) == ([told, told] if told else [])
    assert "need you now" in found or not told
    assert 'hx-get="/audiences/count/"' in client.get(PAGE).content.decode()


def test_who_owns_a_list_is_counted_their_own_and_what_waits_for_their_approval(
    marketer: Person, manager: Person, signed_in: Sign
) -> None:
    for owner, name in ((marketer, "Carts"), (manager, "Winback")):
        one = run_rows.list_of(name)
        one.audience.owner = owner
        one.audience.save()
    Definition.objects.update(review_date=timezone.localdate())
    draft = factories.definition(state="draft")
    now = timezone.now()
    ApprovalRequest.objects.create(
        definition=draft, asked_by=marketer, asked_of=manager, asked_at=now, until=now + timedelta(days=3)
    )

    assert 'class="count">1<' in signed_in(marketer).get("/audiences/count/").content.decode()
    assert 'class="count">2<' in signed_in(manager).get("/audiences/count/").content.decode()


def test_a_version_in_pilot_says_what_it_lacks_next(marketer: Person, signed_in: Sign) -> None:
    audience, place = factories.audience(name="VIP seed"), factories.destination()
    factories.activation(audience, place, lifecycle="draft")
    factories.definition(audience, state="approved", purpose="lookalike", destinations=[place])
    found = sections(signed_in(marketer).get(PAGE).content.decode())
    assert list(found) == ["In pilot"]
    assert "of 10 items" in found["In pilot"] or "of 9 items" in found["In pilot"]
    assert "Go on with the pilot" in found["In pilot"]


def test_who_owns_lists_sees_their_own_first_and_can_ask_for_all(
    marketer: Person, other_marketer: Person, signed_in: Sign
) -> None:
    for owner, name in ((marketer, "Mine"), (other_marketer, "Theirs")):
        one = run_rows.list_of(name)
        one.audience.owner = owner
        one.audience.save()
        seen(one)
    client = signed_in(marketer)
    assert [name for name in ("Mine", "Theirs") if f">{name}</a>" in client.get(PAGE).content.decode()] == ["Mine"]
    assert client.get(PAGE, {"owner": "all"}).content.decode().count('class="audience-name"') == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "cart"}, {"Carts"}),
        ({"health": "drifting"}, {"Winback"}),
        ({"health": "unknown"}, set()),
        ({"purpose": "suppress"}, {"Carts"}),
        ({"destination": "no number", "health": "x", "q": "c" * 500, "owner": "?"}, {"Carts", "Winback"}),
    ],
)
def test_filters(query: dict[str, str], found: set[str], marketer: Person, signed_in: Sign) -> None:
    seen(run_rows.list_of("Carts", purpose="suppress"))
    seen(run_rows.list_of("Winback"), "drifting")
    page = signed_in(marketer).get(PAGE, query).content.decode()
    assert {name for name in ("Carts", "Winback") if f">{name}</a>" in page} == found
    if not found:
        assert "Nothing fits these filters" in page


def test_a_destination_filters_lists(marketer: Person, signed_in: Sign) -> None:
    one, other = run_rows.list_of("Carts"), run_rows.list_of("Winback")
    page = signed_in(marketer).get(PAGE, {"destination": one.destination.pk}).content.decode()
    assert f">{one.audience.name}</a>" in page
    assert f">{other.audience.name}</a>" not in page


def test_what_is_paused_says_so_instead_of_when_it_runs_next(
    marketer: Person, manager: Person, signed_in: Sign
) -> None:
    seen(run_rows.list_of("Carts"))
    assert "by hand" in sections(signed_in(marketer).get(PAGE).content.decode())["On target"]
    Pause.objects.create(reason="Black Friday", by=manager, at=timezone.now())
    assert "paused" in sections(signed_in(marketer).get(PAGE).content.decode())["On target"]


def test_retired_and_archived_lists_are_not_here(marketer: Person, signed_in: Sign) -> None:
    run_rows.list_of("Gone", lifecycle="retired")
    archived = run_rows.list_of("Archived")
    archived.audience.archived_at = timezone.now()
    archived.audience.save()
    page = signed_in(marketer).get(PAGE).content.decode()
    assert "Gone" not in page
    assert "Archived" not in page


@pytest.mark.engine
def test_the_page_asks_as_often_for_many_lists_as_for_one(marketer: Person, signed_in: Sign) -> None:
    def make() -> None:
        seen(run_rows.list_of())
        required(stale(name=""), 3, marketer)
        drifting = run_rows.list_of()
        seen(drifting, "drifting")
        list_weeks.week(drifting, monday_of(timezone.localdate()), "drifting")
        run_rows.run_of(state=RunState.FAILED, reason="bad_credentials", words="The key was refused (401).")
        place = factories.destination()
        coming = factories.audience()
        factories.activation(coming, place, lifecycle="draft")
        factories.definition(coming, state="approved", destinations=[place])
        factories.definition(state="draft")

    def asked() -> int:
        client = signed_in(marketer)
        client.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    make()
    one = asked()
    for _ in range(5):
        make()
    assert asked() == one
    assert one <= 40


@pytest.mark.parametrize(
    ("counts", "people", "counted", "words"),
    [
        ({}, 0, True, "Nothing needs you now."),
        ({"needs": 1}, 0, True, "One needs you."),
        (
            {"needs": 3, "pilots": 2, "fine": 7},
            1_126,
            True,
            "Three need you; 1,126 people are exposed. Two are in pilot, seven lists are on target.",
        ),
        ({"needs": 1, "drafts": 1}, 1, True, "One needs you; 1 person is exposed. One is a draft."),
        (
            {"needs": 2, "watched": 12},
            0,
            False,
            "Two need you; how many people are exposed was not counted. 12 are watched.",
        ),
    ],
)
def test_the_lede(counts: dict[str, int], people: int, counted: bool, words: str) -> None:
    assert lede({**NONE, **counts}, people, counted=counted) == words
