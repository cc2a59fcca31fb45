"""Who cannot be suppressed by list is counted and said; and traits of another type by name."""

import pytest

from muster.models import Person
from syncs.trait_types import Wrong, told
from syncs.unsuppressed import sentence
from tests.syncs import run_rows

from .test_views_readiness import Sign


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ({}, ""),
        ({"excluded:12": 9, "consent": 3}, ""),
        (
            {"no_identifier": 1},
            "1 person cannot be suppressed by list: 1 without an identifier that the platform takes.",
        ),
        (
            {"no_identifier": 1200, "do_not_share": 34},
            "1,234 people cannot be suppressed by list: 1,200 without an identifier that the platform takes, 34 who opted out "
            "of sharing.",
        ),
    ],
)
def test_the_sentence_counts_each_cause(left_out: dict[str, int], said: str) -> None:
    found = sentence(left_out)
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_wrong_types_are_told_with_what_was_wanted() -> None:
    counts = {"trait:orders": 2, "trait:since": 7, "phone_invalid": 3, "trait:gone": 1}
    assert told(counts, {"orders": "number", "since": "timestamp"}) == [
        Wrong("since", 7, "a moment in ISO 8601 with offset, or in unix seconds"),
        Wrong("orders", 2, "a number"),
        Wrong("gone", 1, "of its type"),
    ]


def test_the_pages_say_it_of_suppressions_only(marketer: Person, signed_in: Sign) -> None:
    shield, cart = run_rows.list_of("Buyers", purpose="suppress"), run_rows.list_of("Cart")
    client = signed_in(marketer)
    for made, expected in ((shield, True), (cart, False)):
        run = run_rows.done(made, left_out={"no_identifier": 12}, planned_at=run_rows.AT)
        for address in (f"/runs/{run.pk}/", f"/audiences/{made.audience.slug}/runs/"):
            page = client.get(address).content.decode()
            assert ("12 people cannot be suppressed by list" in page) == expected
