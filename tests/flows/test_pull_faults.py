"""No partial reading ever yields a remove: every way in which Customer.io can give a part for the whole, at every size.

A list is synced. Then one person leaves the segment and another enters it, so that one removal is due, and the fault
strikes. Whatever the run says, nobody may be removed who is still in the segment; when the fault is gone, the next run
makes the list exact, and the next fault finds it so: several strike one list in turn.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from audiences.models import Activation
from syncs import pull
from syncs.models import Batch, Run
from syncs.states import RunState
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db(transaction=True)

PAGE, COUNT, LIST = r"/membership", r"/customer_count$", r"/v1/segments$"
ATTRIBUTES, ONE_EXPORT, LINK, FILE = "/customers/attributes", r"/v1/exports/\d+$", "/download$", "^/exports-store/"
SPEED = 20_000
ALL_SIZES, SAMPLED = (1, 25, 5_000), {"half a page", "a fiftieth less than is counted", "a file that ends early"}


@dataclass(frozen=True)
class Order:
    """One fault to order: its kind, where it strikes, and what else it takes."""

    kind: str
    path: str
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what the failed run says of it; without words the reading is complete all the same."""

    name: str
    orders: tuple[Order, ...]
    words: tuple[str, ...] = ()
    export: bool = False


def strikes(name: str, kind: str, path: str, *words: str, export: bool = False, **more: Any) -> Fault:
    return Fault(name, (Order(kind, path, more),), words, export)


NOT_WHOLE = ("could not be read completely", "were read, but Customer.io counts")
FAULTS = [
    # The one page that a small segment is.
    strikes("half a page", "short_page", PAGE, *NOT_WHOLE),
    strikes("one person less on the page", "short_page", PAGE, *NOT_WHOLE, drop="few"),
    strikes("a page cut in two", "truncate", PAGE, "Customer.io"),
    strikes("a page cut in two, as if whole", "truncate", PAGE, "not JSON", clean=True),
    strikes("a page of HTML", "html", PAGE, "not JSON"),
    strikes("a page of HTML with 500", "html", PAGE, "Customer.io", status=500),
    strikes("a page without its keys", "status", PAGE, "without the keys", status=200, body="{}"),
    strikes("a page that is null", "status", PAGE, "not a JSON object", status=200, body="null"),
    strikes("a page missing", "404", PAGE, "no longer has"),
    strikes("a page failing", "500", PAGE, "Customer.io"),
    strikes("a page throttled", "old_429", PAGE, "Customer.io"),
    strikes("a page never answered", "cut_before", PAGE, "Customer.io"),
    strikes("a cursor that leads to itself", "loop_cursor", PAGE),
    Fault("half a page and a cursor that leads to itself", (Order("loop_cursor", PAGE), Order("short_page", PAGE))),
    strikes("the page before once more", "repeat_page", PAGE),
    strikes("the same person twice, another never", "status", PAGE, *NOT_WHOLE, status=200, body="doubled"),
    # What is asked before and after the page.
    strikes("more counted than there are", "count_off", COUNT, *NOT_WHOLE, by="few"),
    strikes("a fiftieth less than is counted", "count_off", COUNT, *NOT_WHOLE, by="many"),
    strikes("fewer counted than there are", "count_off", COUNT, *NOT_WHOLE, by="less"),
    strikes("a count missing", "404", COUNT, "no longer has"),
    strikes("a count failing", "500", COUNT, "Customer.io"),
    strikes("a count of HTML", "html", COUNT, "not JSON"),
    strikes("a count that is no number", "status", COUNT, "count of a segment", status=200, body='{"count": null}'),
    strikes("a list of segments of HTML", "html", LIST, "not JSON"),
    strikes("a list of segments failing", "500", LIST, "Customer.io"),
    strikes("no segment listed", "status", LIST, "no longer lists", status=200, body='{"segments": []}'),
    strikes("a rebuild that begins and does not end", "rebuild", PAGE, "still rebuilding", "40 %"),
    # Attributes, a hundred people at a time.
    strikes("somebody without attributes", "short_page", ATTRIBUTES, "no attributes for"),
    strikes("attributes of nobody", "status", ATTRIBUTES, "no attributes for", status=200, body='{"customers": null}'),
    strikes("attributes failing", "500", ATTRIBUTES, "Customer.io"),
    strikes("attributes of HTML", "html", ATTRIBUTES, "not JSON"),
    strikes("attributes missing", "404", ATTRIBUTES, "no longer has"),
    # Exports.
    strikes("an expired link", "expired_link", FILE, "link", "no longer works", export=True),
    strikes("a link failing", "500", LINK, "Customer.io", export=True),
    strikes("a link of HTML", "html", LINK, "not JSON", export=True),
    strikes("a file that ends early", "truncate", FILE, "Customer.io", export=True, clean=True),
    strikes("a file cut in two", "truncate", FILE, "Customer.io", export=True),
    strikes("a file of HTML", "html", FILE, "without an export's header", export=True),
    strikes("a file failing", "500", FILE, "Customer.io", export=True),
    strikes("more rows promised", "wrong_total", ONE_EXPORT, "rows", export=True, by=1),
    strikes("fewer rows promised", "wrong_total", ONE_EXPORT, "rows", export=True, by=-1),
    strikes("a column missing", "missing_column", FILE, "lacks email", export=True, column="email"),
    strikes("an export that fails", "export_failed", ONE_EXPORT, "could not finish the export", export=True),
    strikes("an export dropped", "404", ONE_EXPORT, "dropped the export", export=True),
    strikes("an export that never ends", "never_finish", ONE_EXPORT, "did not finish the export", export=True),
    strikes("an export's state of HTML", "html", ONE_EXPORT, "not JSON", export=True),
]


IN_TURN = 8


def cases() -> list[Any]:
    """Every fault at 1 and 25 people, a few at 5,000; all of these in the long matrix. Some strike the same list in turn."""
    few = [fault for fault in FAULTS if fault.name in SAMPLED]
    rest = [fault for fault in FAULTS if fault.name not in SAMPLED]
    return [
        *(pytest.param(some, size, id=f"{size}, {some[0].name}") for size in ALL_SIZES[:2] for some in parts(FAULTS)),
        pytest.param(few, ALL_SIZES[2], id="5000, some"),
        *(pytest.param(some, ALL_SIZES[2], id=f"5000, {some[0].name}", marks=pytest.mark.slow) for some in parts(rest)),
    ]


def parts(faults: list[Fault]) -> Iterator[list[Fault]]:
    for start in range(0, len(faults), IN_TURN):
        yield faults[start : start + IN_TURN]


@contextmanager
def told_apart(fault: Fault) -> Iterator[None]:
    """Say of a failure which fault had been ordered."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"The fault was: {fault.name}.")
        raise


@pytest.fixture(autouse=True)
def _soon(vendors: Vendors, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience as always, in a hurry: what takes minutes takes a part of a second."""
    settings.CUSTOMERIO_RATE = SPEED
    vendors.order(vendors.us, "/_sandbox/options", {"rate_limit": SPEED})
    give_up_after(monkeypatch, rebuild=0.3, export=30)


def give_up_after(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    waits = pull.advance.__kwdefaults__
    assert waits
    for name, some in seconds.items():
        monkeypatch.setitem(waits, f"{name}_within", timedelta(seconds=some))


@dataclass
class List:
    """A synced list, as the stand-ins and Muster see it."""

    vendors: Vendors
    activation: Activation
    leaves: str
    enters: str

    @property
    def segment(self) -> int:
        return self.activation.audience.segment.number

    def at_platform(self) -> set[str]:
        return set(self.vendors.membership(str(self.activation.pipe and self.activation.pipe.write_key))["refs"])

    def in_segment(self) -> set[str]:
        return {one["cio_id"] for one in self.vendors.members(self.segment)}

    def requests(self) -> int:
        return len(self.vendors.requests(str(self.activation.pipe and self.activation.pipe.write_key)))


def synced_list(vendors: Vendors, size: int) -> List:
    """Sync a segment of so many people, and let one of them leave and another enter."""
    made = factories.registered_audience(vendors, size).activations.get()
    (enters,) = vendors.upsert({"id": "new", "email": "new.person@example.com", "phone": "+12125550100"})
    vendors.mirror()
    number = made.audience.segment.number
    leaves = min(one["cio_id"] for one in vendors.members(number) if one["cio_id"] != enters)
    vendors.change_segment(number, remove=[enters])
    first = synced(made)
    assert first.state == RunState.DONE, first.words
    vendors.change_segment(number, add=[enters], remove=[leaves])
    return List(vendors, made, leaves, enters)


def doubled(made: List) -> str:
    """Return a page with as many rows as the segment counts, where somebody's row stands in for those of a fiftieth."""
    people = [
        {"cio_id": one["cio_id"], "id": one["id"], "email": one["email"]} for one in made.vendors.members(made.segment)
    ]
    few = max(1, len(people) // 50)
    rows = [*people[: len(people) - few], *people[:1] * few] if len(people) > 1 else people * 2
    page = {"segment_id": made.segment, "ids": [one["id"] for one in rows], "identifiers": rows, "next": ""}
    return json.dumps(page)


def order(made: List, fault: Fault, size: int) -> None:
    few = max(1, size // 50)
    vendors, figures = made.vendors, {"few": few, "many": few * 2, "less": -few, "doubled": doubled(made)}
    if fault.export:
        # A page that does not end the list is not read on: the segment is exported.
        vendors.fault(vendors.us, "short_page", {"path": PAGE}, times=0, drop=0, next="more")
    for one in fault.orders:
        more = {
            name: figures.get(value, value) if isinstance(value, str) else value for name, value in one.more.items()
        }
        vendors.fault(vendors.us, one.kind, {"path": one.path}, times=0, **more)


@pytest.mark.parametrize(("faults", "size"), cases())
def test_no_partial_reading_yields_a_remove(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch, faults: list[Fault], size: int
) -> None:
    made = synced_list(vendors, size)
    for number, fault in enumerate(faults):
        if number:
            made.leaves, made.enters = made.enters, made.leaves
            vendors.change_segment(made.segment, add=[made.enters], remove=[made.leaves])
        with told_apart(fault), monkeypatch.context() as patch:
            if any(one.kind == "never_finish" for one in fault.orders):
                give_up_after(patch, export=0.3)
            assert_nobody_is_removed_by(fault, made, size)


def assert_nobody_is_removed_by(fault: Fault, made: List, size: int) -> None:
    """Let a fault strike a list of which one person has left, and assert that it only waits for the next run."""
    vendors, before, requests = made.vendors, made.at_platform(), made.requests()
    assert made.leaves in before
    assert made.enters not in before
    order(made, fault, size)

    run = synced(made.activation)

    if fault.words:
        assert_failed(run, fault.words)
        assert made.at_platform() == before
        assert made.requests() == requests
    else:
        assert_done(run, made)
    assert all(one["seen"] for one in vendors.faults(vendors.us)), "the fault never struck"

    vendors.delete(vendors.us, "/_sandbox/faults")
    vendors.change_segment(made.segment, state="finished")
    again = synced(made.activation)

    assert_done(again, made)
    assert (again.removes, again.adds) == ((1, 1) if fault.words else (0, 0))


def assert_failed(run: Run, words: tuple[str, ...]) -> None:
    """Nothing was planned, cut or sent, and the run says what happened, what it means, and what to do."""
    assert (run.state, run.reason) == (RunState.FAILED, "pull_failed")
    assert not Batch.objects.filter(run=run).exists()
    assert (run.removes, run.adds, run.planned_at) == (0, 0, None)
    for part in (*words, pull.EFFECT):
        assert part in run.words
    assert run.words.partition(pull.EFFECT)[2].strip().endswith(".")


def assert_done(run: Run, made: List) -> None:
    assert (run.state, run.words) == (RunState.DONE, "")
    assert made.at_platform() == made.in_segment()
