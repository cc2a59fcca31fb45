"""`manage.py worker`: one RQ worker of Muster's queue."""

import os
import socket
from importlib import import_module
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand
from django_rq.workers import get_worker

from muster.rq_worker import QUEUE, BellWorker

JOBS = "syncs.jobs"


class Command(BaseCommand):
    help = "Works on runs until it is asked to stop (SIGTERM); then it finishes its slice first. Start as many as you like."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        # Loaded before the first fork, so that no job waits for it. This process itself never asks the database: a fork
        # that closes an inherited PostgreSQL connection would end the parent's session.
        import_module(JOBS)
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        get_worker(QUEUE, worker_class=BellWorker, name=name).work(logging_level="INFO")
