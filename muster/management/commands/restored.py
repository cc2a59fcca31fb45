"""After the database was restored from a backup: every list is sent again in full before anything is compared."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audiences.models import Activation
from muster import audit


class Command(BaseCommand):
    help = (
        "Run this once after restoring the database from a backup. The ledgers are then older than the lists: whom later "
        "runs added is not in them. The next run of each list sends everybody again before it compares."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Move every list's epoch on."""
        with transaction.atomic():
            lists = Activation.objects.update(epoch=F("epoch") + 1)
            audit.record(verb="was told of a restored database", detail={"lists": lists}, at=timezone.now())
        self.stdout.write(f"{lists} lists will be sent again in full by their next run.")
