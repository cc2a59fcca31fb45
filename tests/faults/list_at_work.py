"""A list of 60 people with 24 newcomers and 38 who leave, withdraw consent, are excluded or change; and what must hold."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation, Audience
from muster.models import Event
from syncs import pipeline, sweep
from syncs.lease import LeaseLost
from syncs.models import Batch, Pull, Run
from syncs.start import start
from syncs.states import BatchState, RunState
from syncs.verify import verify
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

BEFORE, NEW = 60, 24
LEAVE, WITHDRAW, EXCLUDED, CHANGE = range(22), range(22, 34), range(34, 38), range(38, 58)
MOST_WAIT = 30.0
APART = 200  # numbers between the first people of two lists


def short(settings: Settings) -> None:
    """Let leases be so short that a test can wait for their end, and batches hold 20 people."""
    settings.LEASE_SECONDS, settings.RENEW_SECONDS, settings.REQUEST_TIMEOUT = 1.5, 0.2, 0.8
    settings.RING_SECONDS, settings.SENDERS, settings.BATCH_PEOPLE = 0.05, 2, 20


def plain(number: int) -> dict[str, str]:
    return {
        "id": f"shop-{number}",
        "email": f"p{number}@shop.example",
        "phone": f"+1212867{5000 + number}",
        "ad_consent": "true",
    }


@dataclass
class AtWork:
    """The list before the run that is disturbed, and who has to be on it afterwards."""

    vendors: Vendors
    audience: Audience
    ids: list[str]
    excluded: int
    """Number of the segment whose people are left out."""
    first: int
    """Number of its first person among those of all lists."""

    @property
    def list(self) -> Activation:
        return self.audience.activations.select_related("destination", "pipe").get()

    @property
    def write_key(self) -> str:
        pipe = self.list.pipe
        assert pipe is not None
        return pipe.write_key

    def wanted(self) -> set[str]:
        """Return who is wanted after the changes: consent counts for targeting only."""
        suppresses = self.audience.definitions.get(state="current").suppresses
        out = {*LEAVE, *EXCLUDED, *(() if suppresses else WITHDRAW)}
        return {self.ids[number] for number in range(BEFORE + NEW) if number not in out}

    def on_list(self) -> set[str]:
        held = self.vendors.membership(self.write_key)
        assert not held["strangers"]
        return set(held["refs"])

    def started(self) -> Run:
        return start(self.list, trigger=Run.Trigger.COMMAND, at=timezone.now())


def built(vendors: Vendors, settings: Settings, *, purpose: str = "retarget", payload: str = "record") -> AtWork:
    """Return a list that was synced once and whose people changed since."""
    return built_together(vendors, settings, 1, purpose=purpose, payload=payload)[0]


def built_together(
    vendors: Vendors, settings: Settings, count: int, *, purpose: str = "retarget", payload: str = "record"
) -> list[AtWork]:
    """Return as many such lists, each of a workspace of its own: they share nothing but the database and the vendors."""
    worlds = [registered(vendors, number * APART, purpose, payload) for number in range(count)]
    vendors.mirror()
    for world in worlds:
        assert synced(world.list).state == RunState.DONE
        assert len(world.on_list()) == BEFORE
        disturb(world)
    Pull.objects.update(began_at=timezone.now() - timedelta(minutes=16))
    vendors.mirror()
    short(settings)
    return worlds


def registered(vendors: Vendors, first: int, purpose: str, payload: str) -> AtWork:
    """Return a list that was never synced; its people are numbered from `first`."""
    space = factories.workspace()
    made = factories.registered_audience(vendors, [], space=space, platform="meta", payload=payload, purpose=purpose)
    ids = vendors.upsert(*(plain(first + number) for number in range(BEFORE + NEW)))
    others = vendors.segment(name="Buyers", members=[])
    factories.segment_row(space, number=others, name="Buyers")
    made.definitions.all().delete()
    consent = {"require_true": ["ad_consent"], "not_true": [], "not_unsubscribed": False, "basis": "test"}
    factories.definition(
        made,
        purpose=purpose,
        destinations=[made.activations.get().destination],
        consent={"*": consent},
        exclusions=[{"segment": others, "reason": "They bought"}],
    )
    vendors.change_segment(made.segment.number, add=ids[:BEFORE])
    return AtWork(vendors, made, ids, others, first)


def disturb(world: AtWork) -> None:
    """Let people come, leave, withdraw consent, be excluded and change."""
    vendors, ids = world.vendors, world.ids
    vendors.change_segment(world.audience.segment.number, add=ids[BEFORE:], remove=[ids[one] for one in LEAVE])
    vendors.change_segment(world.excluded, add=[ids[one] for one in EXCLUDED])
    vendors.upsert(
        *({"cio_id": ids[one], "ad_consent": "false"} for one in WITHDRAW),
        *({"cio_id": ids[one], "email": f"new{world.first + one}@shop.example"} for one in CHANGE),
    )


def resumed(*runs: Run) -> Run:
    """Do as the tick and the workers do, until the runs have ended: work on what is due, and on nothing else.

    Return the last of them; all are refreshed.
    """
    until = time.monotonic() + MOST_WAIT * len(runs)
    while time.monotonic() < until:
        for due in sweep.due(timezone.now()):
            try:
                pipeline.work(due.pk, holder="second")
            except LeaseLost:
                continue
        reading = Pull.objects.filter(state="running", lease_until__gt=timezone.now())
        for run in runs:
            run.refresh_from_db()
            if run.reason == "reading_elsewhere" and not reading.exists():
                Run.objects.filter(pk=run.pk).update(wake_at=timezone.now())
        if not any(run.is_live for run in runs) and not reading.exists():
            return runs[-1]
        time.sleep(0.03)
    waiting = [f"{run}: {run.state} {run.stage} {run.reason} {run.words}" for run in runs if run.is_live]
    raise AssertionError(f"nobody brought these to their end: {waiting}")


def assert_all_is_well(world: AtWork, run: Run) -> None:
    """Nothing lost, nothing wrong: the list, the ledger, the invariants; and the next syncs find rest."""
    assert_invariants()
    assert_exact(world, run)
    assert_rest(world)
    assert_invariants()


def assert_exact(world: AtWork, run: Run) -> None:
    """The run ended once, and the list and the ledger hold who is wanted."""
    assert (run.state, run.words) == (RunState.DONE, "")
    assert world.on_list() == world.wanted()
    assert world.list.members == len(world.wanted())
    assert Event.objects.filter(run_id=run.pk, verb__startswith="ended").count() == 1
    assert_ids_mean_one_thing(world)


def assert_rest(world: AtWork) -> None:
    """What was unknown is sent once more by the next run, and by no other."""
    following = synced(world.list)
    assert (following.state, following.adds, following.changes, following.removes) == (RunState.DONE, 0, 0, 0)
    last = synced(world.list) if following.requests else following
    assert (last.state, last.requests) == (RunState.DONE, 0)
    assert world.on_list() == world.wanted()
    assert_ids_mean_one_thing(world)


def assert_invariants() -> None:
    """Of all lists together."""
    assert not Batch.objects.filter(state=BatchState.SENDING).exists(), "no debt is left"
    assert [finding for finding in verify() if not finding.holds] == []


def assert_ids_mean_one_thing(world: AtWork) -> None:
    bodies: dict[str, Any] = {}
    for event in world.vendors.events(world.write_key):
        known = bodies.setdefault(event["messageId"], event)
        assert told(known) == told(event), "a message id never stands for two things"


def told(event: dict[str, Any]) -> dict[str, Any]:
    """Return what the sender said, without what the gateway adds."""
    return {name: event.get(name) for name in ("type", "action", "fields", "identifiers", "userId", "properties")}
