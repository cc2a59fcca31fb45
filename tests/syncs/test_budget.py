"""How long it takes until a person is on the list: measured parts, the worst and the typical case, and the sentences."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.terms import CADENCES
from syncs.budget import Budget, Times, measured, percentile, pieces, times
from syncs.budget_told import Basis, hours, legend, tell

from .run_rows import AT, timings

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def took(queue: int = 60, read: int = 300, compare: int = 60, send: int = 180) -> Times:
    return Times(*(timedelta(seconds=one) for one in (queue, read, compare, send)))


def budget(period: int = 1440, **parts: Any) -> Budget:
    return Budget(period=timedelta(minutes=period), **parts)


def test_a_run_tells_where_its_time_went() -> None:
    found = times(
        created=AT,
        started=AT + 4 * SECOND,
        finished=AT + 351 * SECOND,
        timings=timings(AT + 4 * SECOND, reading=52, comparing=78, removals=107, additions=110),
        read_from=AT + 5 * SECOND,
    )

    assert found == took(4, 52, 78, 217)
    assert found.total == 351 * SECOND


def test_a_shared_reading_counts_from_when_it_began() -> None:
    spent: dict[str, Any] = {
        "created": AT,
        "started": AT,
        "finished": AT + 10 * SECOND,
        "timings": timings(AT, reading=1, comparing=2),
    }

    found = times(**spent, read_from=AT - 7 * MINUTE)

    assert found
    assert found.read == 7 * MINUTE + SECOND


@pytest.mark.parametrize(("started", "finished"), [(None, AT), (AT, None)])
def test_what_never_began_or_goes_on_tells_nothing(started: datetime | None, finished: datetime | None) -> None:
    assert times(created=AT, started=started, finished=finished, timings={}, read_from=None) is None


def test_a_stage_that_was_cut_off_ends_with_the_run() -> None:
    found = times(
        created=AT, started=AT, finished=AT + 9 * SECOND, timings={"additions": [AT.isoformat()]}, read_from=None
    )

    assert found == took(0, 0, 0, 9)


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_one_of_the_values_and_so_many_are_not_above_it(seconds: list[int], percent: int) -> None:
    lengths = [timedelta(seconds=one) for one in seconds]

    found = percentile(lengths, percent)

    assert found in lengths
    assert sum(one <= found for one in lengths) * 100 >= percent * len(lengths)
    assert sum(one < found for one in lengths) * 100 < percent * len(lengths)


def test_the_worst_of_all_is_not_the_sum_of_the_worst_parts() -> None:
    found = measured([took(queue=600, send=0), took(queue=0, send=600)] * 10)

    assert found is not None
    assert [part.worst.total_seconds() for part in found.parts] == [600, 300, 60, 600]
    assert found.total.worst == timedelta(seconds=960)
    assert measured([]) is None


def test_the_sentence_of_the_specification() -> None:
    made = budget(
        target=4 * HOUR,
        dwell=4 * HOUR,
        segment_lag=3 * MINUTE,
        platform_lag=7 * MINUTE,
        measured=measured([took()] * 30),
    )

    told = tell(made, "every day", CADENCES)

    assert (made.average, made.worst) == (12 * HOUR + 20 * MINUTE, 24 * HOUR + 20 * MINUTE)
    assert told.tone == "bad"
    assert told.lead == (
        "Every day cannot serve a 4-hour audience: worst age 24 h 20 m. On average a person is on the list after 12 h 20 m, "
        "the last ones after 24 h 20 m, when they have already left."
    )
    assert told.rest[0] == "Of 240 min in this segment nothing is left when ads can start."
    assert told.rest[1] == "Choose “every 2 hours”: worst age 2 h 20 m."
    assert "Segment lag and platform lag are declared, not measured." in told.rest


def test_what_is_left_of_the_dwell() -> None:
    """The figures of the design: 3 + 15 + 1 + 4 + 7 of 180 minutes."""
    made = budget(
        30,
        target=2 * HOUR,
        dwell=3 * HOUR,
        segment_lag=3 * MINUTE,
        platform_lag=7 * MINUTE,
        measured=measured([took(60, 120, 60, 60)] * 3),
    )

    told = tell(made, "every 30 minutes", CADENCES)

    assert made.left == 150 * MINUTE
    assert told.lead == "Every 30 minutes keeps the newest person under 2 h: worst age 45 m, 30 m on average."
    assert told.rest[0] == "Of 180 min in this segment about 150 are left when ads can start."
    assert [(one.look, one.x, one.width) for one in told.pieces] == [
        ("h1", 0, 3),
        ("h2", 3, 15),
        ("h3", 18, 1),
        ("h4", 19, 4),
        ("h5", 23, 7),
    ]
    assert (told.span, told.target_at, told.tone) == (180, 120, "ok")


@pytest.mark.parametrize(
    ("made", "tone", "says"),
    [
        (budget(60, target=30 * MINUTE), "bad", "Every hour cannot keep the newest person under 30 min: worst age 1 h"),
        (budget(15, target=30 * MINUTE), "ok", "worst age 15 m, 7 m on average"),
        (budget(60), "unknown", "There is no target to judge it by yet."),
        (Budget(None, target=HOUR), "unknown", "By hand nothing is promised"),
    ],
)
def test_what_a_cadence_can_serve(made: Budget, tone: str, says: str) -> None:
    names = {timedelta(minutes=minutes): name for name, minutes in CADENCES.items()}

    told = tell(made, names.get(made.period, "by hand") if made.period else "by hand", CADENCES)

    assert told.tone == tone
    assert says in told.lead


def test_without_a_history_the_sentence_says_what_is_not_counted() -> None:
    told = tell(
        budget(60, target=2 * HOUR), "every hour", CADENCES, Basis(undeclared=("Segment lag is not declared.",))
    )

    assert told.rest == (
        "No sync of this workspace has arrived in four weeks, so queue, reading and sending are not known and not counted.",
        "Segment lag is not declared.",
    )


def test_what_no_cadence_can_serve_says_so() -> None:
    told = tell(budget(15, target=15 * MINUTE, platform_lag=24 * HOUR), "every 15 minutes", CADENCES)

    assert told.rest[0].startswith("No cadence that there is serves it")


def test_the_wait_is_cut_where_the_target_is_passed() -> None:
    made = budget(target=2 * HOUR, segment_lag=3 * MINUTE)

    found = pieces(made, legend(made))

    assert [(one.look, one.x, one.width) for one in found[:3]] == [("h1", 0, 3), ("h2", 3, 117), ("over", 120, 603)]
    assert found[2].words == "Past the 2 h target"


@pytest.mark.parametrize(
    ("dwell", "said"),
    [
        (4 * HOUR, "4-hour"),
        (HOUR, "1-hour"),
        (24 * HOUR, "24-hour"),
        (72 * HOUR, "3-day"),
        (90 * MINUTE, "90-minute"),
        (36 * HOUR, "36-hour"),
    ],
)
def test_a_dwell_before_a_noun(dwell: timedelta, said: str) -> None:
    assert hours(dwell) == said
