"""`manage.py up` as a person uses it: one copy without the demo, with its real processes."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from muster import lifeline
from muster.redis_server import client, free_port
from tests.vendors import ROOT

LINK = re.compile(r"http://127\.0\.0\.1:\d+/setup/\?token=\S+")


def environment(home: Path, port: int, **more: str) -> dict[str, str]:
    """Return an environment as a fresh shell has it."""
    return {
        "PATH": os.environ["PATH"],
        "MUSTER_HOME": str(home),
        "MUSTER_PORT": str(port),
        "MUSTER_DEMO": "0",
        "MUSTER_WORKERS": "1",
        "MUSTER_TICK_SECONDS": "0.3",
        **more,
    }


def up(home: Path, port: int, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment(home, port, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def status(url: str) -> int:
    """Return the status that a browser would meet; redirects are followed."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code


def eventually(is_so: Callable[[], object], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


@dataclass
class Copy:
    """A running copy of Muster."""

    process: subprocess.Popen[str]
    home: Path
    port: int
    line: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def children(self) -> dict[int, str]:
        """Return the processes that it started, by their command lines."""
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                words = stat.read_text().rpartition(")")[2].split()
                if int(words[1]) == self.process.pid and words[0] != "Z":
                    found[int(stat.parent.name)] = (stat.parent / "cmdline").read_text().replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def pid_of(self, words: str) -> int:
        """Return the process whose command line holds these words; 0 when there is none."""
        return next((pid for pid, command in self.children().items() if words in command), 0)

    def beat(self, name: str) -> dict[str, Any]:
        """Return the beat of a part of the machinery, as stored."""
        with sqlite3.connect(self.home / "muster.sqlite3", timeout=20) as database:
            database.row_factory = sqlite3.Row
            row = database.execute("SELECT * FROM syncs_beat WHERE name = ?", (name,)).fetchone()
        return dict(row) if row else {"count": 0, "working": 0, "at": ""}


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")


def is_another(copy: Copy, words: str, pid: int) -> bool:
    return copy.pid_of(words) not in {0, pid}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    home, port = tmp_path_factory.mktemp("home") / "a folder with a long name" / ("deep" * 20), free_port()
    process = up(home, port)
    assert process.stdout is not None
    made = Copy(process, home, port, process.stdout.readline())
    if not made.line:
        raise AssertionError(process.communicate()[1])
    yield made
    if process.poll() is None:
        process.terminate()
    process.wait(60)
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()


def test_it_prints_one_line_with_a_link_for_the_first_administrator_that_works(copy: Copy) -> None:
    assert copy.line.startswith(f"Muster is at {copy.url} and has no administrator yet")
    link = LINK.search(copy.line)
    assert link is not None

    assert status(link[0]) == 200
    assert status(f"{copy.url}/setup/?token=guessed") == 410
    assert status(f"{copy.url}/sign-in/") == 200


def test_nothing_but_the_owner_may_read_its_home(copy: Copy) -> None:
    secret = [copy.home, *(path for path in copy.home.iterdir() if path.name != "static"), copy.home / "redis"]

    assert [path for path in secret if path.stat().st_mode & 0o077] == []


def test_what_is_killed_comes_back(copy: Copy) -> None:
    assert eventually(lambda: copy.beat("workers")["count"] == 1)
    before = {words: copy.pid_of(words) for words in ("gunicorn", "manage.py worker", "manage.py tick")}
    assert all(before.values())

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    assert status(f"{copy.url}/sign-in/") == 200  # the socket stayed open: the visitor only waited
    for words, pid in before.items():
        assert eventually(partial(is_another, copy, words, pid))


def test_redis_comes_back_with_what_it_held_and_the_beat_says_so(copy: Copy) -> None:
    url = json.loads((copy.home / "running.json").read_text())["redis_url"]
    with client(url) as asked:
        asked.set("kept", "yes")
    time.sleep(1.1)  # it writes to disk once a second

    os.kill(copy.pid_of("valkey-server") or copy.pid_of("redis-server"), signal.SIGKILL)

    def is_back() -> bool:
        with client(url) as asked:
            try:
                return bool(asked.get("kept") == b"yes")
            except RedisError:
                return False

    assert eventually(is_back)
    assert eventually(lambda: copy.beat("redis")["working"])
    assert eventually(lambda: copy.beat("workers")["working"])


def test_a_second_copy_in_the_same_home_is_refused_with_a_sentence(copy: Copy) -> None:
    second = up(copy.home, free_port())

    told, refused = second.communicate(timeout=60)

    assert second.returncode == 1
    assert told == ""
    assert refused.startswith(f"Muster runs in {copy.home} already, at {copy.url}")


def test_a_taken_port_is_said(copy: Copy, tmp_path: Path) -> None:
    second = up(tmp_path, copy.port)

    told, refused = second.communicate(timeout=60)

    assert second.returncode == 1
    assert told == ""
    assert refused.startswith(
        f"Port {copy.port} on 127.0.0.1 cannot be used (Address already in use). Nothing was started"
    )


def test_a_given_redis_that_does_not_answer_is_said(tmp_path: Path) -> None:
    refused = up(tmp_path, free_port(), REDIS_URL="redis://127.0.0.1:1/0").communicate(timeout=60)[1]

    assert refused.startswith("The Redis that REDIS_URL names (127.0.0.1) does not answer")


def test_a_setting_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    refused = up(tmp_path, free_port(), MUSTER_WORKERS="many").communicate(timeout=60)[1]

    assert refused == "MUSTER_WORKERS is 'many'. Set it to a number.\n"


def test_sigterm_stops_everything_and_leaves_nothing_behind(copy: Copy) -> None:
    pids = list(copy.children())
    assert len(pids) >= 5
    redis_url = json.loads((copy.home / "running.json").read_text())["redis_url"]

    copy.process.terminate()

    assert copy.process.wait(30) == 0
    assert not any(lifeline.alive(pid) for pid in pids)
    assert not (copy.home / "running.json").exists()
    assert not Path(redis_url.removeprefix("unix://")).parent.exists()
    assert copy.process.stdout is not None
    assert copy.process.stdout.read() == ""
