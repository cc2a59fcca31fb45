"""Hours in which a suppression list was past twice its target. Pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.unprotected import of_account, past_target, together

START = datetime(2026, 11, 16, tzinfo=UTC)
END = START + timedelta(days=7)
HOUR = timedelta(hours=1)


def arrived(*hours: float, lasts: float = 0.5) -> list[tuple[datetime, datetime]]:
    """Return runs by when their reading began, in hours after the week began, and that long until they ended."""
    return [(START + one * HOUR, START + (one + lasts) * HOUR) for one in hours]


@pytest.mark.parametrize(
    ("runs", "hours"),
    [
        (arrived(*range(-2, 168)), 0),
        (arrived(*[hour for hour in range(-2, 168) if not 10 < hour < 20]), 8.5),  # 12:00 to 20:30
        (arrived(-10), 168),
        (arrived(-1), 167),
        (arrived(100), 66),
        ([*arrived(-1), *arrived(100)], 99.5 + 66),
    ],
)
def test_the_time_past_twice_an_hour(runs: list[tuple[datetime, datetime]], hours: float) -> None:
    spans = past_target(runs, HOUR, START, END)
    assert spans is not None
    assert together(spans) == hours * HOUR


def test_a_list_that_never_arrived_is_not_counted() -> None:
    assert past_target([], HOUR, START, END) is None
    assert past_target(arrived(200), HOUR, START, END) is None
    assert of_account([None, None]) is None
    assert of_account([None, []]) == timedelta()


def test_an_older_reading_that_ends_later_does_not_make_it_older() -> None:
    overtaken = [*arrived(0, lasts=5), *arrived(1)]
    newer_only = past_target(arrived(1), HOUR, START, END)
    assert together(past_target(overtaken, HOUR, START, END) or []) == together(newer_only or [])


@given(st.lists(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 20)), max_size=6), max_size=4))
def test_an_account_is_out_while_any_list_is(lists: list[list[tuple[int, int]]]) -> None:
    spans = [[(START + low * HOUR, START + (low + length) * HOUR) for low, length in own] for own in lists]
    hours = {low + step for own in lists for low, length in own for step in range(length)}
    assert of_account(spans) == (len(hours) * HOUR if spans else None)
