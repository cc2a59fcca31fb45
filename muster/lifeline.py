"""Ends what `manage.py up` started when `up` itself was killed and could not: a process that waits for that.

`up` tells it over its standard input, one JSON line each time something starts or ends, which processes there are:
{"front": [pid], "back": [pid]}. When that pipe closes, `up` is gone: first the front is asked to stop (workers finish
their slice), then the back (Redis, the stand-ins), which the front needs until it has ended. Meanwhile this process
keeps the lock on the home folder that it inherited, so that nothing is started on data that is still in use.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

BACK_SECONDS = 10.0
COLD_SECONDS = 3.0
LOOK_EVERY = 0.05


def alive(pid: int) -> bool:
    """Whether a process of this id runs. Where the system tells, one that only waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat", "rb") as told:
            return told.read().rpartition(b")")[2].split()[0] != b"Z"
    except (OSError, IndexError):
        return sys.platform != "linux"


def signalled(pids: Iterable[int], number: int) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def ended(pids: Iterable[int], seconds: float, lives: Callable[[int], bool], hurry: Callable[[], bool]) -> bool:
    """Wait until all have ended and return True; False when the time is up or `hurry` says so."""
    until = time.monotonic() + seconds
    waiting = list(pids)
    while waiting := [pid for pid in waiting if lives(pid)]:
        if time.monotonic() >= until or hurry():
            return False
        time.sleep(LOOK_EVERY)
    return True


def stop(
    pids: list[int],
    seconds: float,
    *,
    lives: Callable[[int], bool] = alive,
    hurry: Callable[[], bool] = lambda: False,
) -> None:
    """Ask processes to stop and wait; those that do not in time are asked again (RQ then gives its job up), then killed."""
    for number, wait in ((signal.SIGTERM, seconds), (signal.SIGTERM, COLD_SECONDS), (signal.SIGKILL, COLD_SECONDS)):
        living = [pid for pid in pids if lives(pid)]
        signalled(living, number)
        if ended(living, wait, lives, hurry if wait == seconds else lambda: False):
            return


def main() -> None:
    """Wait for the end of `up`, then stop what it has left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    front_seconds = float(sys.argv[1])
    table: dict[str, list[int]] = {"front": [], "back": []}
    for line in sys.stdin:
        table = json.loads(line)
    stop(table["front"], front_seconds)
    stop(table["back"], BACK_SECONDS)


if __name__ == "__main__":
    main()
