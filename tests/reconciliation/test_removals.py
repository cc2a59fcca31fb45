"""What a list's panel says of its removals: whether the platform shows them, from looks and batches as they are stored."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation
from muster.models import Person
from reconciliation.arrived import of_lists
from reconciliation.removals import Removals, removals_of
from reconciliation.removals_seen import Seen
from tests.syncs import run_rows

from . import readings
from .judged import accepted

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def made(now: datetime) -> Activation:
    one = run_rows.list_of("Cart")
    run_rows.run_of(one, created_at=now - 100 * DAY)
    one.audience.definitions.update(promoted_at=now - 100 * DAY)
    readings.access(one)
    return one


def moved(one: Activation, at: datetime, *, adds: int = 0, removes: int = 0) -> None:
    accepted(run_rows.run_of(one, created_at=at), at, adds=adds, removes=removes)


def looked(one: Activation, at: datetime, middle: int, *, held: int) -> None:
    readings.read(one, at, middle - 100, middle + 100, accepted=held)


def told(one: Activation, now: datetime) -> Removals | None:
    one.refresh_from_db()
    return removals_of(of_lists([one], now)).get(one.pk)


@pytest.mark.parametrize(
    ("after", "held", "adds", "seen", "words"),
    [
        (8_000, 13_000, 0, Seen.SEEN, "3,000 removals were accepted, and Meta shows it: 7,900–8,100 are there."),
        (
            9_700,
            13_000,
            0,
            Seen.NOT_SEEN,
            "Removals are not visible at Meta: 3,000 removals were accepted, 7,762–8,000 should be there now, and "
            "9,600–9,800 are.",
        ),
        (9_700, 16_000, 3_000, Seen.SEEN, "3,000 removals were accepted, and Meta shows it: 9,600–9,800 are there."),
        (8_800, 13_000, 0, Seen.UNKNOWN, "3,000 removals were accepted: too few to be told in sizes that Meta rounds."),
    ],
)
def test_a_week_of_removals(
    made: Activation, now: datetime, after: int, held: int, adds: int, seen: Seen, words: str
) -> None:
    looked(made, now - 9 * DAY, 9_700, held=16_000)
    moved(made, now - 6 * DAY, removes=3_000)
    if adds:
        moved(made, now - 6 * DAY, adds=adds)
    looked(made, now - timedelta(hours=1), after, held=held)
    found = told(made, now)
    assert found is not None
    assert (found.seen, found.words) == (seen, words)
    assert bool(found.do) == found.are_missing


def test_inside_the_settling_window_nothing_is_judged(made: Activation, now: datetime) -> None:
    looked(made, now - 9 * DAY, 9_700, held=16_000)
    moved(made, now - DAY, removes=3_000)
    looked(made, now - timedelta(hours=1), 9_700, held=13_000)
    found = told(made, now)
    assert found == Removals(
        None,
        "3,000 removals were accepted; Meta usually shows it within 48 h.",
        "Nothing to do: it is judged after that.",
    )


def test_a_list_that_is_read_since_a_few_days_only(made: Activation, now: datetime) -> None:
    looked(made, now - 4 * DAY, 9_700, held=16_000)
    moved(made, now - 3 * DAY, removes=3_000)
    looked(made, now, 9_700, held=13_000)
    found = told(made, now)
    assert found is not None
    assert found.are_missing


def test_without_removals_or_looks_nothing_is_said(made: Activation, now: datetime) -> None:
    assert told(made, now) is None
    looked(made, now - 9 * DAY, 9_700, held=16_000)
    moved(made, now - 6 * DAY, adds=3_000)
    looked(made, now, 9_700, held=16_000)
    assert told(made, now) is None
    assert removals_of([]) == {}


def test_the_panel_shows_them(made: Activation, now: datetime, marketer: Person, signed_in: Sign) -> None:
    looked(made, now - 9 * DAY, 9_700, held=16_000)
    moved(made, now - 6 * DAY, removes=3_000)
    looked(made, now, 9_700, held=13_000)
    page = signed_in(marketer).get(f"/audiences/{made.audience.slug}/arrived/").content.decode()
    assert '<strong class="is-bad">Removals are not visible at Meta: 3,000 removals were accepted' in page
    assert "then send all current members again" in page
