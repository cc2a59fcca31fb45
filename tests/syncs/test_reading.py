"""What the timeline says of a reading."""

from datetime import timedelta

import pytest
from django.utils import timezone

from syncs.models import Pull, Run
from syncs.reading import told

AT = timezone.now()
BELIEVED = "a count may be off by 0.5 %, so the reading is believed."


@pytest.mark.parametrize(
    ("people", "before", "after", "said"),
    [
        (0, 0, 0, ""),
        (86_204, 86_204, 86_204, ""),
        (86_204, 86_210, 86_200, ""),
        (86_190, 86_210, 86_200, f" Customer.io counted 86,200 to 86,210; {BELIEVED}"),
        (86_211, 86_200, 86_200, f" Customer.io counted 86,200; {BELIEVED}"),
    ],
)
def test_a_size_that_differs_from_both_counts_is_told(people: int, before: int, after: int, said: str) -> None:
    found = Pull(via="export", counts={"people": people}, count_before=before, count_after=after)

    assert told(found, Run()) == f"Segment read by export: {people:,} people, complete.{said}"


def test_a_reading_that_began_before_the_run_is_shared() -> None:
    found = Pull(via="membership", counts={"people": 1}, count_before=1, count_after=1, began_at=AT)

    shared = "Segment read in one page: 1 person, complete, shared with another run."
    assert told(found, Run(started_at=AT + timedelta(minutes=1))) == shared
    assert "shared" not in told(found, Run(started_at=AT))
