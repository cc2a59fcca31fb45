"""Points in time as people and spreadsheets write them."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.moments import NotAMoment, moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("23 Nov 2026, 09:20", "2026-11-23 08:20"),
        ("23 November 2026 9:20", "2026-11-23 08:20"),
        ("Mon 23 Nov 2026, 09:20", "2026-11-23 08:20"),
        ("2026-11-23 09:20", "2026-11-23 08:20"),
        ("2026-11-23T09:20:59", "2026-11-23 08:20"),
        ("2026-11-23T09:20Z", "2026-11-23 09:20"),
        ("2026-11-23T09:20+05:30", "2026-11-23 03:50"),
        ("23.11.2026 09:20", "2026-11-23 08:20"),
        ("2026-07-01 09:20", "2026-07-01 07:20"),
        ("23 Nov 2026", "2026-11-23 22:59"),
        ("28 Nov 2026", "2026-11-28 10:30"),
    ],
)
def test_what_is_read(text: str, utc: str) -> None:
    assert f"{moment(text, now=NOW, zone=BERLIN).astimezone(UTC):%Y-%m-%d %H:%M}" == utc


@pytest.mark.parametrize(
    "text", ["", "yesterday", "11/23/2026", "2026-13-01", "23 Nov 2026, 25:00", "9999-01-01", "0001-01-01 00:00"]
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(NotAMoment, match="like 23 Nov 2026, 09:20"):
        moment(text, now=NOW, zone=BERLIN)


@given(st.text(max_size=40))
def test_nothing_else_breaks_it(text: str) -> None:
    with suppress(NotAMoment):
        assert moment(text, now=NOW, zone=BERLIN).tzinfo
