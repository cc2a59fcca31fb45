"""Rings RQ: wakes a worker for a run. A lost ring costs seconds, never a run: the sweeper rings again."""

import functools
import logging
import uuid
from datetime import UTC, datetime, timedelta

import django_rq
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from muster.redis_server import client

from .models import Forwarding, Run

JOB = "syncs.jobs.wake"
LOOK = "syncs.jobs.look"
PRE_FLIGHT = "syncs.jobs.make_pre_flight"
FORWARD = "syncs.jobs.forward_events"
OPT_OUTS = "syncs.jobs.heed_opt_outs"
JOB_SECONDS = 1200
EVENTS_TOGETHER = timedelta(seconds=1)  # events that come closer together share a ring
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)
impatient = functools.lru_cache(maxsize=1)(client)
_rang_here: dict[int, datetime] = {}  # what this process need not ask the database for, a hundred times a second


def ring(run_id: int, *, at: datetime | None = None) -> bool:
    """Ask for a worker for this run and return whether Redis took it. Without Redis the run waits for the sweeper."""
    Run.objects.filter(pk=run_id).update(rang_at=at or timezone.now())
    return enqueue(JOB, "run", run_id=run_id)


def ring_to_look(workspace_id: int) -> bool:
    """Ask for a worker that reads a workspace's list of segments, and return whether Redis took it."""
    return enqueue(LOOK, "workspace", workspace_id=workspace_id)


def ring_for_pre_flight(pre_flight_id: int) -> bool:
    """Ask for a worker that makes a pre-flight, and return whether Redis took it. Who waits in vain asks again."""
    return enqueue(PRE_FLIGHT, "pre-flight", pre_flight_id=pre_flight_id)


def ring_for_events(pipe_id: int, *, at: datetime) -> bool:
    """Ask for a worker that forwards the events of a pipe, and return whether Redis took it; not again within a second."""
    if _rang_here.get(pipe_id, EPOCH) > at - EVENTS_TOGETHER:
        return False
    _rang_here[pipe_id] = at
    row, made = Forwarding.objects.get_or_create(pipe_id=pipe_id, defaults={"rang_at": at})
    if not made and row.rang_at is not None and row.rang_at > at - EVENTS_TOGETHER:
        return False
    if not made and not Forwarding.objects.filter(pk=row.pk, rang_at=row.rang_at).update(rang_at=at):
        return False
    return enqueue(FORWARD, "pipe", pipe_id=pipe_id)


def ring_for_opt_outs(workspace_id: int) -> bool:
    """Ask for a worker that has people removed who opted out, and return whether Redis took it."""
    return enqueue(OPT_OUTS, "workspace", workspace_id=workspace_id)


def enqueue(job: str, what: str, **row: int) -> bool:
    """Ask for a worker that does this job for one row, and return whether Redis took it.

    Never tried twice: somebody waits for an answer, Customer.io at most 4 s, and what is not rung for is found by the
    sweeper.
    """
    (number,) = row.values()
    try:
        django_rq.get_queue("muster", connection=impatient(settings.REDIS_URL)).enqueue_call(
            job, kwargs=row, timeout=JOB_SECONDS, result_ttl=0, job_id=f"{what}-{number}-{uuid.uuid4().hex}"
        )
    except (RedisError, OSError) as error:
        log.warning("no ring for %s %d: %s", what, number, type(error).__name__)
        return False
    return True


def ring_on_commit(run_id: int) -> None:
    """Ring once the surrounding transaction is committed: a worker woken before would not see the run."""
    transaction.on_commit(lambda: ring(run_id) and None)
