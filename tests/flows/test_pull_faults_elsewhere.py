"""A fault that passes is read over; one in an excluded segment lets nobody new onto the list."""

from typing import Any

import pytest

from audiences.models import Definition
from muster.models import Event
from syncs.models import Pull
from syncs.states import RunState
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

from .test_pull_faults import COUNT, FILE, PAGE, _soon, assert_done, synced_list

__all__ = ["_soon"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("kind", "path", "more", "export", "readings"),
    [
        ("short_page", PAGE, {}, False, 2),
        # One of two counts is off: what was read lies between them.
        ("count_off", COUNT, {"by": 1}, False, 1),
        ("rebuild", PAGE, {"finish_in": 5}, False, 2),
        ("short_page", "/customers/attributes", {}, False, 2),
        ("500", PAGE, {"times": 3}, False, 1),
        ("old_429", COUNT, {"times": 3}, False, 1),
        ("cut_before", PAGE, {"times": 2}, False, 1),
        ("expired_link", FILE, {"times": 2}, True, 1),
        ("truncate", FILE, {}, True, 1),
        ("truncate", FILE, {"clean": True}, True, 2),
        ("export_failed", r"/v1/exports/\d+$", {}, True, 2),
    ],
)
def test_a_fault_that_passes_is_read_over(
    vendors: Vendors, kind: str, path: str, more: dict[str, Any], export: bool, readings: int
) -> None:
    made = synced_list(vendors, 25)
    if export:
        vendors.fault(vendors.us, "short_page", {"path": PAGE}, times=0, drop=0, next="more")
    vendors.fault(vendors.us, kind, {"path": path}, **more)

    run = synced(made.activation)

    assert_done(run, made)
    assert (run.removes, run.adds) == (1, 1)
    assert run.pull
    assert run.pull.tries == readings


@pytest.mark.parametrize(
    ("kind", "path", "more"),
    [
        ("short_page", "membership", {}),
        ("html", "membership", {}),
        ("404", "membership", {}),
        ("500", "customer_count", {}),
        ("count_off", "customer_count", {"by": 1}),
        ("count_off", "customer_count", {"by": -1}),
    ],
)
def test_an_exclusion_that_cannot_be_read_lets_nobody_new_in(
    vendors: Vendors, kind: str, path: str, more: dict[str, Any]
) -> None:
    made = synced_list(vendors, 25)
    audience = made.activation.audience
    others = vendors.segment(name="Refunded", members=[made.enters])
    excluded = [{"segment": others, "reason": "Refunded people cost money"}]
    Definition.objects.filter(audience=audience).update(exclusions=excluded)
    factories.segment_row(audience.segment.workspace, number=others, name="Refunded")
    before = made.at_platform()
    vendors.fault(vendors.us, kind, {"path": f"/segments/{others}/{path}"}, times=0, **more)

    run = synced(made.activation)

    assert (run.state, run.reason) == (RunState.HELD, "exclusion_unavailable")
    assert "an exclusion could not be read" in run.words
    # The timeline says which one, and why.
    assert "Refunded" in str(list(Event.objects.filter(run_id=run.pk).values_list("reason", "detail")))
    # Who left has left: that segment was read completely. Whoever is new may be excluded, and waits.
    assert made.at_platform() == before - {made.leaves}

    vendors.delete(vendors.us, "/_sandbox/faults")
    Pull.objects.update(dropped_at=run.finished_at)
    again = synced(made.activation)
    assert (again.state, again.left_out) == (RunState.DONE, {f"excluded:{others}": 1})
    assert made.at_platform() == made.in_segment() - {made.enters}
