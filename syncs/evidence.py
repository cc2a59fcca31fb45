"""What the pilot of a version has shown so far, read from its runs: nobody ticks anything off by hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Sum

from audiences.models import Activation, Arrival, Definition, RosterMember
from audiences.promoting import Proof
from muster.figures import number

from . import arms, arms_told
from .admission import held_by_production
from .models import Run
from .states import ARRIVED, RunState

DONE, OPEN, TOLD = "done", "open", "told"
# From how many people on a platform shows a size (docs/connecting.md); others count every one.
SHOWS_FROM: Final = {"meta": 1_000, "google_ads": 1_000}


@dataclass(frozen=True)
class Item:
    """One thing to show. `state` is done, open, or told: an answer that proves nothing and hinders nothing."""

    label: str
    state: str
    words: str
    at: datetime | None = None
    run: Run | None = None


@dataclass(frozen=True)
class Evidence:
    """What one pilot list has shown of one version."""

    pilot: Activation
    items: list[Item]
    live: Run | None

    @property
    def passed(self) -> bool:
        return all(item.state != OPEN for item in self.items)

    @property
    def sentences(self) -> list[str]:
        return [f"{self.pilot.destination.name}: {item.label}. {item.words}" for item in self.items]

    @property
    def lacks(self) -> list[str]:
        return [f"{self.pilot.destination.name}: {item.words}" for item in self.items if item.state == OPEN]


def of_version(version: Definition) -> list[Evidence]:
    """Return the evidence of each pilot list of a version, by destination."""
    pilots = Activation.objects.filter(
        audience=version.audience_id, kind=Activation.Kind.PILOT, destination__in=version.destinations
    )
    return [
        _of(pilot, version)
        for pilot in pilots.select_related("destination", "pipe", "arrival").order_by("destination__name")
    ]


def proof_of(version: Definition) -> Proof:
    """Return what promoting needs: every list of the version proved."""
    found = of_version(version)
    proved = {one.pilot.destination_id for one in found}
    lacks = [sentence for one in found for sentence in one.lacks]
    lacks += ["A list of this version has no pilot yet."] if set(version.destinations) - proved else []
    return Proof([sentence for one in found for sentence in one.sentences], lacks)


def _of(pilot: Activation, version: Definition) -> Evidence:
    if not pilot.destination.spec.is_sent:
        words = "People get there another way, so there is no loop to prove; its figures are entered by hand."
        return Evidence(pilot, [Item("Not sent by Muster", TOLD, words)], None)
    runs = (
        Run.objects.of_lists()
        .filter(activation=pilot, definition=version)
        .select_related("activation__destination", "pull")
    )
    newest_first = list(runs.order_by("-pk"))
    synced = [run for run in newest_first if run.kind != Run.Kind.CLEAR]
    reached = next((run for run in synced if run.state in {*ARRIVED, RunState.HELD} and run.wanted), None)
    sent = runs.aggregate(people=Sum("accepted_adds"), requests=Sum("requests"), refused=Sum("rejected"))
    people = min(sent["people"] or 0, max((run.wanted or 0 for run in synced), default=0))
    items = [
        _identity(synced, reached),
        _accepted(people, sent["requests"] or 0, sent["refused"] or 0, reached),
        _removed(pilot, newest_first, people),
        _read_back(pilot, people),
        *_arms(version, synced),
    ]
    return Evidence(pilot, items, next((run for run in newest_first if run.is_live), None))


def _identity(synced: list[Run], reached: Run | None) -> Item:
    label = "Identity resolved"
    on_roster = RosterMember.objects.count()
    if reached:
        words = (
            f"{number(reached.wanted)} of {number(on_roster)} on the roster are in the segment with a usable identifier"
        )
        if reached.duplicates:
            words += f"; {number(reached.duplicates)} of them share one with another profile"
        return Item(label, DONE, f"{words}.", reached.planned_at, reached)
    if any(run.state in ARRIVED for run in synced):
        words = (
            "Nobody of the roster is in the segment and may be sent. Let somebody of the team meet its conditions in "
            "Customer.io, then run the pilot again."
        )
        return Item(label, OPEN, words)
    return Item(label, OPEN, "The pilot has not run to its end yet. Run it.")


def _arms(version: Definition, synced: list[Run]) -> list[Item]:
    """Return whether the holdout's attribute is there at all: a wrong name would hold nobody out, and nobody would notice."""
    attribute = version.holdout_attribute
    if not attribute or version.suppresses:
        return []
    newest = next((run for run in synced if run.state in ARRIVED and run.pull), None)
    if newest is None or newest.pull is None:
        return [Item("Arms of the holdout", OPEN, "The pilot has not run to its end yet. Run it.")]
    counts = newest.pull.counts
    words = arms_told.read(attribute, counts.get("arms", {}).get(attribute, {}))
    return [
        Item(
            "Arms of the holdout", DONE if arms.with_arm(counts, attribute) else OPEN, words, newest.planned_at, newest
        )
    ]


def _accepted(people: int, requests: int, refused: int, reached: Run | None) -> Item:
    label = "Accepted by RudderStack"
    if refused:
        return Item(label, OPEN, f"RudderStack refused {number(refused)} of the events. See the run for what it said.")
    if not people or reached is None:
        return Item(label, OPEN, "Nobody was accepted by RudderStack yet.")
    words = f"{number(people)} people in {number(requests)} request{'' if requests == 1 else 's'}, removals included."
    return Item(label, DONE, words, reached.finished_at, reached)


def _removed(pilot: Activation, runs: list[Run], people: int) -> Item:
    label = "Removed again"
    cleared = next((run for run in runs if run.kind == Run.Kind.CLEAR and run.state in ARRIVED), None)
    shown = bool(cleared and cleared.accepted_removes)
    if not shown and held_by_production(pilot):
        whom = f"Not exercised for {number(people)} people" if people else "Not exercised"
        return Item(label, TOLD, f"{whom}: the list is in use, and a pilot removes nobody whom it holds.")
    if cleared is None or not shown:
        return Item(label, OPEN, "Removing was not shown yet. Remove the roster again once it was accepted.")
    if pilot.members:
        words = f"{number(pilot.members)} people of the roster are on the list again. Remove them again at the end."
        return Item(label, OPEN, words)
    words = f"{number(cleared.accepted_removes)} removals accepted; nobody of the pilot is left on the list."
    return Item(label, DONE, words, cleared.finished_at, cleared)


def _read_back(pilot: Activation, people: int) -> Item:
    """Return what the platform says of the pilot list: "too small to say" is an answer, and none hinders promotion."""
    label, place = f"Count at {pilot.destination.name}", pilot.destination.name
    back: Arrival | None = getattr(pilot, "arrival", None)
    if back is not None and back.size_low is not None:
        words = f"{back.get_readiness_display()}: {back.told}. {back.words}"
        return Item(label, DONE if back.size_high else TOLD, words, back.as_of)
    least = SHOWS_FROM.get(pilot.destination.platform)
    if least and people < least:
        words = f"Too small to say: {number(people)} people; a size is shown from {number(least)} on."
        return Item(label, TOLD, words, back.as_of if back else None)
    if back is not None:
        return Item(label, TOLD, f"{back.get_readiness_display()}. {back.words}", back.as_of)
    return Item(label, TOLD, f"Not read back: look for {number(people)} people in {place} yourself, or enter its id.")
