"""Customer.io's webhooks: signs events and posts them, gives up an attempt after 4 s, and holds the rest behind a failure."""

from __future__ import annotations

import hmac
import http.client
import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

TIMEOUT: Final = 4.0
HOUR_LONG: Final = frozenset({400, 401, 402, 403, 404, 405, 410, 429, 500, 502, 521})
HOUR: Final = 3600.0
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 3600.0
NOBODY: Final = 0  # the status of an attempt without an answer
KEPT: Final = 10_000


def signed(key: str, timestamp: str, body: bytes) -> str:
    """The signature of scheme v0."""
    return hmac.digest(key.encode(), b"v0:" + timestamp.encode() + b":" + body, "sha256").hex()


@dataclass
class Sender:
    """One webhook. Reporting webhooks have one lane and keep the order; actions of workflows may have several.

    `resign`: whether an attempt is signed anew or carries the time of the first one; the vendor does not say.
    """

    endpoint: str
    key: str
    lanes: int = 1
    speed: float = 1.0
    hour_seconds: float = 0.0
    resign: bool = True
    queue: deque[tuple[bytes, str]] = field(default_factory=deque)
    statuses: Counter[int] = field(default_factory=Counter)
    attempts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    delivered: int = 0
    flying: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._lock = threading.Condition()
        self.threads = [threading.Thread(target=self._lane, daemon=True) for _ in range(self.lanes)]
        for thread in self.threads:
            thread.start()

    def send(self, events: list[Any], *, duplicate: bool = False, shuffle: int | None = None) -> int:
        """Queue events: JSON values, or texts that are sent as they are. Returns how many will be sent."""
        bodies = [event.encode() if isinstance(event, str) else orjson.dumps(event) for event in events]
        if duplicate:
            bodies = [body for body in bodies for _ in range(2)]
        if shuffle is not None:
            random.Random(shuffle).shuffle(bodies)
        with self._lock:
            self.queue.extend((body, "") for body in bodies)
            self._lock.notify_all()
        return len(bodies)

    def once(self, event: Any, *, forge: bool = False, age: float = 0.0) -> int:
        """Post one event past the queue, with a wrong signature or an old time; nobody tries it again. Returns the status."""
        body = event.encode() if isinstance(event, str) else orjson.dumps(event)
        connection = self._connection()
        try:
            return self._post(
                connection, body, f"{int(time.time() - age)}", "no key of this webhook" if forge else self.key
            )
        finally:
            connection.close()

    def idle(self) -> bool:
        """Whether everything was delivered."""
        with self._lock:
            return not self.queue and not self.flying

    def state(self) -> dict[str, Any]:
        """What became of it so far."""
        with self._lock:
            return {
                "queued": len(self.queue) + self.flying,
                "delivered": self.delivered,
                "statuses": {str(status): times for status, times in self.statuses.items()},
            }

    def stop(self) -> None:
        """End the lanes; what is queued stays undelivered."""
        self.stopping.set()
        with self._lock:
            self._lock.notify_all()

    def _lane(self) -> None:
        connection = self._connection()
        while (taken := self._next()) is not None:
            body, timestamp = taken
            failures = 0
            while not self.stopping.is_set():
                stamp = timestamp or f"{int(time.time())}"
                timestamp = "" if self.resign else stamp
                status = self._post(connection, body, stamp, self.key)
                if 200 <= status < 300:
                    break
                failures += 1
                # Everything behind it waits in this lane: that is what the vendor does.
                self.stopping.wait(self._wait(status, failures))
            with self._lock:
                self.flying -= 1
                self.delivered += not self.stopping.is_set()

    def _next(self) -> tuple[bytes, str] | None:
        with self._lock:
            while not self.queue and not self.stopping.is_set():
                self._lock.wait()
            if self.stopping.is_set():
                return None
            self.flying += 1
            return self.queue.popleft()

    def _wait(self, status: int, failures: int) -> float:
        if status in HOUR_LONG or status == NOBODY:
            return self.hour_seconds or HOUR / self.speed
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (failures - 1)) / self.speed

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.endpoint)
        return http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)

    def _post(self, connection: http.client.HTTPConnection, body: bytes, timestamp: str, key: str) -> int:
        headers = {
            "Content-Type": "application/json",
            "X-CIO-Timestamp": timestamp,
            "X-CIO-Signature": signed(key, timestamp, body),
        }
        began = time.monotonic()
        try:
            connection.request("POST", urlsplit(self.endpoint).path, body, headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            status = NOBODY
        with self._lock:
            self.statuses[status] += 1
            self.attempts.append({"at": time.time(), "status": status, "seconds": time.monotonic() - began})
        return status


class Senders:
    """The webhooks of one workspace, by number. They live in memory: a sandbox that stops has sent what it has sent."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.all: dict[int, Sender] = {}

    def add(self, wanted: dict[str, Any]) -> int:
        """Make a webhook: {endpoint, key, kind, lanes, hour_seconds, resign}."""
        kind = wanted.get("kind", "reporting")
        if kind not in {"reporting", "action"}:
            raise ValueError("kind is reporting or action")
        number = len(self.all) + 1
        self.all[number] = Sender(
            endpoint=str(wanted["endpoint"]),
            key=str(wanted["key"]),
            lanes=1 if kind == "reporting" else int(wanted.get("lanes", 4)),
            speed=self.speed,
            hour_seconds=float(wanted.get("hour_seconds", 0)),
            resign=bool(wanted.get("resign", True)),
        )
        return number

    def clear(self) -> None:
        """Forget all of them, and stop what they send."""
        for sender in self.all.values():
            sender.stop()
        self.all.clear()
