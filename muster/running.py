"""One copy of Muster in one home folder: the lock that refuses a second one, and what others may know of the one that runs."""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .lifeline import alive

FILE, LOCK, PORTS = "running.json", "up.lock", "sandbox-ports.json"


class CannotRun(Exception):
    """Muster was not started; the text says what stands in the way and what to do."""


def lock(home: Path, *, wait: float, tell: Callable[[str], None]) -> int:
    """Return the open lock file of the home, locked for this process and those that inherit it. Raises CannotRun.

    After a copy was killed, what it left behind is still stopping: this waits up to `wait` seconds for that.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotRun(
            f"{home} cannot be written ({error.strerror}). Nothing was started. Make it writable, or name another "
            "folder for Muster's data: MUSTER_HOME=/path make run"
        ) from error
    until, told = time.monotonic() + wait, False
    while not locked(descriptor):
        other = read(home)
        if other and alive(int(other["pid"])):
            os.close(descriptor)
            raise CannotRun(
                f"Muster runs in {home} already, at {other['url']} (process {other['pid']}). Nothing was started. Use "
                "that one, or stop it first, or give this copy a home and a port of its own: "
                "MUSTER_HOME=/path MUSTER_PORT=8001 make run"
            )
        if time.monotonic() > until:
            os.close(descriptor)
            raise CannotRun(f"Another copy of Muster holds {home / LOCK}. Nothing was started. Try again in a minute.")
        if not told and not other:
            tell("Another copy of Muster starts or stops in this home; waiting for it.")
        elif not told:
            tell("The copy that ran here was killed; waiting until what it started has stopped.")
        told = True
        time.sleep(0.1)
    return descriptor


def locked(descriptor: int) -> bool:
    """Whether the lock could be taken."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises CannotRun.

    The supervisor keeps it: while the web server is started again, visitors wait instead of being refused.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise CannotRun(
            f"Port {port} on {host} cannot be used ({why(error)}). Nothing was started. Stop what uses it, or "
            f"choose another one: MUSTER_PORT={min(port + 1, 65535)} make run"
        ) from error


def why(error: OSError) -> str:
    """Return the system's reason without what Python adds to it."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)


def note(home: Path, **facts: Any) -> None:
    """Write down what runs here, readable for the owner only."""
    draft = home / f"{FILE}.{os.getpid()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"pid": os.getpid(), **facts}, file)
    draft.replace(home / FILE)


def read(home: Path) -> dict[str, Any]:
    """Return what runs here, or ran until it was killed; nothing when it stopped in an orderly way."""
    try:
        facts: dict[str, Any] = json.loads((home / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return facts


def forget(home: Path) -> None:
    """Note that nothing runs here any more."""
    with contextlib.suppress(FileNotFoundError):
        (home / FILE).unlink()


def read_ports(home: Path) -> dict[str, int]:
    """Return the ports that were used in this home before, by name."""
    try:
        ports: dict[str, int] = json.loads((home / PORTS).read_text())
    except (OSError, ValueError):
        return {}
    return ports


def note_ports(home: Path, ports: dict[str, int]) -> None:
    """Keep the ports for the next start."""
    (home / PORTS).write_text(json.dumps(ports))
