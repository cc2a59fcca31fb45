"""The arms of a holdout at one list, and held-out people in live ones: what is said of each case."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.arms import Landed, Sent, State, arms
from reconciliation.contamination import Counted, InList, sentence

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
SENT = Sent(AT, AT, {"control": 120, "treated": 1100, "": 20}, {"control": 110, "treated": 1000, "": 18})


def judged(people: Mapping[str, int] | None, tolerance: float | None = 5.0, **more: object) -> tuple[State, str]:
    landed = None if people is None else Landed(AT + timedelta(hours=2), people, **more)  # type: ignore[arg-type]
    found = arms(SENT, landed, place="Warehouse", tolerance=tolerance, unread="It was not read.")
    return found.state, found.sentence


CASES: dict[str, tuple[Mapping[str, int] | None, State, list[str]]] = {
    "not read": (None, State.NOT_READ, ["It was not read."]),
    "the same": (
        {"control": 110, "treated": 1000, "": 18},
        State.SAME,
        ["Every arm has as many people at Warehouse as were sent, within ±5%."],
    ),
    "within": ({"control": 105, "treated": 1040, "": 18}, State.SAME, ["within ±5%"]),
    "missing": (
        {"control": 98, "treated": 1000, "": 18},
        State.OFF,
        ["control: 12 fewer than the 110 that were sent", "events that failed for the warehouse"],
    ),
    "an arm is not there at all": (
        {"treated": 1000, "": 18},
        State.OFF,
        ["control: 110 fewer than the 110 that were sent"],
    ),
    "too many": (
        {"control": 110, "treated": 1100, "": 18},
        State.OFF,
        ["treated: 100 more than the 1,000", "removals did not land"],
    ),
    "swapped": (
        {"control": 60, "treated": 1052, "": 18},
        State.OFF,
        ["control: 50 fewer", "treated: 52 more", "landed in another arm"],
    ),
    "a stranger": ({"control": 110, "treated": 1000, "": 18, "b": 30}, State.OFF, ["b: 30 more than the 0"]),
    "one person never is drift": ({"control": 110, "treated": 1000, "": 17}, State.SAME, ["within"]),
}


@pytest.mark.parametrize("case", CASES)
def test_arms_are_compared_and_the_difference_is_said_with_what_to_do(case: str) -> None:
    people, state, parts = CASES[case]
    found, words = judged(people)
    assert found == state
    assert all(part in words for part in parts), words


def test_nothing_is_judged_while_a_sync_is_landing() -> None:
    state, words = judged({"treated": 3}, settles_at=AT + timedelta(hours=4))
    assert state == State.SETTLING
    assert "nothing is judged yet" in words


def test_without_a_tolerance_two_percent_are_allowed() -> None:
    assert judged({"control": 110, "treated": 981, "": 18}, None)[0] == State.SAME
    assert judged({"control": 110, "treated": 979, "": 18}, None)[0] == State.OFF


by_arm = st.dictionaries(st.sampled_from(["", "?", "a", "b", "c"]), st.integers(0, 5000), max_size=5)


@given(by_arm, by_arm, st.none() | by_arm, st.floats(0, 100))
def test_rows_add_up_and_what_was_not_read_is_never_a_number(
    segment: dict[str, int], sent: dict[str, int], there: dict[str, int] | None, tolerance: float
) -> None:
    landed = None if there is None else Landed(AT, there)
    found = arms(Sent(AT, AT, segment, sent), landed, place="W", tolerance=tolerance, unread="not read")

    assert sum(row.in_segment for row in found.rows) == sum(segment.values())
    assert sum(row.sent for row in found.rows) == sum(sent.values())
    assert len({row.arm for row in found.rows}) == len(found.rows)
    if there is None:
        assert {row.difference for row in found.rows} <= {None}
    else:
        off = [row for row in found.rows if abs((row.landed or 0) - row.sent) > max(1.0, row.sent * tolerance / 100)]
        assert (found.state == State.OFF) is bool(off)
        assert all(row.label in found.sentence for row in off)


# Held-out people in live lists


def counted(*people: int) -> list[Counted]:
    return [Counted(AT + timedelta(hours=place), one) for place, one in enumerate(people)]


def clock(at: datetime) -> str:
    return f"{at:%H:%M}"


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ([], "Not counted yet: held-out people are looked for when a run of a list ends."),
        ([InList("Meta", counted(0, 0))], "0 held-out people found in any live list, as of 11:00."),
        ([InList("Meta", counted(4, 0)), InList("Google", counted(0))], "0 held-out people found in any live list"),
        ([InList("Meta", counted(0, 12, 9))], "Held-out people are in live lists: 9 in Meta since 11:00."),
        (
            [InList("Google", counted(3)), InList("Meta", counted(0, 1200)), InList("Other", counted(0))],
            "1,200 in Meta since 11:00 and 3 in Google since 10:00.",
        ),
    ],
)
def test_contamination_is_one_sentence(lists: list[InList], words: str) -> None:
    assert words in sentence(lists, clock)


def test_a_list_says_since_when_the_trend_and_what_to_do() -> None:
    one = InList("Meta", counted(*([5] * 9), 0, 2, 3))
    assert (one.people, one.since, one.trend) == (3, AT + timedelta(hours=10), "5, 5, 5, 5, 5, 0, 2, 3")
    assert "The next sync takes them off" in one.what_to_do
    assert "does not know this holdout" in InList("Meta", counted(1), own=False).what_to_do
    assert InList("Meta", counted(0)).what_to_do == ""
    assert InList("Meta", counted(0)).since is None
