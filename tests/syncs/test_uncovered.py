"""Who of a reading is not on a suppression list, and on which lists they are: equal to a count of sets, in bounded memory."""

import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.conf import settings

from audiences.models import Activation, Destination, Segment
from muster.models import Person
from syncs import staging
from syncs.counting import Count
from syncs.eligibility import Identifiers, Rules
from syncs.erased import Erased
from syncs.ledger_keys import LedgerMoved
from syncs.models import Tombstone
from syncs.staging import Staged
from syncs.uncovered import Uncovered, uncovered
from tests import factories
from tests.syncs.worlds import hold, key_of, reading

pytestmark = pytest.mark.django_db
RULES = Rules(Identifiers.of({"email": "email", "phone": "phone_digits"}), suppresses=True, not_true=("do_not_share",))


class World:
    """People of one segment, a suppression list at one account, and other lists there; as sets besides."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = Random(seed)
        self.segment = factories.segment_row()
        self.place = factories.destination()
        self.everybody = [f"cio{number}" for number in range(self.draw.randint(0, 90))]
        self.inside = {one: self.somebody(one) for one in self.everybody if self.draw.random() < 0.8}
        self.erased = {one for one in self.everybody if self.draw.random() < 0.05}
        for one in self.erased:
            value = key_of(self.segment, one)
            Tombstone.objects.create(workspace=self.segment.workspace, kind="key", value=value, at="2026-11-01T00:00Z")
        self.excluded = {one: self.somebody(one) for one in self.everybody if self.draw.random() < 0.1}
        self.pull = reading(self.segment, self.inside, folder)
        self.other = reading(factories.segment_row(self.segment.workspace), self.excluded, folder)
        self.on_list = self.some(0.7)
        self.lists = [self.some(share) for share in (0.1, 0.4, 0.0, 1.0)]
        self.suppression = held(self.segment, self.place, self.on_list, self.shards)
        self.others = [held(self.segment, self.place, people, self.shards) for people in self.lists]

    def somebody(self, name: str) -> dict[str, str]:
        found = {}
        if self.draw.random() < 0.8:
            found["email"] = f"{name}@shop.example"
        if self.draw.random() < 0.3:
            found["phone"] = f"+1212555{int(name[3:]):04}"
        if self.draw.random() < 0.1:
            found["do_not_share"] = "true"
        return found

    def some(self, share: float) -> set[str]:
        """Return people of the segment, and some who are in no segment any more."""
        return {one for one in self.everybody if self.draw.random() < share}

    @property
    def shards(self) -> int:
        return 1 << self.draw.randint(0, 4)

    def count(self) -> Count:
        excluded = [(self.other.segment.number, Staged(self.other))]
        erased = Erased(self.segment.workspace)
        return Count(Staged(self.pull), RULES, excluded, erased, Path(settings.HOME) / "spool")

    def by_sets(self) -> Uncovered:
        """Count as anybody would who may keep people."""
        wanted = {
            name
            for name, has in self.inside.items()
            if (has.get("email") or has.get("phone")) and has.get("do_not_share") != "true"
        }
        gone_too = {has.get(kind) for has in self.excluded.values() for kind in ("email", "phone")} - {None}
        wanted -= self.erased | set(self.excluded)
        wanted = {
            name for name in wanted if not gone_too & {self.inside[name].get("email"), self.inside[name].get("phone")}
        }
        missing = wanted - self.on_list
        leaks = {one.pk: len(missing & people) for one, people in zip(self.others, self.lists, strict=True)}
        leaked = missing & set().union(*self.lists)
        return Uncovered(len(wanted), len(missing), len(leaked), {pk: found for pk, found in leaks.items() if found})


def held(segment: Segment, place: Destination, people: set[str], shards: int) -> Activation:
    owner = Person.objects.filter(full_name="Mara Keller").first() or factories.person(full_name="Mara Keller")
    made = factories.activation(factories.audience(segment=segment, owner=owner, drift_checker=owner), place)
    hold(made, people, shards=shards)
    return made


@pytest.mark.parametrize("seed", range(50))
def test_a_world_is_counted_as_sets_are(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MOST_PEOPLE", 8 + seed % 40)
    world = World(seed, tmp_path)
    assert uncovered(world.count(), world.suppression, world.others, at_once=1 + seed * 3) == world.by_sets()


def test_without_a_list_everybody_is_missing(tmp_path: Path) -> None:
    world = World(7, tmp_path)
    world.on_list = set()
    assert uncovered(world.count(), None, world.others) == world.by_sets()


def test_whoever_was_on_the_list_before_this_one_does_not_count(tmp_path: Path) -> None:
    world = World(8, tmp_path)
    world.suppression.epoch += 1
    world.on_list = set()
    assert uncovered(world.count(), world.suppression, world.others) == world.by_sets()


def test_a_ledger_that_is_cut_anew_meanwhile_is_counted_again(tmp_path: Path) -> None:
    world = World(9, tmp_path)
    Activation.objects.filter(pk=world.others[0].pk).update(generation=2)
    with pytest.raises(LedgerMoved):
        uncovered(world.count(), world.suppression, world.others)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MOST_PEOPLE", 1_000)
    segment, place = factories.segment_row(), factories.destination()

    def most(people: int) -> int:
        names = [f"cio{number}" for number in range(people)]
        pull = reading(segment, {one: {"email": f"{one}@shop.example"} for one in names}, tmp_path)
        lists = [held(segment, place, set(names[start:]), people // 1_024) for start in (people // 2, 10)]
        counting: dict[str, Any] = {"excluded": [], "erased": Erased(segment.workspace), "spooled": tmp_path}
        tracemalloc.start()
        try:
            found = uncovered(Count(Staged(pull), RULES, **counting), lists[0], lists[1:], at_once=2_000)
            held_most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (found.people, found.missing, found.leaked) == (people, people // 2, people // 2 - 10)
        return held_most

    small, large = most(16_384), most(65_536)
    assert large < 1.25 * small + 65_536 * 2, (small, large)
