"""`manage.py demo`: makes the demo's company up, and plays its history."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from muster.demo.history import play
from muster.demo.seed import NotADemo, check_is_demo, seed
from muster.http import VendorError


class Command(BaseCommand):
    help = (
        "Sets Northwind Outfitters up against the stand-ins; `manage.py up` calls it. Running it again changes nothing."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--history", action="store_true", help="play some syncs instead, which needs running workers"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_is_demo()
            if options["history"]:
                play()
            else:
                seed(at=timezone.now())
        except NotADemo as problem:
            raise CommandError(str(problem)) from problem
        except VendorError as problem:
            raise CommandError(f"{problem} The demo is not complete; `manage.py demo` goes on from here.") from problem
