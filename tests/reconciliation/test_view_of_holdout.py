"""The holdout of an audience on its page: arm by arm, what landed, and held-out people in live lists."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audiences.models import Activation, Audience
from muster.models import Person
from reconciliation.keeping import keep
from reconciliation.measure import holdouts_of
from reconciliation.models import ListAt
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import Figure, ListSeen, State
from reconciliation.readers.warehouse import NO_ARMS
from syncs.models import Overlap, Pull, Run
from syncs.states import PullState
from tests import factories
from tests.syncs import run_rows

Sign = Callable[[Person], Client]
HOUR = timedelta(hours=1)
ARMS = {"control": 120, "treated": 1100, "": 20}
WINBACK: dict[str, Any] = {"purpose": "winback", "holdout_attribute": "exp_winback", "holdout_arm": "control"}


@pytest.fixture
def now(db: None) -> datetime:
    return timezone.now()


@pytest.fixture
def audience(now: datetime) -> Audience:
    return held("Winback")


def held(name: str, **clauses: Any) -> Audience:
    """Make an audience at Meta and in a warehouse with a holdout in use."""
    made = factories.audience(name=name)
    places = [factories.destination(platform=kind) for kind in ("meta", "warehouse")]
    factories.definition(made, destinations=places, **{**WINBACK, "tolerance": 5.0, **clauses})
    for place in places:
        factories.activation(made, place)
    return made


def list_at(audience: Audience, platform: str) -> Activation:
    return audience.activations.select_related("destination", "audience").get(destination__platform=platform)


def sent(one: Activation, now: datetime, *, wanted: dict[str, int], **fields: Any) -> Run:
    """Let a run of the list have ended nearly five hours ago."""
    began = now - 5 * HOUR
    pull = Pull.objects.create(
        segment=one.audience.segment,
        state=PullState.COMPLETE,
        created_at=began,
        began_at=began,
        counts={"people": sum(ARMS.values()), "arms": {"exp_winback": ARMS}},
    )
    return run_rows.run_of(one, created_at=began, pull=pull, arms=wanted, wanted=sum(wanted.values()), **fields)


def landed(one: Activation, at: datetime, by_arm: dict[str, int] | None, *states: State) -> None:
    """Let the warehouse be read."""
    figures = [Figure(Quantity.MEMBERS, 1128, 1128, Basis.EXACT)]
    figures += [Figure(Quantity.ARM, people, people, Basis.EXACT, arm) for arm, people in (by_arm or {}).items()]
    keep(one, ListSeen("id", figures=tuple(figures), states=states), source="warehouse", at=at)


def words(client: Client, audience: Audience) -> str:
    page = client.get(f"/audiences/{audience.slug}/holdout/").content.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


SENT = {"control": 110, "treated": 1000, "": 18}
AT_META = {"treated": 1000, "": 18}


def test_each_list_shows_its_arms_and_the_warehouse_the_difference(
    audience: Audience, now: datetime, marketer: Person, signed_in: Sign
) -> None:
    sent(list_at(audience, "meta"), now, wanted=AT_META, left_out={"held_out": 110})
    sent(list_at(audience, "warehouse"), now, wanted=SENT)
    landed(list_at(audience, "warehouse"), now, {"control": 98, "treated": 1000, "": 18})

    page = words(signed_in(marketer), audience)

    assert "By exp_winback ; who is in “control” is held out" in page
    assert "control held out 120 0 treated 1,100 1,000 No arm 20 18" in page
    assert "control held out 120 110 98 −12 treated 1,100 1,000 1,000 0 No arm 20 18 18 0" in page
    assert "control: 12 fewer than the 110 that were sent." in page
    assert "Arms are not sent to ads." in page
    assert "Not counted yet: held-out people are looked for when a run of a list ends." in page


def test_what_was_not_read_is_said_and_never_0(
    audience: Audience, now: datetime, marketer: Person, signed_in: Sign
) -> None:
    client, one = signed_in(marketer), list_at(audience, "warehouse")
    assert words(client, audience).count("No sync by this holdout has ended yet") == 2

    sent(one, now, wanted=SENT)
    page = words(client, audience)
    assert "was not read yet, so what landed there is not known" in page
    assert "control held out 120 110 not read not read" in page

    landed(one, now - HOUR, None)
    assert "was read before arms were asked for. The next reading counts them." in words(client, audience)
    landed(one, now, None, NO_ARMS)
    assert "No row that landed says an arm yet" in words(client, audience)


def test_a_reading_while_the_sync_lands_is_not_judged(
    audience: Audience, now: datetime, marketer: Person, signed_in: Sign
) -> None:
    one = list_at(audience, "warehouse")
    run = sent(one, now, wanted=SENT)
    Run.objects.filter(pk=run.pk).update(finished_at=now)
    landed(one, now, {"control": 3})

    page = words(signed_in(marketer), audience)

    assert "nothing is judged yet" in page
    assert "Judged from" in page
    assert "fewer than" not in page


def test_held_out_people_in_live_lists_are_told_since_when_and_what_to_do(
    audience: Audience, now: datetime, marketer: Person, signed_in: Sign
) -> None:
    one = list_at(audience, "meta")
    client = signed_in(marketer)
    for hours, people in ((9, 0), (6, 12), (3, 12)):
        at = now - hours * HOUR
        run = run_rows.run_of(one, created_at=at, arms={})
        Overlap.objects.create(run=run, kind="held_out", people=people, at=at)
    other = run_rows.list_of("Carts")
    run = run_rows.run_of(other, created_at=now)
    Overlap.objects.create(run=run, kind="held_out", other=one, people=3, at=now)
    Overlap.objects.create(run=run, kind="held_out", people=40, at=now)
    Overlap.objects.create(run=run, kind="tier", other=one, people=7, at=now)

    page = words(client, audience)

    assert f"Held-out people are in live lists: 12 in {one.destination.name} since" in page
    assert f"and 3 in Carts at {other.destination.name} since" in page
    assert "The next sync takes them off" in page
    assert "name the same attribute and arm there" in page
    assert "0, 12, 12" in page

    Overlap.objects.update(people=0)
    assert "0 held-out people found in any live list, as of" in words(client, audience)


@pytest.mark.parametrize(
    ("clauses", "sentence"),
    [
        ({"holdout_attribute": "", "holdout_arm": ""}, "The version in use holds nobody out."),
        ({"purpose": "suppress"}, "The version in use holds nobody out."),
        ({"holdout_targets": True, "holdout_reason": "It ends on Friday"}, "“It ends on Friday”"),
    ],
)
def test_no_holdout_and_one_that_does_not_hold_are_said(
    clauses: dict[str, Any], sentence: str, marketer: Person, signed_in: Sign
) -> None:
    assert sentence in words(signed_in(marketer), held("Other", **clauses))


def test_the_audience_s_page_asks_for_it_where_there_is_one(
    audience: Audience, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    address = f'hx-get="/audiences/{audience.slug}/holdout/"'
    assert address in client.get(f"/audiences/{audience.slug}/").content.decode()
    other = run_rows.list_of("Plain").audience
    assert "/holdout/" not in client.get(f"/audiences/{other.slug}/").content.decode()


def test_it_takes_as_many_queries_for_many_lists(
    audience: Audience, now: datetime, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"/audiences/{audience.slug}/holdout/")
        return len(queries)

    sent(list_at(audience, "warehouse"), now, wanted=SENT)
    asked()
    few = asked()
    for number in range(3):
        one = factories.activation(audience, factories.destination(platform="warehouse", name=f"Lake {number}"))
        sent(one, now, wanted=SENT)
        landed(one, now, SENT)
    assert asked() <= few


def test_only_lists_that_are_told_of_arms_are_asked_for_them(audience: Audience) -> None:
    plain = run_rows.list_of("Plain", platform="warehouse")
    lists = [list_at(audience, "warehouse"), list_at(audience, "meta"), plain]
    for place, one in enumerate(lists):
        ListAt.objects.create(activation=one, external_id=f"id-{place}", set_at=timezone.now())
    known = list(Activation.objects.filter(pk__in=[lists[0].pk, plain.pk]).select_related("list_at", "destination"))

    assert holdouts_of(known) == {"id-0": "exp_winback"}
