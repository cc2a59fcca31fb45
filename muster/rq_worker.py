"""RQ's queue and worker as Muster runs them. What RQ does by default, and why not that: docs/operations.md."""

from typing import Any

from django.conf import settings
from django.db import connections
from django_rq.queues import DjangoRQ
from rq import Worker
from rq.job import Job
from rq.queue import Queue

QUEUE = "muster"
SERIALIZER = "rq.serializers.JSONSerializer"
MAINTENANCE_SECONDS = 20
MONITORING_SECONDS = 5
WORKER_TTL = 35


class Doorbell(DjangoRQ):
    """A queue whose failed jobs are forgotten after a week. RQ keeps tracebacks for a year."""

    def original_enqueue_call(self, *args: Any, **kwargs: Any) -> Job:
        if kwargs.get("failure_ttl") is None:
            kwargs["failure_ttl"] = settings.FAILURE_TTL
        job: Job = super().original_enqueue_call(*args, **kwargs)  # type: ignore[no-untyped-call]
        return job


class BellWorker(Worker):
    """A worker of exactly one queue that notices a dead colleague within 90 seconds instead of 14 minutes.

    One queue, because only then does RQ move a job with BLMOVE and find it again when the worker dies between taking
    and starting it. The clean-up runs between two waits, so both the wait (worker_ttl - 15 s) and its interval are short.
    """

    def __init__(self, queues: Any, **options: Any) -> None:
        if not isinstance(queues, str | Doorbell) and len(queues) != 1:
            raise ValueError("A worker serves exactly one queue: with more, RQ can lose a job for good.")
        defaults = {
            "maintenance_interval": MAINTENANCE_SECONDS,
            "job_monitoring_interval": MONITORING_SECONDS,
            "worker_ttl": WORKER_TTL,
            "serializer": SERIALIZER,
        }
        super().__init__(
            queues, **{**defaults, **{name: value for name, value in options.items() if value is not None}}
        )

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Fork without a connection to the database: a child that closes the one it inherited ends it for both."""
        connections.close_all()
        super().fork_work_horse(job, queue)
