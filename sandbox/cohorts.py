"""Cohorts of an analytics tool, made by order on a trait: who has it true, at whatever destination of this type they came in."""

from __future__ import annotations

import threading
from base64 import b64decode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sandbox.platform_clock import Clock
from sandbox.platform_lists import Behind, Held, Look, PlatformLists
from sandbox.platform_standin import PlatformStandIn
from sandbox.standin import ErrorReply, Handle
from sandbox.store import Store
from sandbox.web import Request


class Cohorts(PlatformLists):
    """A project's cohorts. One is ordered with `trait`, or with `members` where nothing of RudderStack's is in it.

    `settle_seconds` is how long the tool computes after its users changed; until then a cohort shows what it was before.
    """

    def __init__(self, store: Store, behind: Behind, type: str, options: dict[str, Any]) -> None:
        super().__init__(store, behind, type, options, self.having)

    def look(self, held: Held) -> Look:
        """What the tool shows of a cohort now."""
        if not held.wanted.get("trait"):
            return super().look(held)
        changed = self.changed()
        if changed is None:
            return Look(None, None, False, None, None)
        now, options = self.clock.now(), self.options() | held.wanted
        if held.wanted.get("settling") or now < changed + float(options["settle_seconds"]):
            old = self.store.row("SELECT * FROM looks WHERE external = ?", (held.external_id,))
            before = (old["people"], old["matched"], old["computed"]) if old else (None, None, None)
            return Look(before[0], before[1], True, changed, before[2])
        return self._computed(held, options, changed, now)

    def changed(self) -> float | None:
        """When users of this project last came in, in the tool's time; what came in is applied."""
        moments = []
        for place in self.places():
            self.behind.delivery.catch_up(place)
            moments.append(
                self.behind.inbox.store.value(
                    "SELECT max(at) FROM requests WHERE source = ? AND stored = 1", (place["source"],)
                )
            )
        known = [float(moment) for moment in moments if moment is not None]
        return self.clock.at(max(known)) if known else None

    def places(self) -> list[Any]:
        """The destinations of this type, whichever source they are behind: one project takes them all."""
        return self.behind.inbox.store.rows("SELECT * FROM destinations WHERE type = ? ORDER BY id", (self.type,))

    def having(self, held: Held, since: float) -> tuple[int, int]:
        """Distinct users whose trait is true, twice: a tool knows everybody it has."""
        numbers = [place["id"] for place in self.places()]
        found: int = self.behind.delivery.store.value(
            f"SELECT count(DISTINCT user) FROM users u WHERE destination IN ({','.join('?' * len(numbers))}) AND EXISTS "
            "(SELECT 1 FROM json_each(u.traits) t WHERE t.key = ? AND t.type = 'true')",
            (*numbers, held.wanted["trait"]),
        )
        return found, found


class TooMany(Exception):
    """Over a limit. `wait` is in seconds; 0: too many at once."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


class Limits:
    """So many requests in a sliding window of the platform's time, and so many at once. The windows run at `speed`."""

    def __init__(self, clock: Clock, speed: float, windows: tuple[tuple[int, float], ...], at_once: int) -> None:
        self.clock, self.windows, self.at_once = clock, [(most, span / speed) for most, span in windows], at_once
        self._lock = threading.Lock()
        self._taken: deque[float] = deque()
        self._now = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Count one request while it is answered. Raises TooMany."""
        with self._lock:
            now = self.clock.now()
            for most, span in self.windows:
                within = [moment for moment in self._taken if moment > now - span]
                if len(within) >= most:
                    raise TooMany(within[0] + span - now)
            if self._now >= self.at_once:
                raise TooMany(0)
            self._taken.append(now)
            self._now += 1
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def forget(self) -> None:
        """Nobody has asked for anything yet."""
        with self._lock:
            self._taken.clear()


class CohortStandIn(PlatformStandIn):
    """An analytics tool below /platforms/NAME, with its limits."""

    def __init__(self, cohorts: Cohorts, limits: Limits, handle: Handle, error: ErrorReply) -> None:
        super().__init__(cohorts, handle, error)
        self.limits = limits

    def forget(self) -> None:
        """Forget orders, faults, records, and who asked how often."""
        super().forget()
        self.limits.forget()


def basic_pair(request: Request) -> tuple[str, str]:
    """User name and password of HTTP Basic, empty where there is none."""
    kind, _, value = request.header("Authorization").partition(" ")
    try:
        name, _, password = b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (name, password) if kind.lower() == "basic" else ("", "")


def shaped(held: Held, entry: dict[str, Any]) -> dict[str, Any]:
    """A cohort's entry as ordered: with `fields` added or replaced, and without those in `omit`."""
    changed = entry | dict(held.wanted.get("fields", {}))
    return {key: value for key, value in changed.items() if key not in held.wanted.get("omit", [])}


def written(moment: float | None, form: str = "%Y-%m-%dT%H:%M:%S.%fZ") -> str | None:
    """A moment in UTC as text."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime(form)
