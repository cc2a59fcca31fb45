"""When members were last sent, where Muster was not told how long the platform keeps them; what sessions took in."""

from datetime import UTC, date, datetime, timedelta

import pytest

from audiences.models import Activation
from reconciliation import sent, uploads
from reconciliation.keeping import keep
from reconciliation.look import Look, Uploads
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import OLDEST, Figure, ListSeen, State
from syncs.models import AssertedPortion

from . import judged as rows
from .judged import noon
from .looked import NOW, figure, look

DAY = timedelta(days=1)
MONDAY = date(2026, 11, 16)


def kept(days: int | None) -> Look:
    told = [figure(days, of=Quantity.LIFE_SPAN)] if days else []
    return look(figure(900, 1_100), *told)


@pytest.mark.parametrize(
    ("platform", "entered", "told", "life", "untold"),
    [
        ("meta", None, None, None, None),
        ("meta", None, 84, 84, 84),
        ("meta", 60, 84, 60, None),
        ("meta", 180, 84, 84, 84),
        ("google_ads", None, 540, 540, None),
        ("google_ads", None, 30, 30, 30),
    ],
)
@pytest.mark.django_db
def test_the_shorter_life_span_counts(
    platform: str, entered: int | None, told: int | None, life: int | None, untold: int | None
) -> None:
    one = rows.list_of(platform=platform) if platform != "meta" else rows.list_of()
    one.destination.life_span_days = entered
    assert sent.life_of(one, kept(told)) == (timedelta(days=life) if life else None)
    assert sent.untold(one, kept(told)) == untold


@pytest.mark.django_db
def test_batches_tell_of_lists_that_nobody_renews_and_portions_of_the_others() -> None:
    told, untold = rows.list_of("Told"), rows.list_of("Untold")
    for number in range(64):
        AssertedPortion.objects.create(activation=told, number=number, asserted_at=NOW - 9 * DAY)
    first = rows.planned(untold, noon(MONDAY), wanted=900)
    rows.accepted(first, noon(MONDAY), adds=900)
    rows.accepted(first, noon(MONDAY, 7), adds=100)
    rows.accepted(first, noon(MONDAY, 7), removes=300)
    rows.accepted(first, noon(MONDAY, 9), adds=40)
    found = sent.when([told, untold], [untold], noon(MONDAY, 8))
    assert len(found[told.pk]) == 64
    assert sum(people for _, people in sent.shares(found[told.pk], 640)) == 640
    day = datetime(2026, 11, 16, tzinfo=UTC)
    assert sent.shares(found[untold.pk], 700) == [(day + 7 * DAY, 100), (day, 600)]


def uploaded(one: Activation, at: datetime, received: int, invalid: int, oldest: str = "11") -> None:
    """Let a list be read with the sums of its sessions."""
    pairs = ((Quantity.RECEIVED, received), (Quantity.INVALID, invalid))
    figures = tuple(Figure(kind, many, many, Basis.REPORTED, kind) for kind, many in pairs)
    marks = (State(OLDEST, oldest),) if oldest else ()
    keep(one, ListSeen("1", figures=figures, states=marks), source="meta", at=at)


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        ((800, 2, "11"), (860, 5, "11"), Uploads(60, 3)),
        ((800, 2, "11"), (800, 2, "11"), Uploads(0, 0)),
        ((800, 2, "11"), (700, 2, "12"), None),
        ((800, 2, ""), (860, 2, ""), None),
    ],
)
@pytest.mark.django_db
def test_what_came_in_between_two_looks(
    before: tuple[int, int, str], now: tuple[int, int, str], found: Uploads | None
) -> None:
    one = rows.list_of()
    uploaded(one, noon(MONDAY), *before)
    uploaded(one, noon(MONDAY, 6), *now)
    assert uploads.between({one.pk: (noon(MONDAY), noon(MONDAY, 6))}).get(one.pk) == found
    assert uploads.between({one.pk: (noon(MONDAY, 1), noon(MONDAY, 6))}) == {}
    assert uploads.looks_before({one.pk: noon(MONDAY, 3)}) == {one.pk: noon(MONDAY)}
    assert uploads.between({}) == uploads.looks_before({}) == {}
