"""`manage.py prepare`: what `manage.py up` does before it starts anything, for those who start the parts themselves."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from muster.prepare import prepare
from muster.running import CannotRun


class Command(BaseCommand):
    help = (
        "Brings the schema up to date, checks that the keys are this database's, and collects static files. Run it at "
        "every deployment, before web, workers and tick start; when nothing is to do, it does nothing."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            prepare()
        except CannotRun as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("The database is up to date, its keys fit, and the static files are collected.")
