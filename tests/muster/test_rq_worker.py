"""Muster's worker and queue differ from RQ's own in what keeps jobs from being lost; seen on a real server."""

from typing import Any

import pytest
from django.conf import settings
from django_rq.queues import get_queue
from rq.queue import Queue

from muster.rq_worker import QUEUE, BellWorker, Doorbell
from tests.redis_server import RedisServer


def test_a_worker_serves_one_queue_only(redis: RedisServer) -> None:
    queues: list[Queue] = [get_queue(QUEUE), Queue("other", connection=get_queue(QUEUE).connection)]

    with pytest.raises(ValueError, match="exactly one queue"):
        BellWorker(queues, connection=queues[0].connection)
    with pytest.raises(ValueError, match="exactly one queue"):
        BellWorker([], connection=queues[0].connection)

    assert BellWorker(queues[:1], connection=queues[0].connection).queue_names() == [QUEUE]


def test_a_dead_worker_is_noticed_soon(redis: RedisServer) -> None:
    worker = BellWorker([get_queue(QUEUE)], connection=get_queue(QUEUE).connection)

    assert worker.maintenance_interval + worker.dequeue_timeout <= 45
    assert worker.job_monitoring_interval + worker.worker_ttl <= 45


@pytest.mark.parametrize("given", [{}, {"worker_ttl": None}])
def test_options_that_are_not_given_do_not_undo_ours(redis: RedisServer, given: dict[str, Any]) -> None:
    worker = BellWorker([get_queue(QUEUE)], connection=get_queue(QUEUE).connection, **given)

    assert worker.worker_ttl == 35


def test_a_job_is_plain_json_and_is_forgotten_after_a_week(redis: RedisServer) -> None:
    queue = get_queue(QUEUE)
    job = queue.enqueue("syncs.jobs.work", kwargs={"run_id": 7})

    assert isinstance(queue, Doorbell)
    assert job.failure_ttl == settings.FAILURE_TTL == 7 * 24 * 3600
    assert b"run_id" in queue.serializer.dumps(job.kwargs)
    queue.empty()
