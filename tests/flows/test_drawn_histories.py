"""Histories that nobody thought of: people come, go and change, syncs are cut, paused, cancelled, held and released.

Whatever happened, once everything is allowed again the next sync makes the list exactly who is wanted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as drawing
from hypothesis import strategies as st
from pytest_django import Settings

from audiences.models import Activation, Audience
from muster.models import Person
from syncs import cancel, hold, pausing, pipeline
from syncs.models import Pull, Run
from syncs.start import CannotStart, start
from syncs.states import RunState
from syncs.verify import verify
from tests import factories
from tests.syncs.running import work_off
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 5
CONSENT: dict[str, Any] = {
    "require_true": ["ad_consent"],
    "not_true": ["do_not_share"],
    "not_unsubscribed": False,
    "basis": "test",
}


@dataclass
class Somebody:
    """A person as the model knows them."""

    cio_id: str
    inside: bool = True
    consents: bool = True
    shares: bool = True
    has_phone: bool = True
    excluded: bool = False
    addresses: int = 0

    def is_wanted(self, *, suppresses: bool) -> bool:
        return self.inside and self.shares and not self.excluded and (suppresses or self.consents)


@dataclass
class World:
    """One list, its people, and somebody who decides."""

    vendors: Vendors
    audience: Audience
    by: Person
    suppresses: bool
    others: int
    """Number of the segment whose people are left out."""
    people: list[Somebody] = field(default_factory=list)

    @property
    def list(self) -> Activation:
        return self.audience.activations.get()

    def put(self, number: int) -> None:
        """Let the workspace and the segment hold a person as the model does."""
        one = self.people[number]
        self.vendors.upsert(
            {
                "cio_id": one.cio_id,
                "email": f"p{number}.{one.addresses}@shop.example",
                "phone": f"+1212867530{number}" if one.has_phone else None,
                "ad_consent": "true" if one.consents else "false",
                "do_not_share": None if one.shares else "true",
            }
        )
        change: dict[str, Any] = {"add" if one.inside else "remove": [one.cio_id]}
        self.vendors.change_segment(self.audience.segment.number, **change)

    def begin(self) -> Run:
        self.vendors.mirror()
        return start(self.list, trigger=Run.Trigger.COMMAND, at=now())

    # What may happen; `number` says whom it happens to.

    def moves(self, number: int) -> None:
        self.people[number].inside ^= True
        self.put(number)

    def gets_an_address(self, number: int) -> None:
        self.people[number].addresses += 1
        self.put(number)

    def gets_or_loses_a_phone(self, number: int) -> None:
        self.people[number].has_phone ^= True
        self.put(number)

    def changes_their_mind(self, number: int) -> None:
        self.people[number].consents ^= True
        self.put(number)

    def changes_sharing(self, number: int) -> None:
        self.people[number].shares ^= True
        self.put(number)

    def is_excluded_or_no_longer(self, number: int) -> None:
        one = self.people[number]
        one.excluded ^= True
        change: dict[str, Any] = {"add" if one.excluded else "remove": [one.cio_id]}
        self.vendors.change_segment(self.others, **change)
        self.read_exclusions_again()

    def read_exclusions_again(self) -> None:
        long_ago = now() - timedelta(minutes=16)
        Pull.objects.filter(segment__number=self.others).update(began_at=long_ago)

    def sync_without_its_exclusion(self, _number: int) -> None:
        """Removals leave, additions are parked: nobody knows who of the newcomers is excluded."""
        self.read_exclusions_again()
        self.vendors.fault(self.vendors.us, "404", {"path": f"/segments/{self.others}/"}, times=0)
        run = work_off(self.begin())
        self.vendors.delete(self.vendors.us, "/_sandbox/faults")
        assert run.state in {RunState.DONE, RunState.HELD}
        assert run.accepted_adds == 0, "nobody is let in, nobody is sent again"

    def sync(self, _number: int = 0) -> None:
        run = work_off(self.begin())
        assert run.state in {RunState.DONE, RunState.HELD}
        assert run.reason in {"", *hold.GUARD_REASONS}, run.words

    def sync_that_is_cut(self, number: int) -> None:
        """Break a connection, before or after RudderStack took the events, at one of the first requests."""
        kind = ("cut_before", "cut_after", "store_then_504", "503", "html")[number]
        self.vendors.fault(self.vendors.rudder, kind, {"path": "/v1/batch"}, after=number % 2)
        self.sync()
        self.vendors.delete(self.vendors.rudder, "/_sandbox/faults")

    def sync_that_is_paused(self, _number: int) -> None:
        run = self.begin()
        made = pausing.pause(by=self.by, reason="Wait.", at=now(), audience=self.audience)
        pipeline.work(run.pk, holder="test")
        with pytest.raises(CannotStart):
            start(self.list, trigger=Run.Trigger.COMMAND, at=now())
        pausing.unpause(made, by=self.by, reason="Go on.", at=now())
        run.refresh_from_db()
        if run.is_live:
            assert run.reason == "paused"
            assert work_off(run).state in {RunState.DONE, RunState.HELD}

    def sync_that_is_cancelled(self, _number: int) -> None:
        run = self.begin()
        cancel.cancel(run, by=self.by, at=now())
        assert work_off(run).state == RunState.CANCELLED

    def release(self, _number: int = 0) -> None:
        """Let a held run's figures pass, if the last run is held."""
        last = self.list.runs.latest("pk") if self.list.runs.exists() else None
        if last is not None and last.state == RunState.HELD and last.reason in hold.GUARD_REASONS:
            self.vendors.mirror()
            run = hold.release(
                last, by=self.by, reason="So it is.", at=now(), max_removes=PEOPLE, max_adds=PEOPLE, may_empty=True
            )
            assert work_off(run).state == RunState.DONE


def now() -> datetime:
    return timezone.now()


EVENTS: list[Callable[[World, int], None]] = [
    World.moves,
    World.gets_an_address,
    World.gets_or_loses_a_phone,
    World.changes_their_mind,
    World.changes_sharing,
    World.is_excluded_or_no_longer,
    World.sync,
    World.sync_without_its_exclusion,
    World.sync_that_is_cut,
    World.sync_that_is_paused,
    World.sync_that_is_cancelled,
    World.release,
]
histories = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, PEOPLE - 1)), min_size=4, max_size=16)


def built(vendors: Vendors, *, suppresses: bool) -> World:
    """Return a world in which everybody is in the segment and nothing was sent."""
    vendors.reset()
    people = [{"id": f"shop-{number}", "email": f"p{number}.0@shop.example"} for number in range(PEOPLE)]
    purpose = "suppress" if suppresses else "retarget"
    space = factories.workspace()
    others = vendors.segment(name="Buyers", members=[])
    factories.segment_row(space, number=others, name="Buyers")
    audience = factories.registered_audience(
        vendors,
        people,
        space=space,
        purpose=purpose,
        consent={"*": CONSENT},
        exclusions=[{"segment": others, "reason": "They bought"}],
    )
    world = World(vendors, audience, factories.person(role="manager"), suppresses, others)
    world.people = [Somebody(one["cio_id"]) for one in sorted(vendors.members(audience.segment.number), key=by_id)]
    for number in range(PEOPLE):
        world.put(number)
    return world


def by_id(one: dict[str, str]) -> str:
    return one["id"]


def live(vendors: Vendors, history: list[tuple[Callable[[World, int], None], int]], suppresses: bool) -> None:
    """Let a history happen, then sync once more and compare the list with the model."""
    world = built(vendors, suppresses=suppresses)
    for event, number in history:
        event(world, number)
    world.sync()
    world.release()
    pipe = world.list.pipe
    assert pipe is not None
    there = vendors.membership(pipe.write_key)
    wanted = sorted(one.cio_id for one in world.people if one.is_wanted(suppresses=suppresses))
    assert (there["refs"], there["strangers"]) == (wanted, 0)
    assert world.list.members == len(wanted)
    assert [finding for finding in verify() if not finding.holds] == []


few = drawing(max_examples=6, derandomize=True, suppress_health_check=list(HealthCheck))
many = drawing(max_examples=150, suppress_health_check=list(HealthCheck))


@few
@given(histories, st.booleans())
def test_a_drawn_history_ends_exact(
    vendors: Vendors, settings: Settings, history: list[tuple[Callable[[World, int], None], int]], suppresses: bool
) -> None:
    settings.BATCH_PEOPLE = 2
    live(vendors, history, suppresses)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@many
@given(histories, st.booleans())
def test_many_drawn_histories_end_exact(
    vendors: Vendors, settings: Settings, history: list[tuple[Callable[[World, int], None], int]], suppresses: bool
) -> None:
    settings.BATCH_PEOPLE = 2
    live(vendors, history, suppresses)
