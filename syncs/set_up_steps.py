"""Where the whole set-up stands: eight steps from the first use case to scale, each with the fact that proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiences.models import Activation, Audience, Definition, Lifecycle, Pipe, Trait
from audiences.models.workspace import CheckState
from audiences.terms import joined
from muster.figures import number

from .models import Run
from .states import ARRIVED


@dataclass(frozen=True)
class Step:
    """`done` with the fact, or what to do; `url_name` leads to where it is done."""

    label: str
    done: bool
    fact: str
    at: datetime | None = None
    url_name: str = ""


def steps() -> list[Step]:
    """Return the eight steps in order."""
    audiences = list(Audience.objects.filter(archived_at=None).order_by("created_at"))
    current = list(
        Definition.objects.filter(state=Definition.State.CURRENT, audience__archived_at=None)
        .defer("conditions", "logic")
        .order_by("promoted_at")
    )
    return [_use_case(audiences), _identifiers(current), _traits(current), _pipe(), _export(current), *_proofs()]


def lede(all_steps: Sequence[Step]) -> str:
    """Return where the set-up stands, in one sentence."""
    waiting = next((one for one in all_steps if not one.done), None)
    done = sum(1 for one in all_steps if one.done)
    if waiting is None:
        return "All eight steps of the set-up are done."
    return f"{done} of {len(all_steps)} steps of the set-up are done. Next: {waiting.label.lower()}."


def _use_case(audiences: list[Audience]) -> Step:
    if not audiences:
        return Step("Use case", False, "Register the first audience, for one use case.", url_name="audiences:register")
    fact = f"{audiences[0]} was registered first; {number(len(audiences))} in all"
    return Step("Use case", True, fact, audiences[0].created_at, "audiences:list")


def _identifiers(current: list[Definition]) -> Step:
    names = sorted({name for one in current for name in one.identifiers})
    if not names:
        return Step(
            "Identifiers",
            False,
            "Have a definition approved that says by what people are known.",
            url_name="audiences:list",
        )
    said = joined(name.replace("_", " ") for name in names)
    return Step("Identifiers", True, f"Chosen in definitions in use: {said}", current[0].promoted_at, "audiences:list")


def _traits(current: list[Definition]) -> Step:
    registered = Trait.objects.filter(retired_at=None).order_by("added_at")
    first = registered.first()
    if first is not None:
        fact = f"{number(registered.count())} in the registry"
        return Step("Traits", True, fact, first.added_at, "audiences:traits")
    if current:
        return Step(
            "Traits", True, "None: definitions in use send identifiers only", current[0].promoted_at, "audiences:traits"
        )
    return Step(
        "Traits", False, "Agree on the traits, or put a definition without any into use.", url_name="audiences:traits"
    )


def _pipe() -> Step:
    working = Pipe.objects.filter(archived_at=None, check_state=CheckState.WORKING).order_by("checked_at")
    first = working.first()
    if first is None:
        fact = "Connect a RudderStack source, and test it."
        return Step("Pipe", False, fact, url_name="audiences:connections")
    return Step("Pipe", True, f"{number(working.count())} working", first.checked_at, "audiences:connections")


def _export(current: list[Definition]) -> Step:
    label = "What to export"
    if not current:
        return Step(
            label, False, "Put the first definition of done with its lists into use.", url_name="audiences:list"
        )
    fact = f"{number(len(current))} {'definition says' if len(current) == 1 else 'definitions say'} who goes where"
    return Step(label, True, fact, current[0].promoted_at, "audiences:list")


def _proofs() -> list[Step]:
    """Return test, validate and scale: what runs have shown."""
    ended = Run.objects.filter(state__in=ARRIVED).order_by("finished_at")
    tests = ended.filter(kind=Run.Kind.DRY_RUN) | ended.filter(activation__kind=Activation.Kind.PILOT)
    test, sent = tests.first(), ended.of_lists().filter(activation__kind=Activation.Kind.PRODUCTION)
    full = sent.filter(accepted_adds__gt=0).first()
    removed = sent.filter(accepted_removes__gt=0).first()
    live = Activation.objects.filter(lifecycle=Lifecycle.LIVE, audience__archived_at=None)
    several = live.values("audience").distinct().count()
    return [
        Step("Test", True, f"Run {number(test.pk)}: nothing went to customers", test.finished_at, "syncs:runs")
        if test
        else Step("Test", False, "Make a dry run, or a pilot with internal people.", url_name="audiences:list"),
        Step("Validate", True, f"Added and removed again, run {number(removed.pk)}", removed.finished_at, "syncs:runs")
        if full and removed
        else Step(
            "Validate", False, "Sync a list until somebody was added and somebody removed.", url_name="syncs:runs"
        ),
        Step("Scale", several > 1 and bool(removed), f"{number(several)} audiences are live", url_name="audiences:list")
        if several > 1 and removed
        else Step(
            "Scale", False, "Put a second audience live once the first is proven.", url_name="audiences:register"
        ),
    ]
