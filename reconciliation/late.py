"""Whether a platform is late: what was accepted long ago is not in its newest figure. Pure."""

from datetime import datetime, timedelta
from typing import Final

from .look import Look
from .readiness import Word

DAY: Final = timedelta(days=1)
NOT_LATE: Final = timedelta()


def late_by(
    look: Look | None,
    word: Word,
    settles: timedelta,
    first_later: datetime | None,
    first_since_changed: datetime | None,
) -> timedelta:
    """Return for how long changes have been accepted that the newest figure does not count; none within what is usual.

    `settles`: how long the platform may take. `first_later`: when the first change was accepted after the time of its
    figure; `first_since_changed`: after its people last changed there. One that says that it is still populating, though
    everything has arrived, is late since its people changed.
    """
    if look is None or look.by_hand:
        return NOT_LATE
    if word == Word.SETTLING and look.changed_at and first_since_changed is None:
        waited, usual = look.at - look.changed_at, settles
    elif first_later:
        waited, usual = look.at - first_later, settles + DAY
    else:
        return NOT_LATE
    return waited if waited > usual else NOT_LATE
