"""Collects the people of one segment from Customer.io: one page and attributes where that is all of them, else an export."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from django.conf import settings
from django.db import connection

from audiences.customerio import LARGEST_BULK, VENDOR, CustomerIo, Export
from audiences.membership import Malformed, MissingColumns, Page, Values, export_values
from muster.http import Gone, RateLimited, Unreadable, VendorError

from .people import Asked, Columnist
from .spool import Spool

Found = TypeVar("Found")

BACK_OFF: Final = (1.0, 3.0, 9.0, 27.0, 60.0)
LONGEST_WAIT: Final = 300.0
POLL_FIRST, POLL_GROWTH, POLL_MOST = 1.0, 1.5, 15.0
THREADS: Final = 4
BEAT_SECONDS: Final = 0.5
PEOPLE_AT_ONCE: Final = 8_192
DROPPED: Final = "Customer.io dropped the export before it could be read."


class Miss(Exception):
    """The reading may not be believed; a second one may be. `code` and the sentence say why."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Broken(Exception):
    """The segment cannot be read, and trying again at once would not help. `words`: what happened, and what to do next."""

    def __init__(self, code: str, happened: str, next_step: str) -> None:
        super().__init__(happened)
        self.code, self.happened, self.next_step = code, happened, next_step


class Halted(Exception):
    """Another thread met an error: this one's work is no longer wanted."""


def at_usual_pace(seconds: float) -> float:
    """Return the seconds to wait: as they are at the pace that Customer.io allows, shorter where the pace is set higher."""
    return seconds * 8 / max(8.0, float(settings.CUSTOMERIO_RATE))


def patiently(ask: Callable[[], Found], pause: Callable[[float], None]) -> Found:
    """Return what `ask` returns, asked up to six times while its failure may pass. Raises the last VendorError."""
    for seconds in (*BACK_OFF, None):
        try:
            return ask()
        except VendorError as error:
            asked = (error.retry_after or 0.0) if isinstance(error, RateLimited) else 0.0
            if not error.retryable or seconds is None or asked > LONGEST_WAIT:
                raise
        pause(max(asked, at_usual_pace(seconds * random.uniform(0.5, 1.5))))
    raise AssertionError("the last try returns or raises")


@dataclass
class Collector:
    """Collects for one reading. `pause` waits, and raises when the reading must stop; `beat` only raises."""

    client: CustomerIo
    segment: int
    asked: Asked
    columnist: Columnist
    beat: Callable[[], None]
    pause: Callable[[float], None]

    def ask(self, request: Callable[[], Found]) -> Found:
        return patiently(request, self.pause)

    @property
    def columns(self) -> list[str]:
        """Return the columns of an export, all asked for by name."""
        return ["cio_id", "id", *self.asked.attributes]

    @contextmanager
    def from_page(self, page: Page) -> Iterator[tuple[Spool, int]]:
        """Give the people of a page, and how many of them had no attributes any more."""
        names = [name for name in self.asked.attributes if name != "email" or page.emails is None]
        found = self._attributes(page.cio_ids, names) if names else {}
        blank = [""] * len(names)
        rows = [found.get(cio_id, blank) for cio_id in page.cio_ids]
        values: dict[str, Sequence[str]] = {"cio_id": page.cio_ids, "id": page.ids}
        if page.emails is not None:
            values["email"] = page.emails
        values |= {name: [row[place] for row in rows] for place, name in enumerate(names)}
        missing = len(set(page.cio_ids) - found.keys()) if names else 0
        with Spool(len(page.cio_ids), settings.HOME / "spool") as spool:
            for start in range(0, len(page.cio_ids), PEOPLE_AT_ONCE):
                part = {name: column[start : start + PEOPLE_AT_ONCE] for name, column in values.items()}
                spool.add(self.columnist.columns(part))
                self.beat()
            yield spool, missing

    def _attributes(self, cio_ids: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
        """Ask for the attributes of everybody, a few requests at a time: the pace is what limits, not the answers' time."""
        distinct = list(dict.fromkeys(cio_ids))
        starts = range(0, len(distinct), LARGEST_BULK)
        parts = iter([distinct[start : start + LARGEST_BULK] for start in starts])
        found: dict[str, list[str]] = {}
        halt = threading.Event()

        def rest(seconds: float) -> None:
            if halt.wait(seconds):
                raise Halted

        def work() -> None:
            with closing(connection), suppress(Halted):
                for part in parts:
                    rest(0)
                    found.update(patiently(partial(self.client.attributes, part, names), rest))

        with ThreadPoolExecutor(THREADS) as threads:
            pending: set[Future[None]] = {threads.submit(work) for _ in range(min(THREADS, len(starts)))}
            try:
                while pending:
                    done, pending = wait(pending, BEAT_SECONDS, FIRST_EXCEPTION)
                    for one in done:
                        one.result()
                    self.beat()
            finally:
                halt.set()
        return found

    def start_export(self) -> Export:
        """Ask Customer.io for an export of the segment as it is now."""
        return self.ask(lambda: self.client.start_export(self.segment, self.columns))

    def finished_export(self, number: int, *, until: datetime, clock: Callable[[], datetime]) -> Export:
        """Wait for an export. Raises Miss when it failed or was dropped, Broken when it is not done in time."""
        seconds = POLL_FIRST
        while True:
            try:
                export = self.ask(lambda: self.client.export(number))
            except Gone:
                raise Miss("export_failed", DROPPED) from None
            if export.has_failed:
                raise Miss("export_failed", "Customer.io could not finish the export.")
            if export.is_done:
                return export
            if clock() > until:
                raise Broken(
                    "export_slow",
                    "Customer.io did not finish the export in time.",
                    "Look in Customer.io whether exports are held up, then sync again.",
                )
            self.pause(at_usual_pace(seconds))
            seconds = min(seconds * POLL_GROWTH, POLL_MOST)

    @contextmanager
    def from_export(self, export: Export) -> Iterator[Spool]:
        """Give the people of an export that is done; each try to download it starts from nothing. Raises Miss."""
        try:
            spool = self.ask(lambda: self._download(export))
        except Gone:
            raise Miss("export_failed", DROPPED) from None
        with spool:
            yield spool

    def _download(self, export: Export) -> Spool:
        with ExitStack() as unless_whole, self.client.download(export.number) as chunks:
            spool = unless_whole.enter_context(Spool(export.total, settings.HOME / "spool"))
            for values in self._exported(chunks):
                spool.add(self.columnist.columns(values))
                self.beat()
                if spool.rows > export.total:
                    raise Miss("incomplete", f"Customer.io's export counts {export.total:,} rows, but more arrived.")
            unless_whole.pop_all()
        return spool

    def _exported(self, chunks: Iterator[bytes]) -> Iterator[Values]:
        try:
            yield from export_values(chunks, self.columns)
        except MissingColumns as error:
            raise Broken(
                "columns_missing",
                f"Customer.io's export lacks {', '.join(error.names)}.",
                "Check that the attributes have these names in Customer.io, then sync again.",
            ) from None
        except Malformed as error:
            raise Unreadable(VENDOR, f"Instead of an export came {error}.") from None
