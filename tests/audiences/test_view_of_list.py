"""The list of audiences: what it says first, what it filters, and how often it asks the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audiences.listing import DRAFT, FINE, NEEDS, everybody, in_order, listed
from audiences.models import ApprovalRequest, Audience
from audiences.models.workspace import CheckState
from audiences.rows import rows
from audiences.verdict import Standing
from muster.models import Person
from tests import factories

Sign = Callable[[Person], Client]


def live(name: str, **clauses: object) -> Audience:
    """Make an audience that needs nobody."""
    made = factories.audience(name=name)
    place = factories.destination()
    factories.activation(made, place)
    factories.definition(made, destinations=[place], **clauses)  # type: ignore[arg-type]
    return made


def test_an_empty_installation_says_what_to_do_first_and_whom_to_ask(
    marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    page = signed_in(marketer).get("/audiences/all/").content.decode()
    assert "Customer.io is not connected yet" in page
    assert "Ask Ada Novak" in page
    page = signed_in(administrator).get("/audiences/all/").content.decode()
    assert 'href="/connections/workspaces/add/"' in page


def test_the_next_step_follows_what_is_set_up(marketer: Person, administrator: Person, signed_in: Sign) -> None:
    factories.workspace()
    assert "There is no destination yet" in signed_in(marketer).get("/audiences/all/").content.decode()
    factories.destination()
    assert "There is no pipe yet" in signed_in(marketer).get("/audiences/all/").content.decode()
    factories.pipe()
    assert "No segment has been read yet" in signed_in(marketer).get("/audiences/all/").content.decode()
    factories.segment_row()
    page = signed_in(marketer).get("/audiences/all/").content.decode()
    assert "No audiences yet" in page
    assert 'href="/audiences/register/"' in page


def test_what_needs_somebody_stands_first_with_its_reason(marketer: Person, signed_in: Sign) -> None:
    live("Fine one")
    draft = factories.audience(name="A draft")
    factories.definition(draft, state="draft", lacking=["Cadence", "People and review"])
    broken = live("Stopped one")
    broken.activations.update(stopped_words="RudderStack refused the key (401).")

    page = signed_in(marketer).get("/audiences/all/").content.decode()

    assert page.index("Stopped one") < page.index("Fine one") < page.index("A draft")
    assert "is stopped: RudderStack refused the key (401)." in page
    assert "2 parts are missing (cadence; people and review)" in page
    assert "One needs somebody now, one is live, one is a draft." in page


@pytest.mark.engine
def test_rank_of_the_database_is_what_the_standing_says(db: None) -> None:
    today = timezone.localdate()
    live("Fine")
    changes: dict[str, dict[str, Any]] = {
        "stopped": {"stopped_words": "401"},
        "without a pipe": {"pipe": None},
    }
    for name, change in changes.items():
        live(name).activations.update(**change)
    for name, state in {"refused": CheckState.REFUSED, "cannot read": CheckState.UNREADABLE}.items():
        one = live(name).activations.get()
        assert one.pipe
        one.pipe.check_state = state
        one.pipe.save()
    for name, field in {"archived pipe": "pipe", "archived destination": "destination"}.items():
        owner_of_field = getattr(live(name).activations.get(), field)
        owner_of_field.archived_at = timezone.now()
        owner_of_field.save()
    live("overdue", review_date=today)
    live("not yet due", review_date=today + timedelta(days=1))
    left = live("owner left")
    left.owner.is_active = False
    left.owner.save()
    gone = live("segment gone")
    gone.segment.gone_at = timezone.now()
    gone.segment.save()
    retired = live("retired list")
    factories.activation(retired, lifecycle="retired", stopped_words="old")
    factories.definition(factories.audience(name="draft"), state="draft")

    rows = list(listed(today))

    for row in rows:
        standing, rank = Standing(row, today), row.rank  # type: ignore[attr-defined]
        assert (rank == NEEDS) == bool(standing.needs), row.name
        assert (rank == DRAFT) == (standing.current is None), row.name
    ranks = {row.name: row.rank for row in rows}  # type: ignore[attr-defined]
    assert {name for name, rank in ranks.items() if rank == FINE} == {
        "Fine",
        "cannot read",
        "not yet due",
        "retired list",
    }


@pytest.mark.engine
def test_everybody_is_as_listed_and_a_waiting_request_is_known(manager: Person, marketer: Person) -> None:
    today = timezone.localdate()
    assert everybody(today) == ([], False)
    live("Fine")
    live("Overdue", review_date=today)
    draft = factories.definition(factories.audience(name="Draft"), state="draft")

    assert everybody(today) == (in_order(listed(today)), False)
    ApprovalRequest.objects.create(
        definition=draft, asked_of=manager, asked_by=marketer, asked_at=timezone.now(), until=timezone.now()
    )

    assert everybody(today) == (in_order(listed(today)), True)
    draft.audience.archived_at = timezone.now()
    draft.audience.save()
    assert everybody(today) == (in_order(listed(today)), False)


@pytest.mark.engine
def test_fifty_rows_take_as_many_queries_as_one(marketer: Person, signed_in: Sign) -> None:
    def asked() -> int:
        client = signed_in(marketer)
        client.get("/audiences/all/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/audiences/all/").status_code == 200
        about = [one["sql"] for one in queries if "audiences_" in one["sql"]]
        assert len(about) <= 3, about
        return len(queries)

    live("The first")
    one = asked()
    for number in range(49):
        live(f"Number {number:02}")
    assert asked() == one


SIGNED_IN = 2  # who asks: the session, and the person


@pytest.mark.parametrize("role", ["marketer", "deputy", "manager", "paid_media", "administrator"])
def test_many_audiences_with_drafts_and_requests_take_four_queries_of_everybody(
    role: str, signed_in: Sign, db: None
) -> None:
    somebody = factories.person(role="marketer" if role == "deputy" else role)
    other = factories.person(role="manager", deputy=somebody if role == "deputy" else None)
    asker, segment = factories.person(), factories.segment_row()
    for number in range(60):
        made = factories.audience(name=f"Number {number:02}", owner=asker, drift_checker=asker, segment=segment)
        ApprovalRequest.objects.create(
            definition=factories.definition(made, state="draft", edited_by=asker),
            content_hash="0" * 64,
            asked_by=asker,
            asked_of=other,
            asked_at=timezone.now(),
            until=timezone.now() + timedelta(days=2),
            words="Please",
        )
    client = signed_in(somebody)
    client.get("/audiences/all/")
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/audiences/all/").content.decode()
    assert len(queries) <= SIGNED_IN + 4, [one["sql"] for one in queries]
    assert ("Waits for your approval" in page) == (role in ("manager", "deputy"))
    assert page.count("v1 waits for approval: ") == 50


def test_pages_of_fifty(marketer: Person, signed_in: Sign) -> None:
    for number in range(51):
        live(f"Number {number:02}")
    page = signed_in(marketer).get("/audiences/all/").content.decode()
    assert "Number 49" in page
    assert "Number 50" not in page
    assert "Number 50" in signed_in(marketer).get("/audiences/all/?page=2").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "cart"}, {"Cart 1"}),
        ({"q": "LAPSED"}, {"Winback"}),  # the segment's name
        ({"q": "4417"}, {"Winback"}),  # the segment's id
        ({"q": "Reykjavik"}, {"Cart 1"}),  # a destination's name
        ({"q": "Mara"}, {"Cart 1"}),  # the owner's name
        ({"owner": "me"}, {"Cart 1"}),
        ({"owner": "left"}, {"Winback"}),
        ({"purpose": "winback"}, {"Winback"}),
        ({"purpose": "winback", "q": "cart"}, set()),
        ({"owner": "nonsense", "purpose": "x", "q": "c" * 500}, {"Cart 1", "Winback"}),
        ({"q": "\x00"}, {"Cart 1", "Winback"}),
    ],
)
def test_filters(query: dict[str, str], found: set[str], marketer: Person, signed_in: Sign) -> None:
    cart = factories.audience(name="Cart 1", owner=marketer)
    place = factories.destination(name="Meta Reykjavik")
    factories.activation(cart, place)
    factories.definition(cart, destinations=[place])
    gone = factories.person(is_active=False, full_name="Gone Person")
    winback = factories.audience(name="Winback", owner=gone, segment=factories.segment_row(number=4417, name="Lapsed"))
    factories.definition(winback, purpose="winback")

    page = signed_in(marketer).get("/audiences/all/", query).content.decode()

    assert {name for name in ("Cart 1", "Winback") if f">{name}</a>" in page} == found
    if not found:
        assert "Nothing fits these filters" in page


def test_htmx_gets_the_rows_and_nothing_else(marketer: Person, signed_in: Sign) -> None:
    live("Fine one")
    fragment = signed_in(marketer).get("/audiences/all/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "Fine one" in fragment
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in signed_in(marketer).get("/audiences/all/", headers=restored).content.decode()


def test_paid_media_reads_and_registers_nothing(paid_media: Person, signed_in: Sign) -> None:
    live("Fine one")
    page = signed_in(paid_media).get("/audiences/all/").content.decode()
    assert "Fine one" in page
    assert "Register audience" not in page


def test_archived_audiences_are_not_listed(marketer: Person, signed_in: Sign) -> None:
    made = live("Old one")
    made.archived_at = timezone.now()
    made.save()
    assert "Old one" not in signed_in(marketer).get("/audiences/all/").content.decode()


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/audiences/all/").headers["Location"].startswith("/sign-in/")


@pytest.mark.engine
def test_a_row_says_what_the_page_of_its_audience_says(db: None) -> None:
    today = timezone.localdate()
    stopped, draft, edited = live("Stopped"), factories.audience(name="Draft"), live("Edited")
    stopped.activations.update(stopped_words="401", members=7)
    factories.definition(draft, state="draft", lacking=["Cadence"])
    factories.definition(edited, state="draft", purpose="suppress")
    factories.activation(edited, lifecycle="retired")
    made = [stopped, draft, edited, live("Fine")]

    read = rows([one.pk for one in made], today)

    for one in made:
        row, standing = read[one.pk], Standing(one, today)
        assert (row.needs, row.verdict, row.life) == (tuple(standing.needs), standing.verdict, standing.life)
        assert row.lists == tuple(standing.facts.lists)
        assert (row.number, row.owner) == (standing.newest.number, one.owner.full_name)
    assert read[edited.pk].edited == 2
    assert read[draft.pk].edited is None


def test_a_row_that_changed_is_drawn_anew(marketer: Person, signed_in: Sign) -> None:
    client, one = signed_in(marketer), live("Carts")
    assert "0 people accepted" in client.get("/audiences/all/").content.decode()
    one.activations.update(members=1)
    assert "1 person accepted" in client.get("/audiences/all/").content.decode()
    Audience.objects.update(name="Baskets")
    page = client.get("/audiences/all/").content.decode()
    assert "Baskets" in page
    assert "Carts" not in page


def test_groups_and_lede_count_all_pages(marketer: Person, signed_in: Sign) -> None:
    for number in range(51):
        live(f"Number {number:02}")
    page = signed_in(marketer).get("/audiences/all/?page=2").content.decode()
    assert "51 are live." in page
    assert 'Live <span class="n">51</span>' in page
