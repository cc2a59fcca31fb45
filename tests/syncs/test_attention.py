"""What the first page says of lists whose newest sync did not end well."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Lifecycle, Segment
from muster.models import Person
from syncs.attention import lede, needs
from syncs.models import Run
from syncs.states import RunState
from tests import factories

from . import run_rows

Signed = Callable[[Person], Client]
LATER = run_rows.AT + timedelta(hours=1)

pytestmark = pytest.mark.django_db


def troubled() -> list[int]:
    return [one.run.pk for need in needs(LATER) for one in need.runs]


@pytest.mark.parametrize(
    ("state", "needed"),
    [
        (RunState.HELD, True),
        (RunState.FAILED, True),
        (RunState.LOST, True),
        (RunState.DONE, False),
        (RunState.DONE_WITH_REJECTS, False),
        (RunState.CANCELLED, False),
        (RunState.RUNNING, False),
    ],
)
def test_a_list_needs_somebody_when_its_newest_run_ended_badly(state: str, needed: bool) -> None:
    run = run_rows.run_of(state=state)

    assert troubled() == ([run.pk] if needed else [])


@pytest.mark.parametrize(
    ("later", "fields", "hidden"),
    [
        (RunState.DONE, {}, True),
        # It may end as badly as the one before.
        (RunState.RUNNING, {}, False),
        (RunState.CANCELLED, {}, False),
        (RunState.DONE, {"kind": Run.Kind.DRY_RUN}, False),
    ],
)
def test_only_an_arrival_after_it_settles_the_matter(later: str, fields: dict[str, str], hidden: bool) -> None:
    made = run_rows.list_of()
    held = run_rows.held(made)
    run_rows.run_of(made, state=later, created_at=LATER, **fields)

    assert troubled() == ([] if hidden else [held.pk])


def test_a_changed_segment_is_said_by_its_audience_until_it_is_restored() -> None:
    held = run_rows.held(reason="definition_changed")
    Segment.objects.update(fingerprint="another")
    assert troubled() == []

    Segment.objects.update(fingerprint=held.definition.fingerprint)
    assert troubled() == [held.pk]


def test_retired_and_archived_lists_need_nobody() -> None:
    run_rows.held(run_rows.list_of(lifecycle=Lifecycle.RETIRED))
    archived = run_rows.list_of()
    archived.audience.archived_at = timezone.now()
    archived.audience.save()
    run_rows.held(archived)

    assert troubled() == []


def test_suppressions_stand_first_and_each_says_what_to_do(signed_in: Signed, paid_media: Person) -> None:
    targeting = run_rows.list_of("A targeting list")
    run_rows.run_of(targeting, state=RunState.FAILED, reason="bad_credentials", words="The key was refused (401).")
    run_rows.held(run_rows.list_of("Buyers", purpose="suppress"))

    html = signed_in(paid_media).get("/runs/attention/").content.decode()

    assert html.index("Buyers") < html.index("A targeting list")
    assert "1,291 removals are parked" in html
    assert "Everybody on the list stays excluded." in html
    assert "Decide on removals" in html
    assert "The key was refused (401)." in html
    assert "See why" in html


def test_the_page_of_an_audience_says_of_each_list_what_is_to_be_decided(signed_in: Signed, marketer: Person) -> None:
    held = run_rows.held(run_rows.list_of("Buyers", purpose="suppress"))
    fine = factories.activation(held.activation.audience, factories.destination(name="Google Ads, North"))
    run_rows.done(fine)

    html = signed_in(marketer).get(f"/audiences/{held.activation.audience.slug}/runs/").content.decode()

    assert html.count("1,291 removals are parked") == 1
    assert f'href="/runs/{held.pk}/">Decide on removals' in html


def test_nothing_is_said_where_all_is_well(signed_in: Signed, marketer: Person) -> None:
    run_rows.done()

    said = signed_in(marketer).get("/runs/attention/").content.decode()

    assert said.strip() == '<span hx-swap-oob="innerHTML:#lede-runs"></span>'


@pytest.mark.parametrize(
    ("held", "failed", "stale", "words"),
    [
        (0, 0, 0, ""),
        (1, 0, 0, "One list is held."),
        (2, 1, 0, "Two lists are held and one failed."),
        (0, 12, 1, "12 lists failed; one suppression is out of date."),
        (0, 1, 0, "One list failed."),
        (0, 0, 3, "Three suppressions are out of date."),
    ],
)
def test_the_first_pages_lede_counts_lists_that_did_not_arrive(held: int, failed: int, stale: int, words: str) -> None:
    for state, count in ((RunState.HELD, held), (RunState.FAILED, failed)):
        for _ in range(count):
            run_rows.run_of(state=state)

    assert lede(needs(LATER), stale) == words


def test_the_first_page_asks_for_it(signed_in: Signed, marketer: Person) -> None:
    run_rows.held()
    browser = signed_in(marketer)

    first = browser.get("/audiences/all/").content.decode()
    assert 'hx-get="/runs/attention/"' in first
    assert 'id="lede-runs"' in first
    assert ">One list is held.</span>" in browser.get("/runs/attention/").content.decode()
    assert "/runs/attention/" not in browser.get("/audiences/all/?q=x").content.decode()


def test_many_needs_take_one_question(django_assert_num_queries: Callable[..., object], db: None) -> None:
    for _ in range(5):
        run_rows.held()

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert len(needs(LATER)) == 5


@pytest.mark.django_db
def test_a_suppression_out_of_date_says_so_in_its_row_and_a_fresh_one_clears_it(client: Client) -> None:
    client.force_login(factories.person())
    now = timezone.now()
    stale, fresh = (run_rows.list_of(name, purpose="suppress") for name in ("Bought lately", "Refunded"))
    for made, hours in ((stale, 9), (fresh, 0)):
        pull = run_rows.pull_of(made, state="complete", began_at=now - timedelta(hours=hours))
        run_rows.run_of(made, created_at=now - timedelta(hours=hours), pull=pull)

    shown = client.get("/runs/attention/").content.decode()
    rows = client.get("/audiences/all/").content.decode()

    for made, said in ((stale, True), (fresh, False)):
        mark = re.search(rf'<div hx-swap-oob="innerHTML:#stale-{made.audience.slug}">(.*?)</div>', shown, re.DOTALL)
        assert mark
        assert ("Out of date at" in mark.group(1)) is said
        assert f'id="stale-{made.audience.slug}"' in rows
