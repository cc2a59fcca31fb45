"""`manage.py setup_link`: the one-time link for the first administrator, where `manage.py up` is not used."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from muster.set_up import Closed
from muster.setup_link import fresh_link


class Command(BaseCommand):
    help = "Prints a link with which the first administrator comes in. It works once; an earlier one stops working."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(fresh_link())
        except Closed:
            raise CommandError(
                "There is an administrator already, who can invite others on the People page. No link was made."
            ) from None
