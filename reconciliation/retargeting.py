"""The targeting lists at ad accounts as a buyer reads them: usable or not, how big, how well matched, buyers inside."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from audiences.models import Activation, Arrival, Lifecycle
from audiences.terms import TARGETING
from syncs import freshness
from syncs.freshness import Freshness

from .board_lists import Known
from .models import Exposure
from .readiness import Word
from .sparks import ListSpark, sparks

USED = frozenset({Lifecycle.LIVE, Lifecycle.PAUSED})


@dataclass(frozen=True)
class Retargeting:
    """One row. `inside`: buyers on the list who are not on the account's suppression; None: nobody counted them."""

    list: Activation
    word: Word
    words: str
    fresh: Freshness
    match: ListSpark | None
    inside: int | None

    @property
    def arrival(self) -> Arrival | None:
        return getattr(self.list, "arrival", None)


def retargeting(lists: Iterable[Known], counted: Mapping[int, Collection[Exposure]], today: date) -> list[Retargeting]:
    """Return the lists that target people now, those with most buyers inside first. `counted`: newest counts by account."""
    used = [
        one
        for one in lists
        if one.list.lifecycle in USED and one.list.fresh_purpose in TARGETING  # type: ignore[attr-defined]
    ]
    drawn = sparks({one.list.audience_id for one in used}, today) if used else {}
    rows = [_row(one, drawn.get(one.list.audience.slug, []), counted.get(one.list.destination_id, ())) for one in used]
    return sorted(rows, key=lambda one: (-(one.inside or 0), one.list.audience.name, one.list.destination.name))


def _row(one: Known, drawn: Iterable[ListSpark], counts: Collection[Exposure]) -> Retargeting:
    place, back = one.list.destination.name, one.arrival
    old = back is not None and back.is_stale(one.now)
    word = Word(back.readiness) if back and back.read_at else Word.UNKNOWN
    known = [count for count in counts if count.missing is not None]
    return Retargeting(
        list=one.list,
        word=Word.STALE if old and back and back.read_at else word,
        words=_first(back.words) if back else "",
        fresh=freshness.of(one.list, one.now),
        match=next((match for match in drawn if match.name == place), None),
        inside=sum(int(count.leaks.get(str(one.list.pk), 0)) for count in known) if known else None,
    )


def _first(words: str) -> str:
    """Return the first sentence of what the platform's look says."""
    said, dot, _ = words.partition(". ")
    return f"{said}." if dot else said
