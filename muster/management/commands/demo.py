"""`manage.py demo`: makes the demo's company up, and plays its history."""

import gc
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from muster.demo.history import finish
from muster.demo.past import LONGEST, make_up
from muster.demo.playing import Workers
from muster.demo.seed import NotADemo, check_is_demo
from muster.http import VendorError


class Command(BaseCommand):
    help = (
        "Sets Northwind Outfitters up against the stand-ins; `manage.py up` calls it. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--history", action="store_true", help="play some syncs instead, which needs running workers"
        )
        parser.add_argument(
            "--days",
            type=int,
            default=LONGEST.days,
            help="how long a past it gets, played while nothing else runs (14); 0 for none",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_is_demo()
            if options["history"]:
                finish(Workers())
            else:
                gc.freeze()  # what is loaded by now stays, and need not be looked through again and again
                make_up(until=timezone.now(), longest=timedelta(days=options["days"]))
        except NotADemo as problem:
            raise CommandError(str(problem)) from problem
        except VendorError as problem:
            raise CommandError(f"{problem} The demo is not complete; `manage.py demo` goes on from here.") from problem
