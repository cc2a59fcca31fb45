"""Processes that the bench starts: tasks, sinks and a Redis. All of them end with it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
LONGEST_SECONDS: Final = 900
LOG_LINES: Final = 30


class TaskFailed(Exception):
    """A measurement broke; the text ends with what its process wrote."""


def clean_environment(home: Path, hosts: str, redis_url: str) -> dict[str, str]:
    """Return an environment in which Muster has a home of its own and nothing else from the caller's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    for name in ("DATABASE_URL", "REDIS_URL"):
        kept.pop(name, None)
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "muster.settings",
        "MUSTER_HOME": str(home),
        "MUSTER_PRIVATE_HOSTS": hosts,
        "REDIS_URL": redis_url,
    }


def task(name: str, environment: dict[str, str] | None = None, **arguments: Any) -> dict[str, Any]:
    """Run `module:function` of the bench in a process of its own and return what it found. Raises TaskFailed."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result")
        command = [sys.executable, "-m", "bench.task", name, json.dumps(arguments), str(result)]
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        if ended.returncode or not result.exists():
            lines = "\n".join(ended.stdout.splitlines()[-LOG_LINES:])
            raise TaskFailed(f"{name} ended with status {ended.returncode}:\n{lines}")
        found: dict[str, Any] = json.loads(result.read_text())
        return found


@contextlib.contextmanager
def sink(folder: Path, delay: float) -> Iterator[int]:
    """Run a sink that lets every request wait for `delay` seconds, and give its port."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.sink", str(folder), str(delay)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


@contextlib.contextmanager
def redis(home: Path) -> Iterator[str]:
    """Run the Redis that `manage.py up` would start in this home, and give its URL."""
    from muster.redis_server import answers, own

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = own(home)
    with subprocess.Popen(server.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        try:
            process.stdin.write(server.config)
            process.stdin.close()
            while process.poll() is None and not answers(server.url):
                pass
            yield server.url
        finally:
            process.terminate()
            process.wait(10)
            server.clean_up()
