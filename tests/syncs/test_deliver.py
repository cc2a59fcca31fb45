"""Sending through trouble: what RudderStack answers to one of several requests, and what becomes of the run and the list."""

from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audiences.models import Activation
from syncs.models import Batch, RejectedRow
from syncs.states import RunState
from syncs.verify import verify
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

BATCH = {"path": "/v1/batch"}


@pytest.fixture
def made(vendors: Vendors, settings: Settings) -> Activation:
    """A list of eight people that was never synced, sent two people a request."""
    settings.BATCH_PEOPLE = 2
    return factories.registered_audience(vendors, 8).activations.get()


def write_key(made: Activation) -> str:
    assert made.pipe is not None
    return made.pipe.write_key


def people_at(vendors: Vendors, made: Activation) -> int:
    return int(vendors.membership(write_key(made), identifiers=0)["people"])


def broken() -> list[str]:
    return [finding.invariant for finding in verify() if not finding.holds]


PASSING: list[tuple[str, dict[str, Any]]] = [
    ("429", {}),
    ("500", {}),
    ("503", {}),
    ("html", {}),
    ("cut_before", {}),
    ("cut_after", {}),
    ("store_then_504", {}),
]


@pytest.mark.parametrize(("kind", "details"), PASSING, ids=[kind for kind, _ in PASSING])
def test_trouble_that_passes_costs_time_only(
    vendors: Vendors, made: Activation, kind: str, details: dict[str, Any]
) -> None:
    vendors.fault(vendors.rudder, kind, BATCH, after=1, **details)

    run = synced(made)

    assert (run.state, run.accepted_adds, run.failures_in_row) == (RunState.DONE, 8, 0)
    assert people_at(vendors, made) == 8
    sent = {event["messageId"] for event in vendors.events(write_key(made))}
    assert len(sent) == 8, "what came twice came under the same message id"
    assert broken() == []


STOPPING: list[tuple[str, str, dict[str, Any], str]] = [
    ("a refused key", "401", {}, "bad_credentials"),
    ("a disabled source", "404", {}, "gone"),
    ("both halves refused alike", "status", {"status": 400, "body": "invalid json"}, "rejected"),
]


@pytest.mark.parametrize(("kind", "details", "reason"), [row[1:] for row in STOPPING], ids=[row[0] for row in STOPPING])
def test_a_refusal_stops_the_list_until_somebody_looks(
    vendors: Vendors, made: Activation, kind: str, details: dict[str, Any], reason: str
) -> None:
    vendors.fault(vendors.rudder, kind, BATCH, times=0, **details)

    run = synced(made)

    assert (run.state, run.reason, run.accepted_adds) == (RunState.FAILED, reason, 0)
    made.refresh_from_db()
    assert made.stopped_words == run.words
    assert "RudderStack" in run.words
    assert made.members == people_at(vendors, made) == 0
    assert len(vendors.requests(write_key(made))) < 20, "it does not hammer"


def test_one_row_that_is_refused_is_found_and_the_others_arrive(vendors: Vendors, made: Activation) -> None:
    member = vendors.members(made.audience.segment.number)[3]
    vendors.upsert({"cio_id": member["cio_id"], "email": "odd@shop.example"})
    digest = sha256(b"odd@shop.example").hexdigest()
    vendors.fault(vendors.rudder, "reject_if_contains", BATCH, times=0, text=digest, body="invalid json")

    run = synced(made)

    assert (run.state, run.accepted_adds, run.rejected) == (RunState.DONE_WITH_REJECTS, 7, 1)
    assert RejectedRow.objects.count() == 1
    assert people_at(vendors, made) == 7
    assert broken() == []


def test_a_body_that_is_too_large_is_halved(vendors: Vendors, made: Activation) -> None:
    vendors.fault(vendors.rudder, "status", BATCH, status=413, body="request size exceeds max limit")

    run = synced(made)

    assert (run.state, run.accepted_adds) == (RunState.DONE, 8)
    assert Batch.objects.filter(state="split").count() == 1
    assert Batch.objects.filter(parent__isnull=False, state="accepted").count() == 2
    assert people_at(vendors, made) == 8
    assert broken() == []


def test_few_changes_read_the_ledger_once(vendors: Vendors, settings: Settings) -> None:
    made = factories.registered_audience(vendors, 400).activations.get()
    assert synced(made).state == RunState.DONE
    vendors.churn(made.audience.segment.number, 0.005)

    with CaptureQueriesContext(connection) as queries:
        run = synced(made)

    assert (run.state, run.adds, run.removes) == (RunState.DONE, 2, 2)
    wholes = [query for query in queries if '"syncs_ledgerwhole"' in query["sql"] and query["sql"].startswith("SELECT")]
    assert len(wholes) == 1
    assert people_at(vendors, made) == 400
    assert broken() == []
