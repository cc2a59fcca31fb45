"""`manage.py verify`: do the invariants hold?"""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from syncs.verify import MOST_SAID, Finding, verify


class Command(BaseCommand):
    help = (
        "Checks the invariants I1-I6 and I9 over everything in the database; changes nothing. Exit status: 0 when all "
        "hold, 1 when one is broken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = verify()
        holds = all(finding.holds for finding in findings)
        if options["json"]:
            told = {"holds": holds, "invariants": {one.invariant: one.as_json() for one in findings}}
            self.stdout.write(json.dumps(told, indent=1))
        else:
            for finding in findings:
                self.tell(finding)
        if not holds:
            sys.exit(1)

    def tell(self, finding: Finding) -> None:
        """Write a line for an invariant, and one for each of its first breaks."""
        places = f"{len(finding.broken):,} place{'s' if len(finding.broken) != 1 else ''}"
        word = "holds" if finding.holds else f"BROKEN in {places}"
        self.stdout.write(f"{finding.invariant} {finding.says}: {word} ({finding.looked_at} looked at)")
        for words in finding.broken[:MOST_SAID]:
            self.stdout.write(f"   {words}")
