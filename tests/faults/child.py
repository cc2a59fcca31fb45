"""A process that works on a run and dies, or freezes, at its N-th step: a statement or commit at the database, or HTTP.

It is forked from the test's process and meets it in the database only. Death is SIGKILL and freezing SIGSTOP, so
nothing is tidied up. Reads of the database are no steps: a death before one leaves what the step before it left.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import requests
from django.db import connection, connections

from syncs import pipeline
from syncs.lease import LeaseLost

TOOK_OVER = 3
CRASHED = 1
FOR_READING = ("SELECT", "PRAGMA", "WITH", "EXPLAIN")

At = Callable[["Step"], bool]


@dataclass(frozen=True)
class Step:
    """Where a process is: the how-manyeth step, of what kind, and the statement or address."""

    number: int
    kind: str
    """`statement`, `commit`, `committed`, `request` or `reply`: about to, about to, done, about to, received."""
    text: str

    @property
    def to_rudderstack(self) -> bool:
        return self.text.endswith("/v1/batch")


def at_number(number: int) -> At:
    return lambda step: step.number == number


def at_batch(count: int, kind: str) -> At:
    """Return the moment before (`request`) or after (`reply`) the count-th request to RudderStack."""
    seen = [0]

    def now(step: Step) -> bool:
        seen[0] += step.to_rudderstack and step.kind == kind
        return seen[0] == count

    return now


@dataclass
class Steps:
    """Counts the steps of this process, those of the thread that renews leases excepted, and acts when `at` says so."""

    at: At
    act: Callable[[], None]
    count: int = 0
    acted: bool = False
    lock: Any = field(default_factory=threading.Lock)

    def step(self, kind: str, text: str) -> None:
        if threading.current_thread().name.startswith("lease of"):
            return
        with self.lock:
            self.count += 1
            now = not self.acted and self.at(Step(self.count, kind, text))
            self.acted = self.acted or now
        if now:
            self.act()

    def statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().upper().startswith(FOR_READING):
            self.step("statement", sql[:60])
        return execute(sql, params, many, context)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count what this thread does at its connection, and what any thread does by HTTP."""
        sessions, database = cast("Any", requests.Session), cast("Any", connection)
        send, commit = sessions.send, database._commit

        def sent(session: Any, request: Any, **options: Any) -> Any:
            self.step("request", request.url)
            reply = send(session, request, **options)
            self.step("reply", request.url)
            return reply

        def committed() -> None:
            self.step("commit", "")
            commit()
            self.step("committed", "")

        sessions.send, database._commit = sent, committed
        with connection.execute_wrapper(self.statement):
            yield


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def frozen() -> None:
    """Stop at once. Sent to the process, the signal may take another thread first, and this one goes on for a moment."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def never(_step: Step) -> bool:
    return False


alive: set["Child"] = set()


def leave_none() -> None:
    """Kill the children that a failed test left behind: a frozen one may hold the database."""
    for child in list(alive):
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
    alive.clear()


class Child:
    """A forked worker on a run. `told` is how many steps it took, once it has ended by itself."""

    def __init__(self, run_id: int, at: At = never, act: Callable[[], None] = killed) -> None:
        connections.close_all()
        hears, says = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(hears)
            work_and_leave(run_id, Steps(at, act), says)
        os.close(says)
        self.hears = hears
        self.status: int | None = None

        alive.add(self)

    def frozen(self) -> bool:
        """Wait until it is frozen and return True, or False when it ended without."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return True
        self.status = status
        alive.discard(self)
        return False

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def ended(self) -> int:
        """Wait for its end and return its exit code, negative for the signal that killed it."""
        if self.status is None:
            _, self.status = os.waitpid(self.pid, 0)
        alive.discard(self)
        with os.fdopen(self.hears) as told:
            self.told = int(told.read() or 0)
        code = os.waitstatus_to_exitcode(self.status)
        assert code != CRASHED, "the worker met an error that nobody foresaw; its trace is above"
        return code


def work_and_leave(run_id: int, steps: Steps, says: int) -> None:
    """Work in the forked process and end it; nothing of the test that it was forked from may run in it."""
    code = CRASHED
    try:
        connection.ensure_connection()
        with steps.watched():
            pipeline.work(run_id, holder=f"child:{os.getpid()}")
        os.write(says, str(steps.count).encode())
        code = 0
    except LeaseLost:
        code = TOOK_OVER
    finally:
        if code == CRASHED:
            traceback.print_exc(file=sys.__stderr__)
        os._exit(code)
