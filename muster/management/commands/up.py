"""`manage.py up`, which is `make run`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from muster.run_here import run_here
from muster.running import CannotRun


class Command(BaseCommand):
    help = "Starts Redis, web, workers and tick, in the demo also the vendors' stand-ins, until Ctrl-C or SIGTERM."
    requires_system_checks = ()  # the web server's process runs them: muster/wsgi.py

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run_here(say=self.say, tell=self.stderr.write)
        except CannotRun as problem:
            self.stderr.write(str(problem))
            sys.exit(1)

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
