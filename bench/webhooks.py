"""`python -m bench.webhooks`: how fast signed webhooks are answered at a steady rate, by gunicorn as `manage.py up` starts it.

Each request is due at its own time, whether or not the ones before were answered; its time counts from then. On SQLite in
a temporary home, or on the PostgreSQL that `--database` names (an empty one).
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.process import ROOT, clean_environment, redis, task

KEY: Final = "whsec-of-the-bench"
LANES: Final = 16
PATIENCE: Final = 4.0  # what Customer.io waits
PERCENTILES: Final = (50, 95, 99, 100)


def prepare() -> dict[str, Any]:
    """Make a workspace with a key and two live feeds; a task."""
    import django

    django.setup()
    from django.utils import timezone

    from audiences.models import Feed, Pipe, SigningKey, Workspace
    from muster.models import Person
    from muster.prepare import prepare as make_ready

    make_ready()
    by = Person.objects.create_user("bench@team.example", full_name="Bench", role="manager")
    space = Workspace.objects.create(name="Bench", region="us")
    SigningKey.objects.create(workspace=space, secret=KEY, last4=KEY[-4:], added_by=by, added_at=timezone.now())
    pipe = Pipe.objects.create(name="bench", data_plane_url="http://127.0.0.1:9", write_key="bench")
    rules = [{"name": "value", "type": "number", "required": True, "why": "the bench"}]
    for number in (1, 2):
        Feed.objects.create(
            workspace=space,
            slug=f"feed-{number}",
            name=f"Feed {number}",
            kind=Feed.Kind.OTHER,
            state=Feed.State.LIVE,
            meaning="The bench",
            owner=by,
            created_by=by,
            created_at=timezone.now(),
            pipe=pipe,
            properties=rules,
        )
    return {"workspace": space.pk}


def stored() -> dict[str, Any]:
    """Return how many events are there; a task."""
    import django

    django.setup()
    from syncs.models import Event

    return {"events": Event.objects.count()}


@contextlib.contextmanager
def web(environment: dict[str, str]) -> Iterator[int]:
    """Serve as `manage.py up` does: one process of eight threads. Gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    words = ["--workers=1", "--threads=8", "--worker-class=gthread", "--keep-alive=5", "--log-level=warning"]
    command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", *words, "muster.wsgi"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True) as process:
        try:
            while not answers(port):
                time.sleep(0.1)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False


class Sending:
    """Posts events at a steady rate, in some lanes."""

    def __init__(self, port: int, workspace: int, rate: float, seconds: float) -> None:
        self.port, self.path = port, f"/webhooks/customerio/{workspace}/"
        self.rate, self.count = rate, int(rate * seconds)
        self.took: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._next, self._lock = 0, threading.Lock()
        self._began = time.monotonic() + 0.5

    def run(self) -> None:
        """Send all of them."""
        lanes = [threading.Thread(target=self._lane) for _ in range(LANES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _lane(self) -> None:
        from sandbox.senders import signed

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        while (number := self._take()) is not None:
            due = self._began + number / self.rate
            time.sleep(max(0.0, due - time.monotonic()))
            body = json.dumps(event(number)).encode()
            stamp = f"{int(time.time())}"
            headers = {"X-CIO-Timestamp": stamp, "X-CIO-Signature": signed(KEY, stamp, body)}
            try:
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            with self._lock:
                self.took.append(time.monotonic() - due)
                self.statuses[status] += 1

    def _take(self) -> int | None:
        with self._lock:
            self._next += 1
            return self._next - 1 if self._next <= self.count else None


def event(number: int) -> dict[str, Any]:
    return {
        "event": f"Feed {number % 2 + 1}",
        "event_id": f"e{number}",
        "cio_id": f"c{number % 5000}",
        "id": f"user-{number % 5000}",
        "occurred_at": int(time.time()),
        "properties": {"value": number},
    }


def main() -> int:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.webhooks", description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--database", default="", help="DATABASE_URL of an empty PostgreSQL")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder, redis(Path(folder, "redis")) as url:
        environment = clean_environment(Path(folder, "home"), "127.0.0.1:9", url)
        environment["MUSTER_ALLOWED_HOSTS"] = "127.0.0.1"
        if chosen.database:
            environment |= {"DATABASE_URL": chosen.database, **made_up_keys()}
        workspace = task("webhooks:prepare", environment)["workspace"]
        with web(environment) as port:
            sending = Sending(port, workspace, chosen.rate, chosen.seconds)
            sending.run()
        there = task("webhooks:stored", environment)["events"]
    took = sorted(sending.took)
    times = {f"p{part}": round(took[min(len(took) - 1, len(took) * part // 100)], 4) for part in PERCENTILES}
    print(json.dumps({"statuses": dict(sending.statuses), "stored": there, "seconds": times}))
    return int(sending.statuses[200] != there)


def made_up_keys() -> dict[str, str]:
    """Return secrets, which an installation with its own database does not make up by itself."""
    import base64

    key = base64.b64encode(os.urandom(32)).decode()
    return {"MUSTER_SECRET_KEY": key * 2, "MUSTER_VAULT_KEYS": f"b:{key}", "MUSTER_PEPPER": key, "MUSTER_DEMO": "0"}


if __name__ == "__main__":
    sys.exit(main())
