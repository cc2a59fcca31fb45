"""What is said of the machinery: fine only while it was seen lately."""

from datetime import timedelta

import pytest

from syncs.models import Beat
from syncs.pulse import Pulse, Waiting, pulse

from .run_rows import AT

NOW = AT


def beats(
    *, tick: int | None = 5, workers: int | None = 5, redis: int | None = 5, count: int = 2, answers: bool = True
) -> dict[str, Beat]:
    """Return beats by their age in seconds; None: never seen."""
    ages = {"tick": tick, "workers": workers, "redis": redis}
    return {
        name: Beat(
            name=name,
            at=NOW - timedelta(seconds=age),
            count=count if name == "workers" else 0,
            working=answers if name == "redis" else True,
            since=NOW - timedelta(minutes=4),
        )
        for name, age in ages.items()
        if age is not None
    }


def of(found: dict[str, Beat], waiting: Waiting | None = None) -> Pulse:
    return pulse(found, waiting or Waiting(), now=NOW, workers=2, tick_seconds=10)


def test_everything_works() -> None:
    told = of(beats(tick=12))

    assert told.tone == "ok"
    assert told.line == "Scheduler checked 12 s ago, 2 of 2 workers, Redis answers, no run waiting."
    assert told.effect == ""
    assert told.short == "Scheduler checked 12 s ago, 2 of 2 workers"


@pytest.mark.parametrize(
    ("found", "tone"),
    [
        (beats(tick=61), "unknown"),  # scheduler silent: whatever it said last is old
        (beats(workers=61), "unknown"),  # workers not counted lately
        (beats(redis=61), "unknown"),
        (beats(tick=None), "unknown"),  # never seen
        ({}, "unknown"),  # a fresh installation
        (beats(tick=60), "ok"),  # the last second that counts
        (beats(count=0), "bad"),  # counted just now: nobody
        (beats(count=1), "warn"),  # one of two
        (beats(answers=False, count=0), "bad"),  # Redis is down
    ],
)
def test_what_was_not_seen_lately_is_unknown_and_never_fine(found: dict[str, Beat], tone: str) -> None:
    told = of(found)

    assert told.tone == tone
    assert bool(told.effect) == (tone not in {"ok", "warn"})


def test_workers_are_unknown_and_not_dead_while_redis_does_not_answer() -> None:
    told = of(beats(answers=False, count=0))

    assert "workers unknown" in told.line
    assert told.effect.startswith("Runs start a few seconds later")


def test_more_workers_than_expected_are_all_counted() -> None:
    assert "3 of 3 workers" in of(beats(count=3)).line


def test_waiting_runs_are_counted_with_the_age_of_the_oldest() -> None:
    told = of(beats(), Waiting(1, NOW - timedelta(seconds=340)))

    assert told.line.endswith("1 run waiting 5 m.")
    assert told.tone == "ok"


def test_a_long_wait_is_a_warning_with_its_effect() -> None:
    told = of(beats(), Waiting(3, NOW - timedelta(minutes=20)))

    assert told.tone == "warn"
    assert "More workers" in told.effect


def test_a_slow_tick_setting_does_not_make_it_stale() -> None:
    told = pulse(beats(tick=500), Waiting(), now=NOW, workers=2, tick_seconds=100)

    assert told.figures[0].tone == "ok"
