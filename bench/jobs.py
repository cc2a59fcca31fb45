"""What a job costs around its work: a sync through the doorbell, a real Redis and the product's worker that forks."""

import subprocess
import sys
import time
from typing import Any, Final

import django

django.setup()

import django_rq  # noqa: E402

from bench.sync import NotDone, length_of_run, started  # noqa: E402
from muster.rq_worker import QUEUE  # noqa: E402
from syncs.models import Run  # noqa: E402
from syncs.states import RunState  # noqa: E402

LOOK_SECONDS: Final = 0.002
START_SECONDS: Final = 60.0
LONGEST_SECONDS: Final = 300.0


def through_worker(activations: list[int]) -> dict[str, Any]:
    """Sync each list through one worker; return for each the seconds from the click until the worker is idle again, and of work.

    Raises NotDone.
    """
    django_rq.get_queue(QUEUE).empty()
    with subprocess.Popen([sys.executable, "manage.py", "worker"], stdout=subprocess.DEVNULL) as worker:
        try:
            wait(lambda: states() == ["idle"], START_SECONDS)
            return {"rounds": [one(activation) for activation in activations]}
        finally:
            worker.terminate()
            worker.wait(20)


def one(activation: int) -> dict[str, float]:
    """Sync one list and return its seconds."""
    began = time.perf_counter()
    run = started(activation)
    wait(lambda: not run_is_live(run) and states() == ["idle"], LONGEST_SECONDS)
    seconds = time.perf_counter() - began
    run.refresh_from_db()
    if run.state != RunState.DONE:
        raise NotDone(f"The run ended {run.get_state_display()}: {run.words}")
    return {"seconds": seconds, "working_seconds": length_of_run(run), "fence": run.fence}


def run_is_live(run: Run) -> bool:
    """Whether a run is not over yet."""
    return Run.objects.live().filter(pk=run.pk).exists()


def states() -> list[str]:
    """Return what each registered worker does."""
    connection: Any = django_rq.get_connection(QUEUE)
    names = connection.smembers("rq:workers")
    return [(connection.hget(name, "state") or b"").decode() for name in names]


def wait(condition: Any, seconds: float) -> None:
    """Return as soon as the condition holds. Raises NotDone when it takes too long."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise NotDone(f"The worker was not idle after {seconds:.0f} seconds.")
        time.sleep(LOOK_SECONDS)
