"""Whether the machinery lives, from its last signs of life. What was not seen recently is unknown, never fine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from muster.figures import age

if TYPE_CHECKING:
    from .models import Beat

LONG_WAIT: Final = timedelta(minutes=15)
WORDS: Final = {"ok": "Working", "warn": "Slow", "bad": "Not working", "unknown": "Unknown"}


@dataclass(frozen=True)
class Figure:
    """One fact of the machinery: its name, its value, and since when or up to when."""

    name: str
    value: str
    note: str
    tone: str


@dataclass(frozen=True)
class Waiting:
    """Runs that no worker has taken yet: how many, and since when the oldest waits."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Pulse:
    """`tone` is ok, warn, bad or unknown; `line` says it in one sentence, `effect` what it means where it is not ok."""

    tone: str
    line: str
    effect: str
    figures: list[Figure]

    @property
    def short(self) -> str:
        """The scheduler and the workers alone, for the side bar."""
        return ", ".join(f"{figure.name} {figure.value}".strip() for figure in self.figures[:2])

    @property
    def word(self) -> str:
        return WORDS[self.tone]


def pulse(beats: Mapping[str, Beat], waiting: Waiting, *, now: datetime, workers: int, tick_seconds: float) -> Pulse:
    """Return how the machinery is. `workers` is how many should live; a beat is stale after six ticks, at least 60 s."""
    stale = timedelta(seconds=max(60.0, 6 * tick_seconds))
    figures = [
        _scheduler(beats.get("tick"), now, stale),
        _workers(beats.get("workers"), beats.get("redis"), now, stale, workers),
        _redis(beats.get("redis"), now, stale),
        _queue(waiting, now),
    ]
    tones = [figure.tone for figure in figures]
    tone = next((tone for tone in ("bad", "unknown", "warn") if tone in tones), "ok")
    line = ", ".join(f"{figure.name} {figure.value}".strip() for figure in figures)
    return Pulse(tone, f"{line}.", _effect(figures), figures)


def fresh(beat: Beat | None, now: datetime, stale: timedelta) -> bool:
    return beat is not None and now - beat.at <= stale


def _scheduler(beat: Beat | None, now: datetime, stale: timedelta) -> Figure:
    if beat is None:
        return Figure("Scheduler", "not seen yet", "it checks every few seconds once Muster runs", "unknown")
    tone = "ok" if fresh(beat, now, stale) else "unknown"
    note = "" if tone == "ok" else "it should check every few seconds"
    return Figure("Scheduler", f"checked {_ago(beat.at, now)}", note, tone)


def _workers(beat: Beat | None, redis: Beat | None, now: datetime, stale: timedelta, expected: int) -> Figure:
    if redis and not redis.working:
        return Figure("workers", "unknown", "they cannot be counted while Redis does not answer", "unknown")
    if beat is None or not fresh(beat, now, stale):
        note = f"last counted {_ago(beat.at, now)}: {beat.count}" if beat else "never counted"
        return Figure("workers", "unknown", note, "unknown")
    whole = max(expected, beat.count)
    tone = "bad" if not beat.count else "warn" if beat.count < whole else "ok"
    since = beat.since and (f"since {_ago(beat.since, now)}" if tone != "ok" else f"alive for {_age(beat.since, now)}")
    return Figure("", f"{beat.count} of {whole} workers", since or "", tone)


def _redis(beat: Beat | None, now: datetime, stale: timedelta) -> Figure:
    if beat is None or not fresh(beat, now, stale):
        return Figure(
            "Redis", "unknown", f"last looked at {_ago(beat.at, now)}" if beat else "never looked at", "unknown"
        )
    if beat.working:
        return Figure("Redis", "answers", "", "ok")
    return Figure("Redis", "does not answer", f"since {_ago(beat.since, now)}" if beat.since else "", "bad")


def _queue(waiting: Waiting, now: datetime) -> Figure:
    if not waiting.count or waiting.since is None:
        return Figure("", "no run waiting", "", "ok")
    long = now - waiting.since > LONG_WAIT
    runs = "1 run" if waiting.count == 1 else f"{waiting.count:,} runs"
    words = f"{runs} waiting {age((now - waiting.since).total_seconds())}"
    return Figure("", words, f"longer than {age(LONG_WAIT.total_seconds())}" if long else "", "warn" if long else "ok")


def _effect(figures: list[Figure]) -> str:
    scheduler, workers, redis, queue = figures
    if scheduler.tone == "unknown":
        return "Nothing is sent wrongly, but runs may not start by themselves. Ask an administrator whether Muster's tick runs."
    if workers.tone == "bad":
        return "Runs wait safely and nothing is lost. Ask an administrator to start the workers."
    if redis.tone == "bad":
        return "Runs start a few seconds later than usual; nothing is lost. Ask an administrator to look at Redis."
    if "unknown" in (workers.tone, redis.tone):
        return "Whether runs are worked on is not known. If it stays so, ask an administrator to look at Muster's tick."
    if queue.tone == "warn":
        return "Runs wait longer than usual for a worker. More workers can be started anywhere."
    return ""


def _age(at: datetime, now: datetime) -> str:
    return age((now - at).total_seconds())


def _ago(at: datetime, now: datetime) -> str:
    return f"{_age(at, now)} ago"
