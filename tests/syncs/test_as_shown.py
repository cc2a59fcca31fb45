"""A release sends what was shown, and reads nothing, as long as that is what it would send; else it reads afresh."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Segment
from muster.models import Person
from syncs import hold, staging
from syncs.as_shown import is_as_shown, wanted_readings
from syncs.erased import identifier_hint, identifier_value
from syncs.models import Batch, Pull, Run, StagedShard, Tombstone
from syncs.states import BatchState, RunState
from tests import factories
from tests.syncs.running import synced, work_off
from tests.syncs.shards import sha
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]
BEFORE, NEW = 20, 60
HOUR = timedelta(hours=1)


def shopper(number: int) -> dict[str, str]:
    return {"id": f"s{number}", "email": f"s{number}@shop.example"}


@pytest.fixture
def growing(vendors: Vendors) -> Activation:
    """A list of 20 people whose segment has gained 60: more than the limit of 50. Others are excluded, so far nobody."""
    made = factories.registered_audience(vendors, [shopper(n) for n in range(BEFORE)], name="VIP")
    others = vendors.segment(name="Buyers", members=[])
    factories.segment_row(made.segment.workspace, number=others, name="Buyers")
    made.definitions.update(exclusions=[{"segment": others, "reason": "They bought"}], identifiers=["email"])
    assert synced(made.activations.get()).state == RunState.DONE
    vendors.change_segment(made.segment.number, add=vendors.upsert(*(shopper(n) for n in range(BEFORE, BEFORE + NEW))))
    vendors.mirror()
    # The next sync reads afresh, as it would a day later.
    Pull.objects.update(began_at=timezone.now() - 5 * HOUR)
    return Activation.objects.get()


def held_now(made: Activation) -> Run:
    run = synced(made)
    assert (run.state, run.reason, run.held["adds"]["figure"]) == (RunState.HELD, "guard", NEW)
    return run


def released(run: Run, by: Person, **more: Any) -> Run:
    figures = {"max_removes": 0, "max_adds": NEW, **more}
    return work_off(hold.release(run, by=by, reason="A sale", at=timezone.now(), **figures))


def asked(vendors: Vendors) -> int:
    return len(vendors.cio_requests())


def on_list(vendors: Vendors, made: Activation) -> set[str]:
    assert made.pipe is not None
    return set(vendors.membership(made.pipe.write_key)["refs"])


def test_what_was_shown_is_sent_and_nothing_is_read(vendors: Vendors, growing: Activation, manager: Person) -> None:
    held = held_now(growing)
    before = asked(vendors)
    # Who came since was not shown.
    vendors.change_segment(growing.audience.segment.number, add=vendors.upsert(shopper(99)))

    run = released(held, manager)

    assert (run.state, run.pull, run.accepted_adds) == (RunState.DONE, held.pull, NEW)
    assert asked(vendors) == before
    assert run.verdict["adds"]["released"]
    made = Activation.objects.get()
    assert (made.members, len(on_list(vendors, made))) == (BEFORE + NEW, BEFORE + NEW)


def test_who_was_erased_or_excluded_meanwhile_is_not_sent(
    vendors: Vendors, growing: Activation, manager: Person
) -> None:
    held = held_now(growing)
    erased = sha("s30@shop.example")
    value, hint = identifier_value(erased), identifier_hint(erased)
    space = growing.audience.segment.workspace
    Tombstone.objects.create(workspace=space, kind="identifier", value=value, hint=hint, at=timezone.now())
    ids = {one["id"]: one["cio_id"] for one in vendors.members(growing.audience.segment.number)}
    others = Segment.objects.get(name="Buyers")
    vendors.change_segment(others.number, add=[ids["s31"]])
    Pull.objects.filter(segment=others).update(began_at=timezone.now() - timedelta(minutes=16))

    run = released(held, manager)

    assert (run.state, run.pull, run.accepted_adds) == (RunState.DONE, held.pull, NEW - 2)
    assert run.left_out == {"erased": 1, f"excluded:{others.number}": 1}
    assert not {ids["s30"], ids["s31"]} & on_list(vendors, Activation.objects.get())


def older(held: Run) -> None:
    Pull.objects.filter(pk=held.pull_id or 0).update(began_at=timezone.now() - 2 * HOUR)


def without_target(held: Run) -> None:
    held.activation.audience.definitions.update(freshness_minutes=None)


def edited(held: Run) -> None:
    Segment.objects.filter(pk=held.activation.audience.segment_id).update(fingerprint="another")


def moved(held: Run) -> None:
    Batch.objects.filter(activation=held.activation_id).update(settled_at=timezone.now() + HOUR)


def owed(held: Run) -> None:
    first = Batch.objects.filter(activation=held.activation_id).order_by("pk")[:1]
    Batch.objects.filter(pk__in=first).update(state=BatchState.SENDING)


def restored(held: Run) -> None:
    Activation.objects.filter(pk=held.activation_id).update(epoch=7)


def grown(held: Run) -> None:
    Activation.objects.filter(pk=held.activation_id).update(grown_at=timezone.now())


def dropped(held: Run) -> None:
    Pull.objects.filter(pk=held.pull_id or 0).update(dropped_at=timezone.now())


HINDER: list[Callable[[Run], None]] = [older, without_target, edited, moved, owed, restored, grown, dropped]


def test_what_is_no_longer_as_it_was_shown(growing: Activation) -> None:
    held = held_now(growing)
    assert is_as_shown(Run.objects.get(pk=held.pk), timezone.now())

    for hinder in HINDER:
        with transaction.atomic():
            hinder(held)
            assert not is_as_shown(Run.objects.get(pk=held.pk), timezone.now()), hinder.__name__
            transaction.set_rollback(True)


def test_an_older_reading_is_read_again_and_held_again_beyond_the_figures(
    vendors: Vendors, growing: Activation, manager: Person
) -> None:
    held = held_now(growing)
    older(held)
    vendors.change_segment(growing.audience.segment.number, add=vendors.upsert(shopper(99)))

    again = released(held, manager)

    assert again.pull != held.pull
    assert (again.state, again.held["adds"]["figure"], again.accepted_adds) == (RunState.HELD, NEW + 1, 0)
    done = released(again, factories.person(role="manager"), max_adds=NEW + 1)
    assert (done.state, done.pull, done.accepted_adds) == (RunState.DONE, again.pull, NEW + 1)


def test_a_held_runs_people_are_kept_while_a_release_may_send_them(growing: Activation) -> None:
    held = held_now(growing)
    later = timezone.now() + timedelta(minutes=20)
    assert held.pull_id in wanted_readings(later)
    staging.drop_unused(later)
    assert StagedShard.objects.filter(pull=held.pull_id).exists()

    staging.drop_unused(timezone.now() + 2 * HOUR)  # past the target

    assert not StagedShard.objects.filter(pull=held.pull_id).exists()


def test_the_page_says_whether_anything_is_read_again(growing: Activation, manager: Person, client: Client) -> None:
    held = held_now(growing)
    client.force_login(manager)
    page = f"/runs/{held.pk}/"
    assert "Sent as shown, and nothing is read again" in client.get(page).content.decode()
    form = {"release-max_adds": str(NEW), "release-reason": "A sale"}

    assert "It is sent as it was shown." in client.post(f"{page}release/", form, follow=True).content.decode()

    older(held)
    Run.objects.exclude(pk=held.pk).filter(pk__gt=held.pk).delete()
    assert "The segment is read again: sent if it stays within the figures" in client.get(page).content.decode()
