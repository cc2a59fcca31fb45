"""`manage.py up`, which is `make run`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from muster.run_here import run_here
from muster.running import CannotRun


class Command(BaseCommand):
    help = "Starts Redis, web, workers and tick, in the demo also the vendors' stand-ins, until Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run_here(say=self.say, tell=self.stderr.write)
        except CannotRun as problem:
            raise CommandError(str(problem)) from problem

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
