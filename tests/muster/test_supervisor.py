"""The supervisor with real processes: it starts again what dies, stops in order, and its death leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muster import lifeline, running
from muster.supervisor import Child, Part, Supervisor, keep_small, last_words
from tests.vendors import ROOT

# Appends its name to a file when asked to stop, after `seconds`.
POLITE = """
import signal, sys, time
name, told, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
def stop(*_):
    time.sleep(seconds)
    with open(told, "a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    signal.pause()
"""
STUBBORN = 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("ready", flush=True); signal.pause()'
FAILING = 'import sys; print("no luck"); sys.exit(3)'


def python(code: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-E", "-c", code, *words)


def eventually(is_so: Callable[[], object], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, told: list[str]) -> Iterator[Supervisor]:
    lock = running.lock(tmp_path, wait=0, tell=told.append)
    made = Supervisor(ROOT, tmp_path, lock, 5.0, told.append)
    with made.signals():
        yield made
        made.stop()
    os.close(lock)


def is_ready(supervisor: Supervisor, name: str) -> Callable[[], bool]:
    return lambda: "ready" in last_words(supervisor.logs / f"{name}.log")


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_what_is_killed_starts_again(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.add(Part("web", python(POLITE, "web", str(tmp_path / "told"), "0"), os.environ))
    assert supervisor.watch(is_ready(supervisor, "web"))
    first = pid_of(child)

    os.kill(first, signal.SIGKILL)
    assert supervisor.watch(lambda: child.living and pid_of(child) != first)

    assert "web ended with -9, starts again in 0.25 s" in last_words(tmp_path / "up.log")


def test_it_waits_longer_each_time_and_says_so_once(
    supervisor: Supervisor, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.supervisor.FIRST_DELAY", 0.01)
    child = supervisor.add(Part("web", python(FAILING), os.environ))

    assert supervisor.watch(lambda: child.failures >= 7)

    assert len([words for words in told if words.startswith("web keeps ending.")]) == 1
    assert last_words(supervisor.logs / "web.log").count("no luck") >= 7


def test_a_long_life_clears_what_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(python("pass")) as process:
        process.wait()
        child = Child(Part("web", (), {}), process, began=0.0, failures=6)

        child.note_end(now=1000.0)

    assert (child.failures, child.due) == (0, 1000.25)


def test_delays_have_an_end() -> None:
    child = Child(Part("web", (), {}), failures=40)
    with subprocess.Popen(python(FAILING), stdout=subprocess.DEVNULL) as process:
        process.wait()
        child.process, child.began = process, 99.0

        child.note_end(now=100.0)

    assert child.due == 130.0


def test_what_runs_once_is_not_started_again(supervisor: Supervisor) -> None:
    child = supervisor.add(Part("seed", python("print('ready')"), os.environ, once=True))

    assert supervisor.watch(lambda: child.finished)
    supervisor._look(time.monotonic() + 60)

    assert child.process is None


def test_the_front_stops_first_and_is_waited_for(supervisor: Supervisor, tmp_path: Path) -> None:
    told = tmp_path / "told"
    for name, seconds, back in (("redis", "0", True), ("web", "0", False), ("worker", "0.6", False)):
        supervisor.add(Part(name, python(POLITE, name, str(told), seconds), os.environ, back=back))
        assert supervisor.watch(is_ready(supervisor, name))

    supervisor.stop()

    assert told.read_text().split() == ["web", "worker", "redis"]


def test_who_does_not_stop_is_killed(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lifeline, "COLD_SECONDS", 0.2)
    supervisor.front_seconds = 0.2
    child = supervisor.add(Part("web", python(STUBBORN), os.environ))
    assert supervisor.watch(is_ready(supervisor, "web"))
    pid = pid_of(child)

    supervisor.stop()

    assert not lifeline.alive(pid)


def test_a_second_wish_to_stop_ends_the_patience(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifeline, "COLD_SECONDS", 0.3)
    supervisor.front_seconds = 60.0
    supervisor.add(Part("worker", python(POLITE, "worker", str(tmp_path / "told"), "60"), os.environ))
    assert supervisor.watch(is_ready(supervisor, "worker"))
    os.kill(os.getpid(), signal.SIGTERM)
    assert not supervisor.watch()
    began = time.monotonic()

    with subprocess.Popen(python(f"import os, time; time.sleep(0.3); os.kill({os.getpid()}, {int(signal.SIGTERM)})")):
        supervisor.stop()

    assert time.monotonic() - began < 10


def test_input_is_written_and_closed_or_held(supervisor: Supervisor) -> None:
    reading = "import sys; print(sys.stdin.read(), 'then closed', flush=True); import signal; signal.pause()"
    supervisor.add(Part("redis", python(reading), os.environ, stdin=b"port 0"))
    held = supervisor.add(Part("sandbox", python(reading), os.environ, held=True))

    assert supervisor.watch(lambda: "port 0 then closed" in last_words(supervisor.logs / "redis.log"))
    assert held.living
    assert last_words(supervisor.logs / "sandbox.log") == ""


PARENT = """
import os, sys
from pathlib import Path
from muster import running
from muster.supervisor import Part, Supervisor
home = Path(sys.argv[1])
lock = running.lock(home, wait=0, tell=print)
supervisor = Supervisor(Path.cwd(), home, lock, 5.0, print)
running.note(home, url="http://here")
with supervisor.signals():
    for name, back in (("redis", True), ("web", False), ("worker", False)):
        command = (sys.executable, "-S", "-E", "-c", sys.argv[2], name, str(home / "told"), "0.3")
        supervisor.add(Part(name, command, os.environ, back=back))
    for name in ("redis", "web", "worker"):
        supervisor.watch(lambda: "ready" in (home / f"{name}.log").read_text())
    print(*[child.process.pid for child in supervisor.children], flush=True)
    supervisor.watch()
"""


def test_its_death_stops_everything_in_order_and_only_then_frees_the_home(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), POLITE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 3

        parent.kill()
        parent.wait()

    told: list[str] = []
    lock = running.lock(tmp_path, wait=20, tell=told.append)
    os.close(lock)
    assert told == ["The copy that ran here was killed; waiting until what it started has stopped."]
    assert (tmp_path / "told").read_text().split()[-1] == "redis"
    assert not any(lifeline.alive(pid) for pid in pids)


def test_large_logs_are_cut_and_kept_once(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab") as writing:
        writing.write(b"old\n" * 10)
        writing.flush()
        keep_small(tmp_path, most=20)
        writing.write(b"new\n")

    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"old\n" * 10


def test_last_words_of_a_missing_log_are_none(tmp_path: Path) -> None:
    assert last_words(tmp_path / "web.log") == ""
