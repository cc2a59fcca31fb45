"""Muster's own processes on a test's database: a clock and workers that are started again when they die, and a Redis to kill."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from redis.exceptions import RedisError

from tests.redis_server import RedisServer
from tests.vendors import ROOT

Start = Callable[[], "subprocess.Popen[bytes]"]


@dataclass
class Process:
    """One of Muster's processes, in a session of its own."""

    start: Start
    process: "subprocess.Popen[bytes]"
    starts: int = 1
    left_dead: bool = False

    def kill(self) -> None:
        """Kill it and everything it started, as when a machine loses its power."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Machinery:
    """`manage.py tick` and `manage.py worker`s; `watch` starts again what died, as a supervisor does."""

    environment: dict[str, str]
    log: Path
    processes: dict[str, Process] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, command: str) -> Process:
        """Start a process and keep it running."""

        def start() -> "subprocess.Popen[bytes]":
            with self.log.open("ab") as log:
                words = [sys.executable, "manage.py", command]
                return subprocess.Popen(
                    words, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
                )

        self.processes[name] = Process(start, start())
        return self.processes[name]

    def watch(self) -> threading.Thread:
        """Look after the processes in a thread, until `stop`."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        return thread

    def _watch(self) -> None:
        while not self.stopping.wait(0.5):
            for one in self.processes.values():
                if one.process.poll() is not None and not one.left_dead:
                    one.process, one.starts = one.start(), one.starts + 1

    def stop(self) -> None:
        """End everything: politely, and after 20 seconds for good."""
        self.stopping.set()
        for one in self.processes.values():
            if one.process.poll() is None:
                one.process.terminate()
        until = time.monotonic() + 20
        for one in self.processes.values():
            try:
                one.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.kill()


@dataclass
class Doomed:
    """A Redis on one socket that is killed, left dead for a while, or emptied, at random."""

    folder: Path
    server: RedisServer
    draw: random.Random
    killed: int = 0
    emptied: int = 0

    def harm(self, seconds: float) -> None:
        """Kill or empty it again and again for so long; it lives afterwards."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(self.draw.uniform(1, 12))
            if self.draw.random() < 0.5:
                self.kill_for(self.draw.choice([0.2, 1, 5, 15]))
            else:
                self.empty()

    def kill_for(self, seconds: float) -> None:
        self.server.process.kill()
        self.server.process.wait()
        self.server.client.close()
        time.sleep(seconds)
        self.server = RedisServer(self.folder)
        self.killed += 1

    def empty(self) -> None:
        try:
            self.server.client.flushall()
            self.emptied += 1
        except RedisError:
            return
