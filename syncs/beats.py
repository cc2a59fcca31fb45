"""Signs of life of the machinery, as tick sees them: written as rows, so that pages ask nobody but the database."""

import contextlib
from datetime import UTC, datetime, timedelta

import redis
from django.conf import settings
from redis.exceptions import RedisError

from muster.redis_server import client
from muster.rq_worker import QUEUE

from .models import Beat

TICK, REDIS, WORKERS = "tick", "redis", "workers"
WORKER_KEYS = f"rq:workers:{QUEUE}"
SILENT_AFTER = timedelta(seconds=45)  # an idle worker beats every 20 s, a busy one every 5 s


def note(name: str, *, at: datetime, working: bool = True, count: int = 0) -> None:
    """Write a sign of life; `since` stays while the part is as it was."""
    known = Beat.objects.filter(name=name).first()
    since = known.since if known is not None and known.working == working else at
    Beat.objects.update_or_create(
        name=name, defaults={"at": at, "working": working, "count": count, "since": since or at}
    )


def note_all(at: datetime, *, moved: int = 0) -> None:
    """Write the beats of tick itself (`moved`: what it rang for), of Redis and of the workers."""
    workers = living_workers(at)
    note(TICK, at=at, count=moved)
    note(REDIS, at=at, working=workers is not None)
    note(WORKERS, at=at, working=bool(workers), count=workers or 0)


def living_workers(at: datetime) -> int | None:
    """Return how many workers gave a sign of life lately, None when Redis does not answer.

    Read from the workers' own keys only: RQ's registries clean themselves up when read, and that can start jobs.
    """
    with contextlib.closing(client(settings.REDIS_URL)) as asked:
        try:
            return sum(is_alive(told, at) for told in told_by_workers(asked))
        except (RedisError, OSError):
            return None


def told_by_workers(asked: redis.Redis) -> list[tuple[bytes | None, bytes | None]]:
    """Return (last heartbeat, death) of every registered worker. Raises RedisError."""
    names = sorted(asked.smembers(WORKER_KEYS))
    with asked.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hmget(name, "last_heartbeat", "death")
        return [(beat, death) for beat, death in pipeline.execute()]


def is_alive(told: tuple[bytes | None, bytes | None], at: datetime) -> bool:
    """Whether a worker that told this is there: it has not said goodbye, and its last beat is young."""
    beat, death = told
    if beat is None or death:
        return False
    try:
        last = datetime.fromisoformat(beat.decode())
    except ValueError:
        return False
    return at - (last if last.tzinfo else last.replace(tzinfo=UTC)) < SILENT_AFTER
