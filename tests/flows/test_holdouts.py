"""Held-out people over many syncs: in no ad list, whatever happens, and each arm told once where it is measured."""

import signal
from collections import Counter
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from django.utils import timezone
from hypothesis import strategies as st
from pytest_django import Settings

from audiences.models import Activation, Audience, Definition
from syncs import pipeline
from syncs.models import Run
from syncs.start import start
from syncs.states import RunState
from syncs.verify import verify
from tests import factories
from tests.faults.child import Child, at_number
from tests.faults.list_at_work import resumed, short
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

EXP = "exp_winback"
HOLDOUT: dict[str, Any] = {"holdout_attribute": EXP, "holdout_arm": "control", "purpose": "winback"}


def plain(number: int, **attributes: str) -> dict[str, Any]:
    return {
        "id": f"shop-{number}",
        "email": f"p{number}@shop.example",
        "phone": f"+121255{number:05}",
        **attributes,
    }


@dataclass
class World:
    """One audience at Meta and in a warehouse; `ids` are its people's cio_ids, in order."""

    vendors: Vendors
    audience: Audience
    ids: list[str]

    def list_at(self, platform: str) -> Activation:
        found = self.audience.activations.select_related("destination", "pipe")
        return found.get(destination__platform=platform)

    def key(self, platform: str) -> str:
        pipe = self.list_at(platform).pipe
        assert pipe is not None
        return pipe.write_key

    def change(self, number: int, **attributes: str | None) -> None:
        self.vendors.upsert({"cio_id": self.ids[number], **attributes})
        self.vendors.mirror()

    def define(self, **clauses: Any) -> None:
        self.audience.definitions.update(state=Definition.State.PAST)
        places = [one.destination for one in self.audience.activations.select_related("destination")]
        identifiers = ["email", "phone", "external_id"]
        factories.definition(self.audience, destinations=places, **{"identifiers": identifiers, **HOLDOUT, **clauses})

    def at_meta(self) -> set[int]:
        held = self.vendors.membership(self.key("meta"))
        assert not held["strangers"]
        return {self.ids.index(ref) for ref in held["refs"]}

    def told(self, event: str = "Holdout Assigned") -> list[tuple[int, str]]:
        """Return (person, arm) of each such event the warehouse was sent, oldest first; a retry counts once."""
        seen = {
            one["messageId"]: one for one in self.vendors.events(self.key("warehouse")) if one.get("event") == event
        }
        return [(int(one["userId"].removeprefix("shop-")), one["properties"].get("arm", "")) for one in seen.values()]

    def traits(self) -> dict[int, Any]:
        """Return the arm that the newest identify of each person says, None where it says none."""
        found = {}
        for one in self.vendors.events(self.key("warehouse")):
            if one["type"] == "identify" and EXP in one["context"]["traits"]:
                found[int(one["userId"].removeprefix("shop-"))] = one["context"]["traits"][EXP]
        return found

    def sync(self, *platforms: str) -> list[Run]:
        return [synced(self.list_at(platform)) for platform in platforms or ("meta", "warehouse")]


def built(vendors: Vendors, people: list[dict[str, Any]], **clauses: Any) -> World:
    made = factories.registered_audience(vendors, people, platforms=("meta", "warehouse"))
    ids = [one["cio_id"] for one in sorted(vendors.members(made.segment.number), key=lambda one: int(one["id"][5:]))]
    world = World(vendors, made, ids)
    world.define(**clauses)
    vendors.mirror()
    return world


@pytest.fixture
def world(vendors: Vendors) -> World:
    """Two held out, two treated, one in no arm, one with a value that is none."""
    arms = ["control", "Control ", "treated", "treated", None, "ann@shop.example"]
    return built(vendors, [plain(n, **({EXP: arm} if arm else {})) for n, arm in enumerate(arms)])


def test_held_out_people_are_in_no_ad_list_and_each_arm_is_told_once(world: World) -> None:
    meta, warehouse = world.sync()

    assert world.at_meta() == {2, 3, 4, 5}
    assert meta.left_out == {"held_out": 2}
    assert meta.arms == {"treated": 2, "": 2}
    assert meta.unusable[f"arm:{EXP}"] == 1
    assert (warehouse.left_out, warehouse.wanted) == ({}, 6)
    assert warehouse.arms == {"control": 2, "treated": 2, "": 2}
    assert sorted(world.told()) == [(0, "control"), (1, "control"), (2, "treated"), (3, "treated")]
    assert world.traits() == {0: "control", 1: "control", 2: "treated", 3: "treated"}
    assert len(world.told("Audience Entered")) == 6

    assert [run.requests for run in world.sync()] == [0, 0], "nothing has changed"
    assert [finding for finding in verify() if not finding.holds] == []


def test_nothing_of_arms_reaches_the_ad_platform(world: World) -> None:
    world.sync("meta")

    sent = str(world.vendors.events(world.key("meta")))
    assert EXP not in sent
    assert "control" not in sent


def test_a_change_of_arm_moves_people_in_and_out_and_is_told(world: World) -> None:
    world.sync()

    world.change(0, **{EXP: "treated"})
    world.change(2, **{EXP: "control"})
    meta, warehouse = world.sync()

    assert world.at_meta() == {0, 3, 4, 5}
    assert (meta.adds, meta.removes, meta.removes_by) == (1, 1, {"held_out": 1})
    assert (warehouse.adds, warehouse.changes, warehouse.removes) == (0, 2, 0)
    assert Counter(world.told()[4:]) == Counter({(0, "treated"): 1, (2, "control"): 1})
    assert (world.traits()[0], world.traits()[2]) == ("treated", "control")
    assert [run.requests for run in world.sync()] == [0, 0]


def test_an_arm_that_is_taken_away_is_null_and_no_event(world: World) -> None:
    world.sync()

    world.change(2, **{EXP: None})
    world.sync()

    assert world.traits()[2] is None
    assert len(world.told()) == 4
    assert world.at_meta() == {2, 3, 4, 5}


def test_who_shares_a_phone_with_a_held_out_person_is_left_out_too(vendors: Vendors) -> None:
    people = [plain(0, **{EXP: "control"}), plain(1, **{EXP: "treated"}) | {"phone": plain(0)["phone"]}, plain(2)]
    world = built(vendors, people)

    (run,) = world.sync("meta")

    assert world.at_meta() == {2}
    assert run.left_out == {"held_out": 1, "shares_blocked": 1}


def test_they_are_targeted_where_the_definition_says_so_and_protected_by_suppressions(world: World) -> None:
    world.define(holdout_targets=True, holdout_reason="The test is over")
    world.sync("meta")
    assert world.at_meta() == {0, 1, 2, 3, 4, 5}

    world.define()
    (run,) = world.sync("meta")
    assert (world.at_meta(), run.removes_by) == ({2, 3, 4, 5}, {"held_out": 2})

    world.define(purpose="suppress")
    (run,) = world.sync("meta")
    assert (world.at_meta(), run.arms, run.left_out) == ({0, 1, 2, 3, 4, 5}, {}, {})


def test_a_holdout_that_is_added_later_tells_arms_and_sends_nobody_else_again(world: World) -> None:
    world.define(holdout_attribute="", holdout_arm="")
    world.sync()
    assert world.told() == []

    world.define()
    meta, warehouse = world.sync()

    assert (meta.removes_by, world.at_meta()) == ({"held_out": 2}, {2, 3, 4, 5})
    assert (warehouse.changes, warehouse.unchanged) == (4, 2)
    assert sorted(world.told()) == [(0, "control"), (1, "control"), (2, "treated"), (3, "treated")]


def test_another_experiment_tells_arms_of_the_same_name_anew(world: World) -> None:
    world.sync()
    for number in range(4):
        world.change(number, exp_next="control")

    world.define(holdout_attribute="exp_next")
    _, warehouse = world.sync()

    assert warehouse.changes == 4
    assert Counter(world.told()[4:]) == Counter({(number, "control"): 1 for number in range(4)})


def test_sending_everybody_again_tells_no_arm_again(world: World) -> None:
    world.sync("warehouse")
    again = start(world.list_at("warehouse"), trigger=Run.Trigger.COMMAND, at=timezone.now(), kind=Run.Kind.REASSERT)

    done = pipeline.work(again.pk, holder="test")

    assert done is not None
    assert (done.state, done.reasserts) == (RunState.DONE, 6)
    assert len(world.told()) == 4


def test_an_attribute_that_is_gone_holds_additions_until_it_is_back(vendors: Vendors) -> None:
    world = built(vendors, [plain(n, **{EXP: "control" if n < 4 else "treated"}) for n in range(16)])
    world.sync()
    assert world.at_meta() == set(range(4, 16))

    for number in range(16):
        world.change(number, **{EXP: None})
    meta, warehouse = world.sync()

    assert [(run.state, run.reason) for run in (meta, warehouse)] == [(RunState.HELD, "arms_lost")] * 2
    assert "most people lost the holdout's attribute" in meta.words
    assert world.at_meta() == set(range(4, 16))
    assert len(world.traits()) == 16
    assert None not in world.traits().values()

    world.change(0, **{EXP: "control"})
    world.change(5, **{EXP: "control"})
    world.sync("meta")
    assert world.at_meta() == set(range(4, 16)) - {5}, "removals go on"


def test_an_attribute_with_as_many_values_as_people_fails_the_run_and_changes_nothing(vendors: Vendors) -> None:
    world = built(vendors, [plain(n, **{EXP: f"value {n}"}) for n in range(60)])

    (run,) = world.sync("meta")

    assert (run.state, run.reason) == (RunState.FAILED, "pull_failed")
    assert "exp_winback has more than 50 different values" in run.words
    assert world.list_at("meta").members == 0


arms = st.sampled_from(["control", "treated", None])


@pytest.mark.slow
@hypothesis.settings(
    max_examples=10, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None
)
@hypothesis.given(st.lists(arms, min_size=5, max_size=5), st.lists(st.tuples(st.integers(0, 4), arms), max_size=4))
def test_whatever_arms_people_move_to_they_are_where_they_belong(
    vendors: Vendors, first: list[str | None], moves: list[tuple[int, str | None]]
) -> None:
    vendors.reset()
    now = list(first)
    world = built(vendors, [plain(n, **({EXP: arm} if arm else {})) for n, arm in enumerate(first)])
    wanted = [(number, arm) for number, arm in enumerate(first) if arm]
    world.sync()
    for number, arm in moves:
        world.change(number, **{EXP: arm})
        if arm and arm != now[number]:
            wanted.append((number, arm))
        now[number] = arm
        world.sync()
        assert world.at_meta() == {n for n, one in enumerate(now) if one != "control"}

    assert Counter(world.told()) == Counter(wanted)


# Of the steps of such a run: while it reads, compares, sends its three requests, and ends.
KILLED_AT = (100, 112)


def test_a_worker_killed_at_any_step_tells_no_arm_twice_and_none_too_few(vendors: Vendors, settings: Settings) -> None:
    short(settings)
    people = {step: range(step * 100, step * 100 + 60) for step in KILLED_AT}
    worlds = {
        step: built(vendors, [plain(n, **{EXP: "control" if n % 3 else "treated"}) for n in some])
        for step, some in people.items()
    }
    runs = {
        step: start(world.list_at("warehouse"), trigger=Run.Trigger.COMMAND, at=timezone.now())
        for step, world in worlds.items()
    }
    # Long enough for a machine that is busy with other things: there is one wait for all of them.
    settings.LEASE_SECONDS = 4.0
    for step, run in runs.items():
        assert Child(run.pk, at_number(step)).ended() == -signal.SIGKILL, step

    resumed(*runs.values())

    for step, world in worlds.items():
        assert (runs[step].state, runs[step].words) == (RunState.DONE, ""), step
        assert Counter(world.told()) == Counter({(n, "control" if n % 3 else "treated"): 1 for n in people[step]}), step
        following = synced(world.list_at("warehouse"))
        last = synced(world.list_at("warehouse")) if following.requests else following
        assert (last.state, last.requests, len(world.told())) == (RunState.DONE, 0, 60), step
    assert [finding for finding in verify() if not finding.holds] == []
