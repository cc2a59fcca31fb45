"""The process that runs the stand-ins: it ends with its parent, keeps its state, and speaks HTTP/1.1 properly."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.vendors import ROOT, US_KEY, Vendors

COMMAND = [sys.executable, "-m", "sandbox.server"]


def listens(url: str) -> bool:
    """Whether somebody answers at this address."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def wait_until(true: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[[], Vendors]]:
    """Starts stand-ins of the test's own, always on the same state."""
    started: list[Vendors] = []

    def start() -> Vendors:
        started.append(Vendors(tmp_path))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()


def nobody_listens(running: Vendors) -> bool:
    return not any(listens(url) for url in (running.us, running.eu, running.rudder))


def test_it_ends_when_its_input_closes(own: Callable[[], Vendors]) -> None:
    running = own()
    assert all(listens(url) for url in (running.us, running.eu, running.rudder))

    running.stop()

    assert running.process.returncode == 0
    wait_until(lambda: nobody_listens(running))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_to(own: Callable[[], Vendors], number: signal.Signals) -> None:
    running = own()

    running.process.send_signal(number)

    assert running.process.wait(5) == 0
    wait_until(lambda: nobody_listens(running))


def test_all_of_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """The input stays open here: it is the parent's death alone that ends it."""
    held, lifeline = os.pipe()
    go_between = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([*{COMMAND!r}, '--data', sys.argv[1], '--with-parent'], stdin={held})\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", go_between, str(tmp_path)],
        cwd=ROOT,
        pass_fds=[held],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    urls = [word.strip('",}') for word in parent.stdout.readline().split() if "http" in word]
    assert len(urls) == 3
    assert all(map(listens, urls))

    parent.kill()

    wait_until(lambda: not any(map(listens, urls)))
    parent.wait(5)
    for descriptor in (held, lifeline):
        os.close(descriptor)
    parent.stdout.close()


def test_all_of_it_ends_when_it_is_killed(own: Callable[[], Vendors]) -> None:
    running = own()

    running.process.kill()

    wait_until(lambda: nobody_listens(running))


def test_ports_can_be_chosen(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*COMMAND, "--data", str(tmp_path), "--us", str(port), "--with-parent"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    told = process.communicate()[0]

    assert f"http://127.0.0.1:{port}" in told
    assert process.returncode == 0


def test_what_it_knew_is_there_after_a_restart(own: Callable[[], Vendors]) -> None:
    first = own()
    first.people(10)
    number = first.segment(generated={"share": 0.5})
    first.source("wk")
    body = {"batch": [{"type": "record", "messageId": "m"}]}
    first.session.post(f"{first.rudder}/v1/batch", json=body, auth=("wk", ""), timeout=5)
    members = first.members(number)
    first.stop()

    second = own()

    assert second.members(number) == members
    second.session.post(f"{second.rudder}/v1/batch", json=body, auth=("wk", ""), timeout=5)
    assert second.audit("wk")["duplicates"]["messages"] == [{"message_id": "m", "times": 2}]


def test_a_connection_is_kept_for_the_next_request(vendors: Vendors) -> None:
    parts = urlsplit(vendors.us)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    sockets = set()
    for path in ("/v1/info/ip_addresses", "/v1/nothing", "/v1/workspaces"):
        connection.request("GET", path)
        connection.getresponse().read()
        sockets.add(connection.sock)
    connection.close()

    assert len(sockets) == 1


def test_a_body_may_come_in_chunks(vendors: Vendors) -> None:
    vendors.source("wk")
    pieces = iter([b'{"batch": [{"type": ', b'"record", ', b'"n": 1}]}'])

    answer = vendors.session.post(f"{vendors.rudder}/v1/batch", data=pieces, auth=("wk", ""), timeout=5)

    assert answer.text == "ok"
    assert vendors.events("wk") == [{"type": "record", "n": 1}]


def test_an_unread_body_does_not_spoil_the_connection(vendors: Vendors) -> None:
    parts = urlsplit(vendors.rudder)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    for _ in range(2):
        connection.request("POST", "/v1/batch", body=b'{"batch": [1]}')
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (401, b"failed to read writekey from header\n")
    connection.close()


@pytest.mark.slow
def test_a_million_people_are_paged_without_being_held(vendors: Vendors) -> None:
    vendors.people(1_000_000)
    number = vendors.segment(generated={"share": 1.0})
    headers = {"Authorization": f"Bearer {US_KEY}"}
    seen, start = 0, ""
    while True:
        page = vendors.session.get(
            f"{vendors.us}/v1/segments/{number}/membership",
            params={"limit": "30000", "start": start},
            headers=headers,
            timeout=60,
        ).json()
        seen += len(page["identifiers"])
        if not (start := page["next"]):
            break

    assert seen == 1_000_000
    status = Path(f"/proc/{vendors.process.pid}/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert int(peak.split()[1]) < 400_000
