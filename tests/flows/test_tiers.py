"""People move between tiers at the stand-in: a removal and an addition inside one cycle, counted once, and never in both."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Audience, CoreCohort, Lifecycle
from muster.models import Person
from syncs.models import Overlap, PlanShard, Run
from syncs.states import RunState
from syncs.sweep import drop_plans
from syncs.tiers import tiers_of
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]
Sign = Callable[[Person], Client]
Kind = Overlap.Kind
NAMES = ("Cart 1–4 h", "Cart 4–24 h", "Cart 1–3 d")


class Tiers:
    """Three audiences of which nobody is in two, each with a list at one account; `ids` by name of the person."""

    def __init__(self, vendors: Vendors, *, overlapping: bool = False) -> None:
        self.vendors = vendors
        self.space = factories.workspace()
        people = [f"p{number}" for number in range(9)]
        made = vendors.upsert(*({"id": name, "email": f"{name}@shop.example"} for name in people))
        self.ids = dict(zip(people, made, strict=True))
        self.place = factories.destination(name="Meta, NW US")
        self.tiers = [self._tier(name, people[3 * n : 3 * n + 3 + overlapping]) for n, name in enumerate(NAMES)]
        vendors.mirror()

    def _tier(self, name: str, people: list[str]) -> Audience:
        number = self.vendors.segment(name=name, members=[self.ids[one] for one in people])
        shown = next(one for one in factories.listed_segments(self.vendors, self.space) if one["id"] == number)
        row = factories.segment_row(
            self.space, number=number, name=name, kind=shown["type"], conditions=shown.get("conditions")
        )
        made = factories.audience(segment=row, name=name, family="cart")
        self.vendors.source(f"key-{number}")
        factories.activation(made, self.place, factories.pipe(f"key-{number}", data_plane_url=self.vendors.rudder))
        factories.definition(made, destinations=[self.place], identifiers=["email"])
        return made

    def list(self, tier: int) -> Activation:
        return self.tiers[tier].activations.get()

    def sync(self, tier: int) -> Run:
        run = synced(self.list(tier))
        assert run.state == RunState.DONE, run.words
        return run

    def move(self, name: str, before: int, after: int) -> None:
        self.vendors.change_segment(self.tiers[before].segment.number, remove=[self.ids[name]])
        self.vendors.change_segment(self.tiers[after].segment.number, add=[self.ids[name]])

    def there(self, tier: int) -> set[str]:
        pipe = self.list(tier).pipe
        assert pipe is not None
        names = {cio_id: name for name, cio_id in self.ids.items()}
        return {names[ref] for ref in self.vendors.membership(pipe.write_key)["refs"]}


def counted(run: Run) -> dict[tuple[str, str], int]:
    """Return what was counted at a run's end: (kind, name of the other audience) -> people."""
    rows = run.overlaps.select_related("other__audience")
    return {(str(row.kind), row.other.audience.name if row.other else ""): row.people for row in rows}


@pytest.mark.parametrize("order", [(0, 1), pytest.param((1, 0), marks=pytest.mark.slow)])
def test_who_moves_is_removed_and_added_inside_one_cycle_and_counted_once(
    vendors: Vendors, order: tuple[int, int], signed_in: Sign, paid_media: Person
) -> None:
    world = Tiers(vendors)
    client: Any = signed_in(paid_media)
    address = f"/audiences/{world.tiers[1].slug}/tiers/"
    assert "Counted when the next sync of this list has ended" in client.get(address).content.decode()
    for tier in range(3):
        world.sync(tier)
    world.move("p0", 0, 1)
    world.move("p1", 0, 1)
    world.move("p3", 1, 2)
    for tier in order:
        world.sync(tier)
    assert (world.there(0), world.there(1)) == ({"p2"}, {"p0", "p1", "p4", "p5"})

    (place,) = tiers_of(world.tiers[1])
    first, last = place.others
    assert [one.other.audience.name for one in place.others] == [NAMES[2], NAMES[0]]
    assert (last.came, last.went, last.both) == (2, 0, 0)
    assert (first.came, first.went, first.both) == (0, 0, 0), "the third tier was not synced yet"
    assert place.overlaps == 0
    shown = client.get(address).content.decode()
    assert 'data-label="Came from it">2<' in shown
    assert "in two tiers" not in shown

    world.sync(2)
    assert world.there(2) == {"p3", "p6", "p7", "p8"}
    (place,) = tiers_of(world.tiers[2])
    handed = {one.other.audience.name: (one.came, one.went, one.both) for one in place.others}
    assert handed == {NAMES[0]: (0, 0, 0), NAMES[1]: (1, 0, 0)}


@pytest.mark.slow
def test_until_the_other_tier_was_synced_who_moved_is_in_both(vendors: Vendors) -> None:
    world = Tiers(vendors)
    for tier in range(3):
        world.sync(tier)
    world.move("p0", 0, 1)
    run = world.sync(1)
    assert counted(run)[Kind.TIER, NAMES[0]] == 1
    assert counted(run)[Kind.MOVED_IN, NAMES[0]] == 0
    (place,) = tiers_of(world.tiers[1])
    assert place.overlaps == 1
    run = world.sync(0)
    assert counted(run)[Kind.TIER, NAMES[1]] == 0
    assert counted(run)[Kind.MOVED_OUT, NAMES[1]] == 1
    (place,) = tiers_of(world.tiers[1])
    assert place.overlaps == 0


@pytest.mark.slow
def test_tiers_that_overlap_in_customer_io_are_told(vendors: Vendors) -> None:
    world = Tiers(vendors, overlapping=True)
    runs = [world.sync(tier) for tier in range(3)]
    assert counted(runs[1])[Kind.TIER, NAMES[0]] == 1
    assert counted(runs[2])[Kind.TIER, NAMES[1]] == 1
    assert (Kind.MOVED_IN, NAMES[0]) not in counted(runs[1]), "of a first sync nobody knows where people came from"


def test_the_plan_of_a_tier_is_kept_until_the_others_have_planned(vendors: Vendors) -> None:
    world = Tiers(vendors)
    for tier in range(3):
        world.sync(tier)
    world.move("p0", 0, 1)
    run = world.sync(0)
    later = timezone.now() + timedelta(hours=2)
    drop_plans(later)
    assert set(PlanShard.objects.values_list("run", flat=True)) == {run.pk}
    assert counted(world.sync(1))[Kind.MOVED_IN, NAMES[0]] == 1
    drop_plans(later)
    assert PlanShard.objects.filter(run=run).exists(), "the third tier may have taken them in"
    Activation.objects.filter(pk=world.list(2).pk).update(lifecycle=Lifecycle.PAUSED)
    drop_plans(later)
    assert not PlanShard.objects.filter(run=run).exists()

    world.move("p1", 0, 1)
    world.sync(0)
    drop_plans(timezone.now() + timedelta(hours=25))
    assert (Kind.MOVED_IN, NAMES[0]) not in counted(world.sync(1)), "what is gone is not known, and not nobody"
    (place,) = tiers_of(world.tiers[1])
    assert [one.came for one in place.others if one.other.audience.name == NAMES[0]] == [None]


@pytest.mark.slow
def test_who_left_and_came_to_no_other_tier_did_not_move(vendors: Vendors) -> None:
    world = Tiers(vendors)
    for tier in range(3):
        world.sync(tier)
    for name in ("p0", "p1"):
        world.vendors.change_segment(world.tiers[0].segment.number, remove=[world.ids[name]])
    world.sync(0)
    assert counted(world.sync(1))[Kind.MOVED_IN, NAMES[0]] == 0


def test_held_out_people_in_a_live_list_are_counted(vendors: Vendors) -> None:
    world = Tiers(vendors)
    number = vendors.segment(name="Held out", members=[world.ids["p1"], world.ids["p2"], world.ids["p8"]])
    row = factories.segment_row(world.space, number=number, name="Held out", kind="manual")
    run = world.sync(0)
    assert (Kind.HELD_OUT, "") not in counted(run), "nobody said who is held out"

    by = factories.person(role="manager")
    CoreCohort.objects.create(workspace=world.space, key="held_out", segment=row, set_by=by, set_at=timezone.now())
    assert (Kind.HELD_OUT, "") not in counted(world.sync(0)), "they were not read"
    factories.definition(
        world.tiers[1],
        state="draft",
        destinations=[world.place],
        exclusions=[{"segment": number, "reason": "Held out"}],
        identifiers=["email"],
    )
    world.tiers[1].definitions.filter(state="current").update(state="past")
    world.tiers[1].definitions.filter(state="draft").update(
        state="current", approved_at=timezone.now(), promoted_at=timezone.now()
    )
    assert counted(world.sync(1))[Kind.HELD_OUT, ""] == 0, "its own exclusion keeps them out"
    assert counted(world.sync(0))[Kind.HELD_OUT, ""] == 2
    assert counted(world.sync(2))[Kind.HELD_OUT, ""] == 1


def test_held_out_people_are_told_by_the_arm_that_was_read(vendors: Vendors) -> None:
    world = Tiers(vendors)
    for name, arm in (("p0", "control"), ("p1", "treated"), ("p2", "control"), ("p3", "control")):
        vendors.upsert({"cio_id": world.ids[name], "exp_cart": arm})
    run = world.sync(0)
    assert (Kind.HELD_OUT, "") not in counted(run), "nobody asked who is in which arm"
    for clauses in ({"holdout_targets": True, "holdout_reason": "They are counted"}, {}):
        world.tiers[0].definitions.update(state="past")
        holdout: dict[str, Any] = {"holdout_attribute": "exp_cart", "holdout_arm": "Control", **clauses}
        factories.definition(world.tiers[0], destinations=[world.place], identifiers=["email"], **holdout)
        run = world.sync(0)
        assert counted(run)[Kind.HELD_OUT, ""] == (2 if clauses else 0)
    assert world.there(0) == {"p1"}

    vendors.change_segment(world.tiers[0].segment.number, add=[world.ids["p3"]])
    world.sync(0)
    assert counted(world.sync(1))[Kind.HELD_OUT, NAMES[0]] == 1, "held out by the other audience, and in this list"


def test_a_page_loads_it_for_tiers_only(signed_in: Sign, paid_media: Person) -> None:
    client: Any = signed_in(paid_media)
    tier, plain = factories.audience(family="cart"), factories.audience()
    for one in (tier, plain):
        factories.definition(one)
    assert f"/audiences/{tier.slug}/tiers/" in client.get(f"/audiences/{tier.slug}/").content.decode()
    assert "/tiers/" not in client.get(f"/audiences/{plain.slug}/").content.decode()
    assert client.get(f"/audiences/{plain.slug}/tiers/").status_code == 404
