"""What landed of a feed's events, on a real PostgreSQL: by week, rows and distinct message ids; unknown is never 0."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Destination, Feed
from reconciliation import events_landed, measure
from reconciliation.feed_rows import weeks_of
from reconciliation.models import FeedWeek, ReadAccess
from reconciliation.readers.warehouse import Warehouse as WarehouseReader
from reconciliation.readers.warehouse_queries import tables_of
from reconciliation.weeks import monday_of
from tests import factories, feed_rows
from tests.reconciliation.warehouses import SCHEMA, SECRETS, Warehouse, options

NOW = timezone.now().replace(hour=12)
WEEK = timedelta(weeks=1)


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ("Coupon Shown", ("coupon_shown",)),
        ("email_opened", ("email_opened",)),
        ("Left Cart Rescue!", ("left_cart_rescue",)),
        ("couponShown", ("coupon_shown",)),
        ("Step 2 Done", ("step_2_done",)),
        ("Step2 Done", ("step2_done", "step_2_done")),
        ("3 Days Later", ("_3_days_later",)),
        ("x" * 80, ("x" * 63,)),
    ],
)
def test_the_names_that_an_events_table_may_have(event: str, names: tuple[str, ...]) -> None:
    assert tables_of(event) == names


def reading(place: Destination, warehouse: Warehouse, **other: str) -> ReadAccess:
    secret, opened = json.dumps(SECRETS), options(warehouse, **other)
    return ReadAccess.objects.create(destination=place, options=opened, secret=secret)


def happen(warehouse: Warehouse, at: datetime, *ids: str) -> None:
    rows: list[tuple[Any, ...]] = [(one, "person", at, at, None, None) for one in ids]
    warehouse.happen("coupon_shown", *rows)


def weeks(feed: Feed) -> list[tuple[int | None, int | None]]:
    return list(FeedWeek.objects.filter(feed=feed).order_by("monday").values_list("rows", "ids"))


@pytest.mark.django_db
def test_weeks_are_counted_and_doubles_stand_apart(warehouse: Warehouse) -> None:
    warehouse.schema()
    warehouse.identifies()
    warehouse.events("coupon_shown")
    place = factories.destination(platform="warehouse")
    feed, silent = feed_rows.feed(places=[place]), feed_rows.feed("Left", places=[place])
    elsewhere, draft = feed_rows.feed("Other"), feed_rows.feed("Draft", places=[place], state="draft")
    (this,) = events_landed.starts_of([monday_of(timezone.localdate(NOW, events_landed.zone()))])
    happen(warehouse, this - WEEK + timedelta(hours=3), "a", "b", "b", "c")
    happen(warehouse, this, "d")
    happen(warehouse, this - 20 * WEEK, "z")
    access = reading(place, warehouse)

    assert measure.perform(access.pk, at=NOW)

    assert weeks(feed) == [(0, 0)] * 6 + [(4, 3), (1, 1)]
    assert weeks(silent) == [(None, None)] * 8
    assert FeedWeek.objects.filter(feed=silent).first().words.startswith("No table of this event")  # type: ignore[union-attr]
    assert weeks(elsewhere) == weeks(draft) == []
    last = weeks_of([feed], NOW)[feed.pk][-2]
    assert (last.landings[0].ids, last.landings[0].doubled) == (3, 1)

    happen(warehouse, this - WEEK + timedelta(hours=4), "e")
    measure.perform(access.pk, at=NOW + timedelta(hours=2))
    assert weeks(feed)[-2] == (5, 4)


@pytest.mark.django_db
def test_what_was_known_stays_when_the_warehouse_refuses(warehouse: Warehouse) -> None:
    warehouse.schema()
    warehouse.events("coupon_shown")
    place = factories.destination(platform="warehouse")
    feed = feed_rows.feed(places=[place])
    access = reading(place, warehouse)
    reader = WarehouseReader(options(warehouse), SECRETS)
    assert events_landed.read(access, reader, at=NOW) == 1
    assert weeks(feed) == [(0, 0)] * 8
    warehouse.execute(
        "REVOKE ALL ON {schema}.{table} FROM {reader}", schema=SCHEMA, table="coupon_shown", reader="muster_reader"
    )
    assert events_landed.read(access, reader, at=NOW) == 0
    assert weeks(feed) == [(0, 0)] * 8
    FeedWeek.objects.all().delete()
    events_landed.read(access, reader, at=NOW)
    assert weeks(feed) == [(None, None)]
    assert FeedWeek.objects.get().words
