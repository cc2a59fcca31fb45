"""A platform is late when what was accepted long ago is not in its newest figure, and only then."""

from datetime import datetime, timedelta

import pytest

from reconciliation.late import late_by
from reconciliation.readers.seen import State
from reconciliation.readiness import Word

from .looked import NOW, figure, look

DAY = timedelta(days=1)
AT = NOW - timedelta(hours=1)
CHANGED = (State("changed_at", (AT - 5 * DAY).isoformat()),)


@pytest.mark.parametrize(
    ("word", "states", "settles", "later", "since_changed", "days"),
    [
        (Word.USABLE, (), 0, None, None, 0),
        (Word.USABLE, (), 0, AT - 5 * DAY, None, 5),
        (Word.USABLE, (), 0, AT - DAY / 2, None, 0),
        (Word.USABLE, (), 3, AT - 3.5 * DAY, None, 0),
        (Word.USABLE, (), 3, AT - 5 * DAY, None, 5),
        (Word.SETTLING, CHANGED, 3, None, None, 5),
        (Word.SETTLING, CHANGED, 6, None, None, 0),
        (Word.SETTLING, (), 3, None, None, 0),
        (Word.SETTLING, CHANGED, 3, None, AT - DAY, 0),
    ],
)
def test_late(
    word: Word,
    states: tuple[State, ...],
    settles: int,
    later: datetime | None,
    since_changed: datetime | None,
    days: int,
) -> None:
    shown = look(figure(900, 1_100), states=states)
    assert late_by(shown, word, settles * DAY, later, since_changed) == days * DAY


def test_what_was_entered_by_hand_or_never_read_is_not_late() -> None:
    assert late_by(None, Word.UNKNOWN, DAY, AT - 9 * DAY, None) == timedelta()
    assert late_by(look(figure(9), source="manual"), Word.USABLE, DAY, AT - 9 * DAY, None) == timedelta()
