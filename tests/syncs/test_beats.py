"""Signs of life: what tick writes of itself, of Redis and of the workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django_rq.workers import get_worker
from rq import Worker
from rq.utils import utcformat

from muster.rq_worker import QUEUE, BellWorker
from syncs import beats
from syncs.models import Beat
from tests.redis_server import RedisServer

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@contextmanager
def worker(redis: RedisServer, name: str, beat: datetime) -> Iterator[Worker]:
    """A worker as RQ registers it, that beat last at this moment."""
    made = get_worker(QUEUE, worker_class=BellWorker, name=name)
    made.register_birth()
    redis.client.hset(made.key, "last_heartbeat", utcformat(beat))
    yield made
    made.register_death()


def test_workers_are_counted_by_their_own_sign_of_life(redis: RedisServer) -> None:
    young, old = NOW - timedelta(seconds=21), NOW - timedelta(seconds=46)
    with worker(redis, "one", young), worker(redis, "two", young), worker(redis, "killed", old):
        assert beats.living_workers(NOW) == 2
    assert beats.living_workers(NOW) == 0


def test_a_worker_that_says_goodbye_is_gone_at_once(redis: RedisServer) -> None:
    with worker(redis, "one", NOW) as made:
        made.register_death()
        redis.client.sadd(beats.WORKER_KEYS, made.key)

        assert beats.living_workers(NOW) == 0


@pytest.mark.parametrize("told", [(None, None), (b"yesterday", None), (b"", None)])
def test_what_cannot_be_read_is_not_alive(told: tuple[bytes | None, bytes | None]) -> None:
    assert not beats.is_alive(told, NOW)


def test_counting_starts_no_jobs(redis: RedisServer) -> None:
    with worker(redis, "one", NOW):
        before = sorted(redis.client.keys("*"))

        beats.note_all(NOW)

        assert sorted(redis.client.keys("*")) == before


def test_all_three_are_written(redis: RedisServer) -> None:
    with worker(redis, "one", NOW):
        beats.note_all(NOW, moved=3)

    written = {row.name: (row.at, row.working, row.count) for row in Beat.objects.all()}
    assert written == {"tick": (NOW, True, 3), "redis": (NOW, True, 0), "workers": (NOW, True, 1)}


def test_without_redis_that_is_what_is_written() -> None:
    beats.note_all(NOW)

    written = {row.name: (row.working, row.count) for row in Beat.objects.all()}
    assert written == {"tick": (True, 0), "redis": (False, 0), "workers": (False, 0)}


def test_since_when_stays_until_it_changes() -> None:
    times = [NOW + timedelta(seconds=10 * number) for number in range(4)]
    for at, working in zip(times, (True, False, False, True), strict=True):
        beats.note("redis", at=at, working=working)
        row = Beat.objects.get(name="redis")
        assert row.at == at
        assert row.since == {times[0]: times[0], times[1]: times[1], times[2]: times[1], times[3]: times[3]}[at]
