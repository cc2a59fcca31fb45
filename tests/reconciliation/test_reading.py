"""What was read stays what was read."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from reconciliation.models import AppendOnly, Reading
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def reading(**wanted: object) -> Reading:
    made = {
        "quantity": "members",
        "low": 900,
        "high": 1100,
        "unit": "people",
        "basis": "range",
        "source": "meta",
        "as_of": NOW,
        "fetched_at": NOW,
    }
    return Reading(activation=factories.activation(), **made | wanted)


def test_no_reading_changes_or_goes() -> None:
    made = reading()
    made.save()
    made.low = 5

    for action in (
        made.save,
        made.delete,
        lambda: Reading.objects.update(low=5),
        Reading.objects.all().delete,
        lambda: Reading.objects.bulk_update([made], ["low"]),
    ):
        with pytest.raises(AppendOnly):
            action()
    assert Reading.objects.get().low == 900


@pytest.mark.parametrize(("low", "high"), [(None, 5), (5, None), (6, 5), (-1, -1), (-1, 5)])
def test_a_value_is_a_band_or_unknown(low: int | None, high: int | None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        reading(low=low, high=high).save()


def test_unknown_is_stored_as_unknown() -> None:
    made = reading(low=None, high=None)
    made.save()

    assert not Reading.objects.get().is_known
    assert reading(low=0, high=0, quantity="received").is_known


def test_one_look_reads_a_number_once() -> None:
    made = reading()
    made.save()

    with pytest.raises(IntegrityError), transaction.atomic():
        Reading.objects.create(
            activation=made.activation, quantity="members", basis="range", source="meta", as_of=NOW, fetched_at=NOW
        )
