"""The suppression board through a client: every state, what can be done, asking, CSV, and no personal data."""

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client
from django.utils import timezone

from audiences import requiring
from audiences.models import Activation, Definition, GateOverride, RequiredSuppression
from muster.models import Event, Person
from reconciliation.board import board, to_act_on
from reconciliation.models import Exposure
from reconciliation.protection import Mark, Tone
from syncs.models import Pause, Run
from tests import factories
from tests.reconciliation.suppression_world import AD_SETS, EU, GOOGLE, META, REFUSED, World, every_state
from tests.syncs import run_rows

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
PAGE = "/suppression/"


@pytest.fixture
def world(manager: Person, administrator: Person) -> World:
    return every_state(manager, factories.person(full_name="Priya Raman"), administrator)


def marks(world: World) -> dict[tuple[str, str], tuple[Mark, Tone]]:
    return {(one.cell.label, one.cell.place): (one.cell.mark, one.cell.tone) for one in board(world.now).placed}


def test_every_state_comes_out_of_rows(world: World) -> None:
    buyers, gone, refunds, support = (
        "Purchased in last 7 days",
        "Unsubscribed, all channels",
        "Refunded or chargeback, 90 d",
        "Support-sensitive customers",
    )
    assert marks(world) == {
        (buyers, META): (Mark.PROTECTING, Tone.WARN),
        (buyers, GOOGLE): (Mark.STALE, Tone.BAD),
        (buyers, EU): (Mark.NOT_SET, Tone.NONE),
        (gone, META): (Mark.PROTECTING, Tone.OK),
        (gone, GOOGLE): (Mark.PROTECTING, Tone.OK),
        (gone, EU): (Mark.SETTLING, Tone.NONE),
        (refunds, META): (Mark.PROTECTING, Tone.OK),
        (refunds, GOOGLE): (Mark.UNKNOWN, Tone.NONE),
        (support, META): (Mark.NOT_ATTACHED, Tone.BAD),
        (support, GOOGLE): (Mark.STALE, Tone.WARN),
        (support, EU): (Mark.TOO_SMALL, Tone.NONE),
        ("High refund risk", META): (Mark.BROKEN, Tone.BAD),
    }


def test_the_page_says_what_is_so_and_what_to_do(world: World, paid_media: Person, signed_in: Sign) -> None:
    page = signed_in(paid_media).get(PAGE).content.decode()

    for said in (
        "Are the people we must not target left out?",
        "not protected for 9 h 10 m; 1,126 buyers not excluded; “Support-sensitive customers” is past its target.",
        "Pause or cap ads at Google Ads, NW US until “Purchased in last 7 days” is fresh, or accept 1,126 buyers",
        "48 of them are also inside a targeting list.",
        "Exclude “NW | Purchased in last 7 days” in three ad sets at Meta, NW US.",
        "53–56 of 100 recognised; the rest cannot be excluded by list",
        "excluded in 14 of 17 active ad sets",
        "1,291 removals parked; nobody is exposed by it",
        "the token lacks the permission for campaigns of this type.",
        "Stale 9 h 10 m",
        "no active campaigns and ad groups to exclude from",
        "38 <small>in size</small>",
        "Usual level: 0–63.",
        "Not required here",
        "Ask Ada Novak",
        REFUSED.replace("'", "&#x27;"),
    ):
        assert said in page, said
    assert "until then nobody is exposed" in page
    assert "56–60" in page or "54–58%" in page  # the sparkline's figure


def test_problems_come_first(world: World) -> None:
    shown = board(world.now)
    assert shown.told[0].tone == Tone.BAD
    worst = [min(one.cell.rank for one in row.cells if one) for row in shown.rows]
    assert worst == sorted(worst)

    exposed = [todo.people or -1 for todo in shown.todos if todo.tone == Tone.BAD]
    assert exposed == sorted(exposed, reverse=True)
    assert to_act_on(world.now) == len(shown.todos)


def test_the_fragment_is_the_board_alone(world: World, paid_media: Person, signed_in: Sign) -> None:
    client = signed_in(paid_media)
    fragment = client.get(PAGE, HTTP_HX_REQUEST="true").content.decode()
    assert fragment.strip().startswith('<div id="board" hx-get="/suppression/" hx-trigger="every 60s"')
    assert "<html" not in fragment
    count = client.get(f"{PAGE}count/", HTTP_HX_REQUEST="true").content.decode()
    assert f"{to_act_on(timezone.now())}<span" in count
    assert "to act on" in count


def test_no_address_and_no_name_of_a_customer_is_on_it(world: World, paid_media: Person, signed_in: Sign) -> None:
    page = signed_in(paid_media).get(PAGE).content.decode().split("<main", 1)[1]
    assert "@" not in page


def test_the_board_takes_a_bounded_number_of_queries(
    world: World, paid_media: Person, signed_in: Sign, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    client = signed_in(paid_media)
    for number in range(4):
        place = f"Meta, more {number}"
        audience = world.audience(f"More {number}", 100)
        world.counted(world.require("More", place, audience), 4)
        world.list(audience, place, size=(50, 60))
    client.get(PAGE)
    with django_assert_max_num_queries(32):  # type: ignore[attr-defined]
        client.get(PAGE)
    with django_assert_max_num_queries(16):  # type: ignore[attr-defined]
        client.get(f"{PAGE}count/")


def test_asking_is_on_record_and_shown(world: World, paid_media: Person, signed_in: Sign) -> None:
    client = signed_in(paid_media)
    late = RequiredSuppression.objects.get(destination__name=GOOGLE, cohort="recent_buyers")

    said = client.post(f"{PAGE}lines/{late.pk}/ask/", follow=True).content.decode()

    assert "It is on record that you asked Ada Novak" in said
    assert "Ask Ada Novak (asked" in said
    event = Event.objects.get(verb="asked to mend")
    assert (event.actor, event.detail["asked"], event.audience_id) == (paid_media, ["Ada Novak"], late.audience_id)
    assert "asked already" in client.post(f"{PAGE}lines/{late.pk}/ask/", follow=True).content.decode()
    fine = RequiredSuppression.objects.get(destination__name=META, cohort="unsubscribed")
    assert "nobody to ask" in client.post(f"{PAGE}lines/{fine.pk}/ask/", follow=True).content.decode()

    said = client.post(f"{PAGE}lines/{late.pk}/note/", follow=True).content.decode()
    assert "Accepted by Pia Bauer" in said
    assert Event.objects.get(verb__startswith="accepts for now").detail == {"not excluded": 1126}
    assert client.post(f"{PAGE}lines/999999/note/").status_code == 404


def test_what_was_asked_of_an_earlier_trouble_is_over(world: World, paid_media: Person, signed_in: Sign) -> None:
    late = RequiredSuppression.objects.get(destination__name=GOOGLE, cohort="recent_buyers")
    client = signed_in(paid_media)
    client.post(f"{PAGE}lines/{late.pk}/ask/")
    one = Activation.objects.get(audience=late.audience, destination=late.destination)
    world.arrived(one, timezone.now() + timedelta(minutes=1))

    (placed,) = [each for each in board(timezone.now() + timedelta(hours=5)).placed if each.line.pk == late.pk]
    assert placed.cell.mark == Mark.STALE
    assert placed.said.asked is None


def test_parked_additions_are_no_arrival_and_parked_removals_are(world: World) -> None:
    world = World(world.by, world.owner, world.now)
    audience = world.audience("Buyers", 100)
    world.require("Buyers", "Meta, new", audience, minutes=60)
    one = world.list(audience, "Meta, new", newest=timedelta(hours=3), size=(50, 60))

    def mark() -> Mark:
        return next(each.cell.mark for each in board(world.now).placed if each.cell.label == "Buyers")

    assert mark() == Mark.STALE
    at = world.now - timedelta(minutes=10)
    pull = run_rows.pull_of(one, state="complete", began_at=at)
    verdict = {"adds": {"figure": 90, "limit": 9, "held": True, "why": "guard"}}
    held = run_rows.held(one, at=at, pull=pull, adds=90, accepted_adds=0, verdict=verdict)
    assert mark() == Mark.STALE
    (placed,) = [each for each in board(world.now).placed if each.cell.label == "Buyers"]
    assert "90 additions are parked" in placed.cell.protection.why
    Run.objects.filter(pk=held.pk).update(accepted_adds=90, verdict=run_rows.HELD_REMOVES)
    assert mark() == Mark.PROTECTING


def test_a_pause_is_told_before_it_does_harm(world: World, manager: Person) -> None:
    place = world.place(META)
    Pause.objects.create(destination=place, reason="Wrong feed.", by=manager, at=world.now)
    (placed,) = [
        one for one in board(world.now).placed if one.cell.place == META and one.cell.label.startswith("Unsubscribed")
    ]
    assert (placed.cell.mark, placed.cell.tone) == (Mark.PROTECTING, Tone.WARN)
    assert "Wrong feed. Nobody new is added meanwhile." in placed.cell.protection.why


def test_a_list_that_is_old_and_not_excluded_is_two_things_to_do(
    manager: Person, marketer: Person, signed_in: Sign
) -> None:
    world = World(manager, marketer)
    buyers = world.audience("Purchased in last 7 days", 26_940)
    line = world.require("Purchased in last 7 days", META, buyers, minutes=60)
    world.list(buyers, META, newest=timedelta(hours=9), use=(2, AD_SETS[:2]))

    page = signed_in(manager).get(PAGE).content.decode()

    assert "Also exclude “Purchased in last 7 days” in two ad sets." in page
    assert "is fresh and excluded in two ad sets" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(set(ids)) == sorted(ids)
    assert f'id="todo-ask-{line.pk}"' in page
    mine = signed_in(marketer).get(PAGE).content.decode()
    assert mine.count(f'href="/audiences/{buyers.slug}/">Mend it') == 2  # beside what can be done, and in its cell


def test_an_override_stands_on_the_board_until_it_is_in_place(
    world: World, manager: Person, paid_media: Person, signed_in: Sign
) -> None:
    line = RequiredSuppression.objects.get(destination__name=GOOGLE, cohort="recent_buyers")
    version = Definition.objects.get(audience__name="Cart abandoners 1–4 h")
    GateOverride.objects.create(
        definition=version,
        destination=line.destination,
        lines=[line.pk],
        lacked=["It is stopped."],
        reason="Sale ends tonight",
        by=manager,
        at=world.now,
    )
    client = signed_in(paid_media)
    page = client.get(PAGE).content.decode()
    assert "Live without what the account requires" in page
    assert "“Sale ends tonight”" in page

    requiring.take_off(line, reason="No ads", by=manager, at=world.now)
    assert "Sale ends tonight" not in client.get(PAGE).content.decode()


def test_the_sizes_are_a_csv_that_no_spreadsheet_works_out(world: World, paid_media: Person, signed_in: Sign) -> None:
    RequiredSuppression.objects.filter(cohort="unsubscribed").update(label='=HYPERLINK("x")')
    answer = signed_in(paid_media).get(f"{PAGE}sizes.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert len(rows) == 12 + 2
    by = {(row["kind"], row["list"], row["account"]): row for row in rows}
    meta = by["suppression", "Purchased in last 7 days", META]
    assert (meta["size low"], meta["size high"], meta["active"], meta["excluded in"]) == ("14300", "15100", "17", "14")
    assert (meta["state"], meta["people not excluded"], meta["of them in a targeting list"]) == (
        "Protecting",
        "41",
        "3",
    )
    missing = by["suppression", "Purchased in last 7 days", EU]
    assert (missing["size low"], missing["newest person"], missing["people not excluded"]) == ("", "", "")
    assert ("suppression", '\'=HYPERLINK("x")', META) in by
    assert by["targeting", "Cart abandoners 1–4 h", META]["people not excluded"] == "1"


def test_nobody_counted_is_not_nobody(world: World, paid_media: Person, signed_in: Sign) -> None:
    Exposure.objects.all()._raw_delete("default")  # rows are append-only
    page = signed_in(paid_media).get(PAGE).content.decode()
    assert "not counted yet" in page
    assert "or accept buyers who are not excluded." in page


@pytest.mark.parametrize(
    ("role", "said"),
    [("manager", "Write the policy"), ("paid_media", "Ask Grace Osei to write the policy")],
)
def test_an_account_without_a_policy(role: str, said: str, manager: Person, signed_in: Sign) -> None:
    factories.destination(name=META)
    who = manager if role == "manager" else factories.person(role=role)
    page = signed_in(who).get(PAGE).content.decode()
    assert "Nobody can say: no ad account requires anything yet." in page
    assert said in page


def test_without_any_account_it_says_whom_to_ask(paid_media: Person, administrator: Person, signed_in: Sign) -> None:
    page = signed_in(paid_media).get(PAGE).content.decode()
    assert "There is no ad account yet." in page
    assert "Ask Ada Novak to add a destination" in page


def test_one_account_among_others_may_require_nothing(world: World, marketer: Person, signed_in: Sign) -> None:
    factories.destination(name="Meta, CA")
    page = signed_in(marketer).get(PAGE).content.decode()
    assert "requires nothing yet, so nobody can say. Have a manager write its policy." in page
    assert all(name in page for name in (AD_SETS[0][1:], *AD_SETS[1:]))
