"""Whatever changes of a suppression list, whoever should be suppressed is on it, or on the one before it, at every instant.

The stand-in is asked whenever a batch changes its state: a batch is settled before the next one leaves.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from audiences import activating
from audiences.models import Activation, Definition, Pipe
from muster.models import Person
from syncs import cancel, pipeline
from syncs.models import Run
from syncs.start import start
from syncs.states import RunState
from tests import factories
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

PEOPLE: list[dict[str, Any]] = [
    {"id": f"b{number}", "email": f"b{number}@shop.example", "phone": f"+1212867530{number}"} for number in range(6)
]
STAY = {f"b{number}" for number in range(5)}


class Shop:
    """A suppression list that holds six people, of whom one has left the segment since."""

    def __init__(self, vendors: Vendors, settings: Settings, **clauses: Any) -> None:
        settings.BATCH_PEOPLE, settings.SENDERS = 1, 1
        self.vendors = vendors
        values: dict[str, Any] = {"purpose": "suppress", "identifiers": ["email"], **clauses}
        self.audience = factories.registered_audience(vendors, PEOPLE, **values)
        self.ids = {one["cio_id"]: one["id"] for one in vendors.members(self.audience.segment.number)}
        vendors.mirror()
        assert synced(self.list_).state == RunState.DONE
        self.old = self.list_.pipe
        self.leave("b5")

    def leave(self, name: str) -> None:
        gone = next(cio_id for cio_id, known in self.ids.items() if known == name)
        self.vendors.change_segment(self.audience.segment.number, remove=[gone])

    @property
    def list_(self) -> Activation:
        return self.audience.activations.select_related("destination", "pipe").get()

    @property
    def current(self) -> Definition:
        return self.audience.definitions.get(state="current")

    def there(self, pipe: Pipe | None) -> set[str]:
        assert pipe is not None
        return {self.ids[ref] for ref in self.vendors.membership(pipe.write_key)["refs"]}

    def redefined(self, **clauses: Any) -> Definition:
        """Put another version into use, as promoting does with its lists."""
        before = self.current
        Definition.objects.filter(pk=before.pk).update(state="past")
        route = {str(self.list_.destination_id): {"pipe": self.list_.pipe_id, "list_name": "Buyers"}}
        kept: dict[str, Any] = {
            "purpose": before.purpose,
            "identifiers": before.identifiers,
            "switch_from": before.identifiers,
        }
        kept["routes"] = route
        made = factories.definition(self.audience, destinations=[self.list_.destination], **{**kept, **clauses})
        with transaction.atomic():
            activating.go_live(made)
        return made

    def to_another_list(self) -> Pipe:
        """Route the list through another pipe, behind which an empty list is."""
        self.vendors.source("key-new", self.list_.destination.spec.rudderstack_type)
        pipe = factories.pipe("key-new", data_plane_url=self.vendors.rudder)
        self.redefined(routes={str(self.list_.destination_id): {"pipe": pipe.pk, "list_name": "New"}})
        return pipe

    @contextmanager
    def watched(self) -> Iterator[list[tuple[set[str], set[str]]]]:
        """Yield who is on the old list and who on the present one, after each change of a batch's state."""
        seen: list[tuple[set[str], set[str]]] = []

        def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            result = execute(sql, *rest)
            if sql.startswith('UPDATE "syncs_batch"'):
                seen.append((self.there(self.old), self.there(self.list_.pipe)))
            return result

        with connection.execute_wrapper(look):
            yield seen


def test_another_pipe_fills_the_new_list_and_takes_nobody_off_the_old_one(vendors: Vendors, settings: Settings) -> None:
    shop = Shop(vendors, settings)
    pipe = shop.to_another_list()
    assert (shop.list_.epoch, shop.list_.asserted_epoch) == (2, 1)
    with shop.watched() as seen:
        run = synced(shop.list_)
    assert (run.state, run.reasserts, run.removes) == (RunState.DONE, 5, 1)
    assert len(seen) >= 6
    assert all(old == STAY | {"b5"} for old, _ in seen), "nobody leaves the list that ads still exclude"
    sizes = [len(new) for _, new in seen]
    assert sizes == sorted(sizes), "the new one only grows"
    assert shop.there(pipe) == STAY
    assert shop.list_.asserted_epoch == 2
    assert shop.list_.members == 5


def test_a_run_that_is_cut_short_on_the_new_list_begins_again_and_empties_nothing(
    vendors: Vendors, settings: Settings, manager: Person
) -> None:
    shop = Shop(vendors, settings)
    shop.to_another_list()
    settings.SLICE_SECONDS = 0
    run = start(shop.list_, trigger=Run.Trigger.COMMAND, at=timezone.now())
    pipeline.work(run.pk, holder="test")
    cancel.cancel(run, by=manager, at=timezone.now())
    settings.SLICE_SECONDS = 60
    assert work_off(run).state == RunState.CANCELLED
    assert shop.list_.asserted_epoch == 1, "what the ledger holds is not confirmed"
    with shop.watched() as seen:
        again = synced(shop.list_)
    assert (again.state, again.reasserts) == (RunState.DONE, 5)
    assert all(old >= STAY for old, _ in seen)
    assert shop.there(shop.list_.pipe) == STAY
    assert shop.list_.asserted_epoch == 2


@pytest.mark.parametrize(
    ("before", "after", "platform"),
    [
        (["email"], ["phone"], "meta"),
        *(
            pytest.param(before, after, platform, marks=pytest.mark.slow)
            for platform in ("meta", "google_ads")
            for before, after in ((["email"], ["email", "phone"]), (["email", "phone"], ["email"]))
        ),
        pytest.param(["email"], ["phone"], "google_ads", marks=pytest.mark.slow),
    ],
)
def test_other_identifiers_come_before_the_old_ones_go(
    vendors: Vendors, settings: Settings, before: list[str], after: list[str], platform: str
) -> None:
    shop = Shop(vendors, settings, identifiers=before, platform=platform)
    shop.redefined(identifiers=after, switch_on=timezone.localdate())
    with shop.watched() as seen:
        first = synced(shop.list_)
        second = synced(shop.list_)
    assert {first.state, second.state} == {RunState.DONE}
    assert len(seen) >= 1
    assert all(now >= STAY for _, now in seen)
    assert shop.there(shop.list_.pipe) == STAY


@pytest.mark.slow
def test_other_identifiers_and_another_pipe_at_once(vendors: Vendors, settings: Settings) -> None:
    shop = Shop(vendors, settings)
    vendors.source("key-new", shop.list_.destination.spec.rudderstack_type)
    pipe = factories.pipe("key-new", data_plane_url=vendors.rudder)
    route = {str(shop.list_.destination_id): {"pipe": pipe.pk, "list_name": "New"}}
    shop.redefined(routes=route, identifiers=["phone"], switch_on=timezone.localdate())
    with shop.watched() as seen:
        assert synced(shop.list_).state == RunState.DONE
    assert all(old >= STAY for old, _ in seen)
    assert shop.there(pipe) == STAY


@pytest.mark.slow
def test_another_form_of_the_events_changes_nobody(vendors: Vendors, settings: Settings) -> None:
    shop = Shop(vendors, settings)
    Activation.objects.filter(pk=shop.list_.pk).update(payload="audiencelist")
    with shop.watched() as seen:
        run = synced(shop.list_)
    assert (run.state, run.removes, run.payload) == (RunState.DONE, 1, "audiencelist")
    assert all(now >= STAY for _, now in seen)
    assert shop.there(shop.list_.pipe) == STAY


@pytest.mark.slow
def test_people_who_change_their_address_are_never_away(vendors: Vendors, settings: Settings) -> None:
    shop = Shop(vendors, settings)
    for cio_id, name in shop.ids.items():
        vendors.upsert({"cio_id": cio_id, "email": f"new-{name}@shop.example"})
    vendors.mirror()
    with shop.watched() as seen:
        run = synced(shop.list_)
    assert (run.state, run.changes, run.removes, run.dropped) == (RunState.DONE, 5, 1, 0)
    assert all(now >= STAY for _, now in seen)
    assert shop.there(shop.list_.pipe) == STAY
