"""One sync of a list by the product's own pipeline, from a complete reading to the last commit of the ledger."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django

django.setup()

from django.db.models import Sum  # noqa: E402
from django.db.models.functions import Length  # noqa: E402
from django.utils import timezone  # noqa: E402

from audiences.models import Activation, Segment  # noqa: E402
from bench.home import EXCLUSION_NUMBER  # noqa: E402
from syncs import deliver, pipeline  # noqa: E402
from syncs.lease import this_worker  # noqa: E402
from syncs.models import LedgerShard, Pull, Run  # noqa: E402
from syncs.start import start  # noqa: E402
from syncs.states import RunState, Stage  # noqa: E402


class NotDone(Exception):
    """The run ended otherwise than Done; the text says how."""


def sync(activation: int) -> dict[str, Any]:
    """Sync a list and return the seconds, and what the run's rows say of it. Raises NotDone."""
    run = started(activation)
    module: Any = deliver
    module.accepted = applying = Stopwatch(module.accepted)
    before = shard_writes(activation)
    began = time.perf_counter()
    while run.is_live:
        pipeline.work(run.pk, holder=this_worker())
        run.refresh_from_db()
    seconds = time.perf_counter() - began
    if run.state != RunState.DONE:
        raise NotDone(f"The run ended {run.get_state_display()}: {run.words}")
    return {
        "seconds": seconds,
        "adds": run.adds,
        "removes": run.removes,
        "requests": run.requests,
        "shard_writes": shard_writes(activation) - before,
        "comparing_seconds": length(run, Stage.COMPARING),
        "applying_seconds": applying.seconds,
        **held(activation),
    }


def started(activation: int) -> Run:
    """Return a waiting run that will take the newest complete reading: a scheduled one, with a day's freshness."""
    # Readings are shared for some minutes only; the bench stages them once.
    kept = Pull.objects.filter(dropped_at=None)
    kept.update(finished_at=timezone.now())
    kept.filter(segment=Segment.objects.get(number=EXCLUSION_NUMBER)).update(began_at=timezone.now())
    return start(Activation.objects.get(pk=activation), trigger=Run.Trigger.SCHEDULE, at=timezone.now())


class Stopwatch:
    """A function that counts the seconds spent in it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds = function, 0.0

    def __call__(self, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return self.function(*args, **options)
        finally:
            self.seconds += time.perf_counter() - began


def length(run: Run, stage: Stage) -> float:
    """Return the seconds that a stage took."""
    first, last = (datetime.fromisoformat(text) for text in run.timings[stage])
    return (last - first).total_seconds()


def length_of_run(run: Run) -> float:
    """Return the seconds from the first claim of a run to its end."""
    assert run.started_at is not None
    assert run.finished_at is not None
    return (run.finished_at - run.started_at).total_seconds()


def shard_writes(activation: int) -> int:
    """Return how often shards of a list's ledger have been written so far."""
    return LedgerShard.objects.filter(activation=activation).aggregate(writes=Sum("version"))["writes"] or 0


def held(activation: int) -> dict[str, int]:
    """Return how many people a list's ledger holds, and in how many bytes."""
    shards = LedgerShard.objects.filter(activation=activation)
    found = shards.aggregate(members=Sum("members"), ledger_bytes=Sum(Length("whole__blob") + Length("patch")))
    return {name: value or 0 for name, value in found.items()}
