"""One copy of Muster in one home, and a port that is said to be taken."""

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from muster import running
from muster.running import CannotRun


def test_a_second_copy_is_refused_with_a_sentence(tmp_path: Path) -> None:
    lock = running.lock(tmp_path, wait=0, tell=print)
    running.note(tmp_path, url="http://127.0.0.1:8000", redis_url="unix:///x")

    with pytest.raises(CannotRun, match=r"runs in .* already, at http://127.0.0.1:8000 .* Nothing was started"):
        running.lock(tmp_path, wait=60, tell=print)
    os.close(lock)


def test_a_copy_that_still_starts_is_waited_for(tmp_path: Path) -> None:
    lock, told = running.lock(tmp_path, wait=0, tell=print), list[str]()

    with pytest.raises(CannotRun, match="Try again in a minute"):
        running.lock(tmp_path, wait=0.2, tell=told.append)
    os.close(lock)

    assert told == ["Another copy of Muster starts or stops in this home; waiting for it."]


def test_a_home_that_is_free_again_is_taken(tmp_path: Path) -> None:
    os.close(running.lock(tmp_path, wait=0, tell=print))

    os.close(running.lock(tmp_path, wait=0, tell=print))


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CannotRun, match=r"cannot be written .* MUSTER_HOME="):
        running.lock(tmp_path / "file" / "home", wait=0, tell=print)


def test_a_taken_port_is_said_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotRun, match=rf"Port {port} .* MUSTER_PORT={port + 1} make run"):
            running.listen("127.0.0.1", port)


def test_what_runs_is_noted_for_the_owner_only_and_forgotten(tmp_path: Path) -> None:
    running.note(tmp_path, url="http://here", redis_url="redis://:secret@127.0.0.1:1/0")

    assert running.read(tmp_path)["redis_url"] == "redis://:secret@127.0.0.1:1/0"
    assert stat.S_IMODE((tmp_path / running.FILE).stat().st_mode) == 0o600

    running.forget(tmp_path)
    running.forget(tmp_path)
    assert running.read(tmp_path) == {}


def test_half_a_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / running.FILE).write_text(json.dumps({"pid": 1})[:-3])

    assert running.read(tmp_path) == {}
