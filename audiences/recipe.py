"""The recipe of a feed: what to put into the webhook block of a Customer.io workflow, to be copied as it is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .feed_terms import ARM, Property

NOW: Final = "{{ 'now' | date: '%Y-%m-%dT%H:%M:%SZ' }}"
WHERE: Final = {
    "entry": "First block of the workflow, before any delay, filter or message.",
    "exit": "Last block of the workflow, on every path that ends it.",
    "assignment": "One block on each branch of the random cohort branch, right after it: one for each arm.",
    "exposure": "Right after the block that shows it: the message, the coupon, the page.",
    "other": "Where the event happens in the workflow.",
}
AGAIN: Final = {
    "entry": "Re-entry: the workflow's own rule says how often a person may enter. An event is sent each time; Muster takes "
    "the same journey once.",
    "exit": "People who exit by a goal or by the workflow's exit condition leave without this block. Add it to a second "
    "workflow on “not in the segment” if those count.",
    "assignment": "Re-entry: once. A person who enters again would be assigned again, and be in both arms.",
    "exposure": "Re-entry: as often as it can be shown. Each showing is an event of its own.",
    "other": "Re-entry: as often as the event can happen to a person.",
}
DRAFT: Final = (
    "Switch off Draft: set the block's sending behaviour to “Send automatically”. A new block is a draft, and a draft "
    "sends nothing; this is the usual reason why no event arrives."
)


@dataclass(frozen=True)
class Recipe:
    """`body` is JSON with Liquid in it; `steps` are to be done in that order."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    steps: tuple[str, ...]

    @property
    def lines(self) -> int:
        return self.body.count("\n") + 1


def recipe(name: str, kind: str, properties: Sequence[Property], url: str, *, attribute: str = "") -> Recipe:
    """Return the recipe. `attribute` is the one that carries the arm of an audience's holdout."""
    return Recipe(
        "POST", url, (("Content-Type", "application/json"),), body(name, kind, properties), steps(kind, attribute)
    )


def body(name: str, kind: str, properties: Sequence[Property]) -> str:
    """Return the body: the fields that every event has, then what this feed allows, nothing else."""
    carried = [(one.name, value_of(one, kind)) for one in properties]
    lines = [
        '"schema": 1',
        f'"event": "{name}"',
        f'"kind": "{kind}"',
        '"event_id": "{{delivery_id}}"',
        '"journey_id": "{{message.journey_id}}"',
        '"cio_id": "{{customer.cio_id}}"',
        '"id": "{{customer.id}}"',
        f'"occurred_at": "{NOW}"',
        _properties(carried),
    ]
    return "{\n  " + ",\n  ".join(lines) + "\n}"


def _properties(carried: Sequence[tuple[str, str]]) -> str:
    if not carried:
        return '"properties": {}'
    inner = ",\n    ".join(f'"{name}": "{value}"' for name, value in carried)
    return f'"properties": {{\n    {inner}\n  }}'


def value_of(one: Property, kind: str) -> str:
    """Return the Liquid that fills a property; an arm is written out, because each branch has a block of its own."""
    if kind == "assignment" and one.name == ARM:
        return "control"
    source = "event" if kind in {"exposure", "other"} else "customer"
    return f"{{{{{source}.{one.name}}}}}"


def steps(kind: str, attribute: str = "") -> tuple[str, ...]:
    """Return what to do in Customer.io, in order."""
    first = (
        f"Add a “Send and receive data” block. {WHERE[kind]}",
        "Set method, URL, header and body as they stand here. Liquid that this workflow does not know stays empty, so look at "
        "the preview of two people: id must be filled. event_id is “unsent” there and in a test: Muster shows tests as rejected.",
    )
    arms = (
        "In the other branch write the other arm into the body, for example “treatment” instead of “control”.",
        f"After it add a “Create or update person” block that sets {attribute or 'the holdout attribute, like exp_coupon,'} to "
        "the same arm, so that segments and exports know it, and let the workflow wait for it.",
    )
    return (*first, *(arms if kind == "assignment" else ()), DRAFT, AGAIN[kind])
