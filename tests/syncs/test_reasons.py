"""Every code that the engine writes has words, and the counts keep their people."""

import pytest

from syncs import reasons
from syncs.eligibility import Out

RUN_CODES = [
    "paused",
    "reading_elsewhere",
    "rate_limited",
    "unreachable",
    "guard",
    "empty",
    "exclusion_unavailable",
    "definition_changed",
    "pull_failed",
    "bad_credentials",
    "rejected",
    "gone",
    "cancelled",
    "lost",
    "stopped",
    "newer_version",
    "quiet",
    "clock",
]
LEFT_OUT_CODES = [
    "no_identifier",
    "consent",
    "unsubscribed",
    "do_not_share",
    "excluded",
    "erased",
    "shares_blocked",
    "id_has_at",
]
UNUSABLE_CODES = ["email_invalid", "email_hashed", "phone_invalid", "phone_hashed", "id_has_at", "shared_identifier"]
LEAVING_CODES = ["left", "excluded", "consent", "erased", "no_identifier", "deleted"]
TABLES = [
    (reasons.RUN, RUN_CODES),
    (reasons.LEFT_OUT, [*LEFT_OUT_CODES, "exclusion_unavailable"]),
    (reasons.UNUSABLE, UNUSABLE_CODES),
    (reasons.LEAVING, LEAVING_CODES),
]


@pytest.mark.parametrize(("table", "codes"), TABLES)
def test_each_code_has_a_label_a_meaning_and_a_next_step(table: dict[str, reasons.Reason], codes: list[str]) -> None:
    for code in codes:
        words = table[code]
        assert words.label
        assert words.meaning.endswith(".")
        assert words.next_step.endswith(".")
        assert "success" not in f"{words}".lower()


def test_every_cause_that_eligibility_knows_has_words() -> None:
    assert {reason.name.lower() for reason in Out if reason} <= set(reasons.LEFT_OUT)
    assert {reason.name.lower() for reason in Out if reason} <= set(reasons.LEAVING)


def test_causes_come_largest_first_and_keep_every_person() -> None:
    counts = {"consent": 903, "excluded:7": 412, "no_identifier": 0, "erased": 1}

    rows = reasons.left_out(counts, {7: "Bought in the last 7 days"}, {7: "They bought"})

    assert [(row.reason.label, row.people) for row in rows] == [
        ("No consent", 903),
        ("In “Bought in the last 7 days”", 412),
        ("Erased", 1),
    ]
    assert rows[1].reason.meaning == "Excluded by the definition: They bought."
    assert sum(row.people for row in rows) == sum(counts.values())


def test_an_excluded_segment_without_a_name_is_called_by_its_number() -> None:
    (row,) = reasons.left_out({"excluded:12": 3}, {}, {})

    assert row.reason.label == "In “segment 12”"


def test_who_leaves_because_of_an_exclusion_is_told_by_the_name_of_its_segment() -> None:
    rows = reasons.leaving({"left": 130, "excluded:3901": 2, "excluded:7": 1, "erased": 0}, {3901: "Recent buyers"})

    assert [(row.reason.label, row.people) for row in rows] == [
        ("Left the segment", 130),
        ("Now in “Recent buyers”", 2),
        ("Now in “segment 7”", 1),
    ]


def test_a_code_without_words_is_shown_and_not_hidden() -> None:
    (row,) = reasons.counted(reasons.LEAVING, {"moved_to_mars": 2})

    assert (row.reason.label, row.people) == ("Moved to mars", 2)
    assert "administrator" in row.reason.next_step


@pytest.mark.parametrize(
    ("counts", "numbers"),
    [
        ({"excluded:12": 1, "excluded:7": 2, "consent": 3}, [12, 7]),
        ({"excluded": 1}, []),  # without a number
        ({"excluded:x": 1, "excluded:": 1}, []),  # not a number
    ],
)
def test_numbers_of_excluded_segments(counts: dict[str, int], numbers: list[int]) -> None:
    assert reasons.excluded_numbers(counts) == numbers
