"""Cuts a pass into requests: consecutive people from the run's cursor on, of a size that RudderStack digests well."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F

from .eligibility import name_of
from .lease import Lease
from .models import Run
from .outbox import prefix_of
from .payload import AUDIENCELIST, LIST_ROWS
from .plan import ADD, CHANGE, REASSERT
from .rudderstack import LARGEST_BODY
from .work import Maker, Work

QUICK, SLOW = 0.6, 3.0  # seconds a request: below, the next may be twice as large; above, half
SMALLEST = 20_000
EVENT_OVERHEAD = 64
OP_FIELDS = {ADD: "adds", CHANGE: "changes", REASSERT: "reasserts"}


@dataclass
class Cut:
    """People for one request, their key interval, and what the run's row becomes with it."""

    works: list[Work]
    span: tuple[bytes, bytes]
    fields: dict[str, Any]


class Cutter:
    """Holds the rest of the prefix being cut, so that it is made once."""

    def __init__(self, maker: Maker, lease: Lease) -> None:
        self.maker, self.lease = maker, lease
        run: Run = lease.row
        self.aim = run.batch_bytes or settings.BATCH_BYTES
        self.limit = run.batch_limit or LARGEST_BODY
        self._rest: Work | None = None
        self._number = 0
        self._pass = ""
        self._cursor = b""
        self._lost: list[tuple[bytes, int, int]] = []

    def next(self, pass_name: str) -> Cut | None:
        """Return the next people of a pass, None at its end."""
        if pass_name != self._pass:
            self._begin(pass_name)
        self.maker.ask_who_is_out()
        works: list[Work] = []
        left, rows = min(self.aim, self.limit), self.most_people()
        while rows > 0 and left > 0 and (work := self._current()) is not None:
            stop, size = self._fitting(work, left, rows, first=not works)
            # A prefix cut in two is written twice to the ledger: a request that is half full ends before it.
            if stop == 0 or (works and stop < len(work) and self._half_full(left, rows)):
                break
            works.append(work.cut(0, stop) if stop < len(work) else work)
            left -= size
            rows -= stop
            self._rest = work.cut(stop, len(work)) if stop < len(work) else None
            if self._rest is None:
                self._number += 1
        if not works:
            if fields := self._lost_below(b""):
                self.lease.write(cursor_pass=pass_name, cursor_key=END, **fields)
            return None
        following = self._current()
        end = following.key[:1].tobytes() if following is not None else b""
        span = (self._cursor, end)
        fields = {
            "cursor_pass": pass_name,
            "cursor_key": end or END,
            "batch_bytes": self.aim,
            "batch_limit": self.limit,
        }
        if self.limit == LARGEST_BODY:
            fields["batch_limit"] = 0
        return Cut(works, span, fields)

    def _half_full(self, left: int, rows: int) -> bool:
        return left * 2 <= min(self.aim, self.limit) or rows * 2 <= self.most_people()

    def moved(self, cut: Cut) -> None:
        """The cut is noted: the next one begins behind it."""
        self._cursor = cut.span[1]

    def most_people(self) -> int:
        """Return the most people in one request."""
        return (
            min(settings.BATCH_PEOPLE, LIST_ROWS) if self.maker.run.payload == AUDIENCELIST else settings.BATCH_PEOPLE
        )

    def learn(self, size: int, seconds: float) -> None:
        """Aim at larger requests while they are answered quickly, at smaller ones when slowly."""
        if seconds < QUICK and size * 2 > self.aim:
            self.aim = min(self.aim * 2, self.limit)
        elif seconds > SLOW:
            self.aim = max(SMALLEST, self.aim // 2)

    def too_large(self, size: int) -> None:
        """A body of this size was refused: stay below it."""
        self.limit = max(SMALLEST // 10, min(self.limit, size * 9 // 10))
        self.aim = min(self.aim, max(SMALLEST // 10, size // 2))

    def _begin(self, pass_name: str) -> None:
        run: Run = self.lease.row
        self._pass, self._rest, self._lost = pass_name, None, []
        self._cursor = bytes(run.cursor_key) if run.cursor_pass == pass_name else b""
        ended = self._cursor == END
        self._number = self.maker.ledger.shards if ended else prefix_of(self._cursor, self.maker.ledger.shards)

    def _current(self) -> Work | None:
        """Return what is left of the prefix being cut, or the next prefix that has people; None at the end."""
        while self._rest is None and self._number < self.maker.ledger.shards:
            work = self.maker.work(self._pass, self._number, (self._cursor, b""))
            keys = [work.lost_key[place : place + 1].tobytes() for place in range(len(work.lost_key))]
            self._lost += zip(keys, work.lost_op.tolist(), work.lost_why.tolist(), strict=True)
            if len(work):
                self._rest = work
            else:
                self._number += 1
        return self._rest

    def _lost_below(self, end: bytes) -> dict[str, Any]:
        """Return how the run's figures change for people below `end` who were erased or opted out since the plan."""
        mine = [(op, name_of(why, [])) for key, op, why in self._lost if not end or key < end]
        if not mine:
            return {}
        self._lost = self._lost[len(mine) :]
        run: Run = self.lease.row
        left_out = dict(Counter(run.left_out) + Counter(why for _, why in mine))
        by_op = Counter(OP_FIELDS[op] for op, _ in mine)
        fewer = {name: F(name) - count for name, count in by_op.items()}
        return {"left_out": left_out, "wanted": F("wanted") - len(mine), **fewer}

    @staticmethod
    def _fitting(work: Work, left: int, rows: int, *, first: bool) -> tuple[int, int]:
        """Return how many of the work's people fit, and their size; a request holds one in any case."""
        fitting = min(work.rows.fitting(left - EVENT_OVERHEAD), rows)
        fitting = max(fitting, 1 if first else 0)
        return fitting, int(work.rows.ends[fitting - 1]) if fitting else 0


# A cursor behind every key: the pass is cut to its end. No key of 16 bytes is longer than this.
END = b"\xff" * 16
