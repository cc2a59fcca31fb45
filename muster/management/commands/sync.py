"""`manage.py sync SLUG`: what the "Sync now" button does, for every live list of an audience."""

import json
import sys
import time
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from audiences.models import Activation, Audience, Lifecycle
from syncs.models import Run
from syncs.start import AlreadyLive, CannotStart, start
from syncs.states import ARRIVED

LOOK_EVERY = 0.5
ENDED_OTHERWISE, NOT_STARTED, STILL_GOING = 1, 2, 3


@dataclass
class Outcome:
    """What became of one list: its run, or why there is none. `joined`: the run was live already."""

    made: Activation
    run: Run | None = None
    joined: bool = False
    refused: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it with the run's counts."""
        told: dict[str, Any] = {"list": self.made.destination.name, "refused": self.refused or None}
        if self.run is not None:
            told |= {"run": self.run.pk, "joined": self.joined, "state": self.run.state, "live": self.run.is_live}
            told |= {"reason": self.run.reason, "words": self.run.words}
            told |= {name: getattr(self.run, name) for name in COUNTS}
        return told

    def in_a_line(self) -> str:
        """Return it for a person."""
        if self.run is None:
            return f"{self.made.destination.name}: {self.refused}"
        run = self.run
        state = f"{self.made.destination.name}: run {run.pk}, {run.get_state_display()}"
        if run.is_live:
            return f"{state}{' (it was going already)' if self.joined else ''}"
        figures = f"+{run.adds:,} added, {run.changes:,} changed, {run.removes:,} removed, {run.unchanged:,} unchanged"
        return f"{state}. {figures}. {run.words}".rstrip(". ") + "."


COUNTS = (
    "in_segment",
    "wanted",
    "adds",
    "changes",
    "removes",
    "unchanged",
    "left_out",
    "accepted_adds",
    "accepted_removes",
    "rejected",
    "requests",
)


class Command(BaseCommand):
    help = (
        "Starts a sync of every live list of an audience. Exit status: 0 started (with --wait: every run ended Done or "
        "Done with rejects), 1 a run ended otherwise, 2 a list could not be started, 3 still going when the time was up."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the audience, as in its page's address")
        parser.add_argument("--wait", action="store_true", help="wait until every run has ended")
        parser.add_argument("--timeout", type=float, default=3600.0, help="wait so many seconds at most (3600)")
        parser.add_argument("--dry-run", action="store_true", help="plan without sending")
        parser.add_argument("--why", default="", help="the reason, for the event log")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = [started(made, options) for made in live_lists(options["slug"])]
        if options["wait"]:
            wait(outcomes, options["timeout"])
        if options["json"]:
            told = {"audience": options["slug"], "lists": [one.as_json() for one in outcomes]}
            self.stdout.write(json.dumps(told, indent=1))
        else:
            self.stdout.writelines(f"{one.in_a_line()}\n" for one in outcomes)
        if status := exit_status(outcomes, waited=options["wait"]):
            sys.exit(status)


def live_lists(slug: str) -> list[Activation]:
    """Return the live lists of an audience. Raises CommandError with status 2."""
    audience = Audience.objects.filter(slug=slug).first()
    if audience is None:
        known = ", ".join(Audience.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none"
        raise CommandError(f"There is no audience {slug!r}. Known: {known}.", returncode=NOT_STARTED)
    lists = audience.activations.filter(lifecycle=Lifecycle.LIVE).select_related("audience", "destination", "pipe")
    found = list(lists.order_by("pk"))
    if not found:
        raise CommandError(
            f"{audience.name} has no live list. Nothing was started. Lock its definition of done first.",
            returncode=NOT_STARTED,
        )
    return found


def started(made: Activation, options: dict[str, Any]) -> Outcome:
    """Start a run of a list, or join the one that is live."""
    kind = Run.Kind.DRY_RUN if options["dry_run"] else Run.Kind.SYNC
    try:
        run = start(made, trigger=Run.Trigger.COMMAND, at=timezone.now(), kind=kind, why=options["why"])
    except AlreadyLive as live:
        return Outcome(made, live.run, joined=True)
    except CannotStart as problem:
        return Outcome(made, refused=str(problem))
    return Outcome(made, run)


def wait(outcomes: list[Outcome], seconds: float) -> None:
    """Wait until no run is live any more, or the time is up."""
    until = time.monotonic() + seconds
    while any(one.run and one.run.is_live for one in outcomes) and time.monotonic() < until:
        time.sleep(LOOK_EVERY)
        close_old_connections()
        for one in outcomes:
            if one.run is not None:
                one.run.refresh_from_db()


def exit_status(outcomes: list[Outcome], *, waited: bool) -> int:
    """Return the exit status: the worst that happened to any list."""
    if any(one.run is None for one in outcomes):
        return NOT_STARTED
    runs = [one.run for one in outcomes if one.run is not None]
    if any(not run.is_live and run.state not in ARRIVED for run in runs):
        return ENDED_OTHERWISE
    return STILL_GOING if waited and any(run.is_live for run in runs) else 0
