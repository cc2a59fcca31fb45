"""Runs a set of processes: starts them, starts again what dies, and stops them in order.

Everything happens in one thread. Each process leads a session of its own, so that Ctrl-C reaches only this one, which
then asks each of them once. Their output goes to files that are kept small.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from . import lifeline

FIRST_DELAY, LONGEST_DELAY = 0.25, 30.0
STEADY_SECONDS = 30.0
COMPLAIN_AFTER = 5
LOG_BYTES = 4 << 20
LOOK_AT_LOGS_EVERY = 20.0


@dataclass(frozen=True)
class Part:
    """One process. `back` ones start first and stop last. `stdin` is written and closed, `held` keeps it open instead.

    `once`: it is not started again after it ended well.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    back: bool = False
    once: bool = False
    stdin: bytes = b""
    held: bool = False
    descriptors: tuple[int, ...] = ()


@dataclass
class Child:
    """A part with its process: `due` is when it is to be started next, on the monotonic clock."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    due: float = 0.0
    failures: int = 0
    finished: bool = False

    @property
    def living(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def note_end(self, now: float) -> None:
        """Say when to start it again: at once after a long life, later and later while it keeps dying."""
        assert self.process is not None
        if self.part.once and self.process.returncode == 0:
            self.finished = True
        self.failures = 0 if now - self.began > STEADY_SECONDS else self.failures + 1
        self.due = now + min(LONGEST_DELAY, FIRST_DELAY * 2 ** max(0, self.failures - 1))
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        self.process = None


@dataclass
class Supervisor:
    """Use inside of `with supervisor.signals():`. Leaving that stops nothing: call `stop` before.

    `logs` is the folder of the log files, `lock` an open file that stays locked until everything has ended.
    `front_seconds` is how long the front may take to stop: a worker's slice and some more. `tell` says a sentence to
    the person at the terminal.
    """

    root: Path
    logs: Path
    lock: int
    front_seconds: float
    tell: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    asked: int = 0
    _guard: subprocess.Popen[bytes] | None = None
    _wake: tuple[socket.socket, socket.socket] | None = None
    _looked: float = 0.0

    # Starting

    def add(self, part: Part) -> Child:
        """Start a part now and keep it running from here on."""
        child = Child(part)
        self.children.append(child)
        self._start(child)
        return child

    def _start(self, child: Child) -> None:
        part = child.part
        with (self.logs / f"{part.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                part.command,
                cwd=self.root,
                env=dict(part.environment),
                stdin=subprocess.PIPE if part.stdin or part.held else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=part.descriptors,
                start_new_session=True,
            )
        child.began = time.monotonic()
        if part.stdin:
            assert child.process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                child.process.stdin.write(part.stdin)
                child.process.stdin.close()
        self._tell_guard()

    def _tell_guard(self) -> None:
        """Tell the process that outlives this one whom it would have to end; start it where it is missing."""
        if self._guard is None or self._guard.poll() is not None:
            command = [sys.executable, "-m", lifeline.__name__, str(self.front_seconds)]
            self._guard = subprocess.Popen(
                command, cwd=self.root, stdin=subprocess.PIPE, pass_fds=(self.lock,), start_new_session=True
            )
        assert self._guard.stdin is not None
        table = {"front": self._pids(back=False), "back": self._pids(back=True)}
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.write(json.dumps(table).encode() + b"\n")
            self._guard.stdin.flush()

    def _pids(self, *, back: bool) -> list[int]:
        return [child.process.pid for child in self.children if child.process and child.part.back is back]

    # Watching

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Note SIGINT, SIGTERM and SIGHUP as wishes to stop, and wake up when a process ends."""
        self._wake = reader, writer = socket.socketpair()
        for end in self._wake:
            end.setblocking(False)
        # Under nohup SIGHUP is ignored, and stays so.
        heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._asked) for number in heard}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        old = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            reader.close()
            writer.close()

    def _asked(self, *_: object) -> None:
        self.asked += 1

    def watch(self, until: Callable[[], bool] | None = None) -> bool:
        """Keep everything running until `until` says yes, asked ten times a second, or somebody asks to stop.

        Return whether `until` said yes.
        """
        while not self.asked:
            if until is not None and until():
                return True
            self._look(time.monotonic())
            self._sleep(0.1 if until is not None else 1.0)
        return False

    def _look(self, now: float) -> None:
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, now)
            if child.process is None and not child.finished and child.due <= now:
                self._start(child)
        if now - self._looked > LOOK_AT_LOGS_EVERY:
            self._looked = now
            keep_small(self.logs)
            self._tell_guard()

    def _ended(self, child: Child, now: float) -> None:
        assert child.process is not None
        code = child.process.returncode
        child.note_end(now)
        if child.finished:
            return
        self.note(f"{child.part.name} ended with {code}, starts again in {child.due - now:.2f} s")
        if child.failures == COMPLAIN_AFTER:
            self.tell(f"{child.part.name} keeps ending. Muster keeps trying; the reason is in {self.logs}.")

    def _sleep(self, longest: float) -> None:
        assert self._wake is not None
        now = time.monotonic()
        due = [child.due - now for child in self.children if child.process is None and not child.finished]
        reader = self._wake[0]
        if select.select([reader], [], [], max(0.0, min([longest, *due])))[0]:
            reader.recv(4096)

    def note(self, words: str) -> None:
        """Write a line to the supervisor's own log."""
        with (self.logs / "up.log").open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {words}\n")

    # Stopping

    def stop(self) -> None:
        """Stop everything: once asked politely; a second wish to stop meanwhile ends the patience with the front."""
        seen = self.asked
        processes = {child.process.pid: child.process for child in self.children if child.process}

        def lives(pid: int) -> bool:
            return processes[pid].poll() is None

        lifeline.stop(self._pids(back=False), self.front_seconds, lives=lives, hurry=lambda: self.asked > seen)
        lifeline.stop(self._pids(back=True), lifeline.BACK_SECONDS, lives=lives)
        for child in self.children:
            if child.process is not None and child.process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    child.process.stdin.close()
            child.process = None
        if self._guard is not None and self._guard.stdin is not None:
            self._tell_guard()
            self._guard.stdin.close()
            self._guard.wait(lifeline.BACK_SECONDS)


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def keep_small(logs: Path, most: int = LOG_BYTES) -> None:
    """Move what is in a large log file to a second one beside it: at most twice `most` bytes are kept of each.

    The file is emptied in place, since the process goes on writing at its end. A line written in between can be lost.
    """
    for log in logs.glob("*.log"):
        if log.stat().st_size > most:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def last_words(log: Path, most: int = 2000) -> str:
    """Return the end of a log file."""
    try:
        with log.open("rb") as file:
            return tail(file, most)
    except FileNotFoundError:
        return ""


def tail(file: BinaryIO, most: int) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - most))
    return file.read().decode("utf-8", "replace").strip()
