"""Twelve kinds of fault: how each is planted in the sandbox, how it is mended, and in how many weeks it must be found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciliation.case import Kind
from reconciliation.models import Answer

from .world import EXCLUDED, World

Key = tuple[str, str]
Act = Callable[[World, Sequence[Key]], None]
DOUBLED: Final = 0.15  # of a segment's people get a second profile
CONDITIONS: Final = {"and": [{"attribute": {"field": "orders", "operator": "gt", "value": 3}}]}


@dataclass(frozen=True)
class Fault:
    """`within`: in so many weeks it must be found, the week in which it began included; None: it is none, and stays quiet.

    `mended`: how many weeks after it began; `settled`: how many weeks later the lists must be quiet again.
    """

    name: str
    keys: tuple[Key, ...]
    began: int
    cause: Kind | None
    within: int | None
    plant: Act
    mend: Act
    mended: int = 3
    settled: int = 1

    @property
    def is_over(self) -> int:
        """Return the first week in which its lists must be quiet again."""
        return self.began + self.mended + self.settled


def nothing(world: World, keys: Sequence[Key]) -> None:
    """Leave everything as it is."""


def recreate(world: World, keys: Sequence[Key]) -> None:
    """Let everything arrive again, create the lists anew, and send everybody."""
    for key in keys:
        one = world.lists[key]
        world.carry(one)
        world.empty(one)
        world.again.add(one.pk)


def trouble(**config: object) -> Act:
    """Return what lets RudderStack's destinations of these lists have this trouble."""

    def act(world: World, keys: Sequence[Key]) -> None:
        for key in keys:
            world.carry(world.lists[key], **config)

    return act


def switch_identifiers(world: World, keys: Sequence[Key]) -> None:
    """Send phones instead of emails, by which the platforms know fewer people."""
    made = world.lists[keys[0]].audience
    places = [world.places[place] for name, place in world.lists if name == made.name]
    world.define(made, places=places, identifiers=["phone"], switch_from=["email"])
    for key in keys:
        world.match[key] *= 0.75


def accept(world: World, keys: Sequence[Key]) -> None:
    """Let the owners accept the new level."""
    for key in keys:
        newest = world.rows(key)[-1]
        Answer.objects.create(
            activation=world.lists[key],
            since=newest.since or newest.monday,
            monday=newest.monday,
            kind=Answer.Kind.ACCEPT,
            note="As decided",
            by=world.somebody,
            at=world.now,
        )


def edit_segment(world: World, keys: Sequence[Key]) -> None:
    """Change the segment's conditions in Customer.io, and tell nobody."""
    number = world.lists[keys[0]].audience.segment.number
    world.kept_conditions[number] = world.segments[keys[0][0]].conditions
    world.vendors.change_segment(number, conditions=CONDITIONS)


def restore_segment(world: World, keys: Sequence[Key]) -> None:
    number = world.lists[keys[0]].audience.segment.number
    world.vendors.change_segment(number, conditions=world.kept_conditions[number])


def purge(world: World, keys: Sequence[Key]) -> None:
    for key in keys:
        world.empty(world.lists[key])


def double_profiles(world: World, keys: Sequence[Key]) -> None:
    """Let a form make a second profile of many people who are in the segment, with the same address."""
    number = world.lists[keys[0]].audience.segment.number
    members = world.vendors.members(number)
    chosen = members[: round(DOUBLED * len(members))]
    twins = [
        {"cio_id": f"d0d0{number:04x}{place:06x}", "id": f"twin-{number}-{place}", "email": one["email"]}
        for place, one in enumerate(chosen)
    ]
    world.twins[number] = world.vendors.upsert(*twins)
    world.vendors.change_segment(number, add=world.twins[number])


def merge_profiles(world: World, keys: Sequence[Key]) -> None:
    number = world.lists[keys[0]].audience.segment.number
    world.vendors.change_segment(number, remove=world.twins[number])
    world.vendors.forget(*world.twins[number])


def be_late(world: World, keys: Sequence[Key]) -> None:
    """Let the platform go on showing what it computed before."""
    for key in keys:
        world.order(world.lists[key], settling=True)


def catch_up(world: World, keys: Sequence[Key]) -> None:
    for key in keys:
        world.order(world.lists[key], settling=False)


def empty_exclusion(world: World, keys: Sequence[Key]) -> None:
    """Let the excluded segment lose all its people."""
    world.vendors.change_segment(999, generated={"share": 0.0})


def fill_exclusion(world: World, keys: Sequence[Key]) -> None:
    world.vendors.change_segment(999, generated={"share": EXCLUDED})
