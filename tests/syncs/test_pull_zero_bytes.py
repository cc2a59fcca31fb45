"""Keys and digests that end in zero bytes go the whole road whole: numpy drops such bytes from a single value of kind S."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import count, islice

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Workspace
from muster.columns import DIGEST, KEY, pack, unpack
from muster.vault import pepper
from syncs.models import Batch, Tombstone
from syncs.people import Asked, Columnist, between, in_order, joined, taken
from syncs.states import RunState
from syncs.verify import verify
from tests import factories, person_keys
from tests.vendors import Vendors

from .running import synced

PEOPLE = 24


def key_of(space: Workspace, cio_id: str) -> bytes:
    return person_keys.key_of(space.pk, cio_id)


def cio_ids(space: Workspace) -> Iterator[str]:
    """Ids whose key ends in a zero byte; the first one's in two."""
    found = (f"0e{number:014x}" for number in count())
    yield next(one for one in found if key_of(space, one).endswith(b"\0\0"))
    yield from (one for one in found if key_of(space, one).endswith(b"\0"))


def emails() -> Iterator[str]:
    """Addresses whose SHA-256 ends in a zero byte."""
    found = (f"zero{number}@example.com" for number in count())
    return (one for one in found if sha256(one.encode()).digest().endswith(b"\0"))


def phones() -> Iterator[str]:
    """Numbers whose SHA-256 ends in a zero byte, bare or in E.164."""
    found = (f"+1212{number}" for number in range(2_000_000, 10_000_000))
    return (one for one in found if b"\0" in {sha256(form.encode()).digest()[-1:] for form in (one, one[1:])})


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("platform", ["meta", "google_ads"])
def test_they_arrive_leave_and_are_erased(vendors: Vendors, settings: Settings, platform: str) -> None:
    settings.BATCH_PEOPLE = 5
    space = factories.workspace()
    people = [
        {"cio_id": cio_id, "id": f"z-{cio_id}", "email": email, "phone": phone}
        for cio_id, email, phone in islice(zip(cio_ids(space), emails(), phones(), strict=False), PEOPLE)
    ]
    made = factories.registered_audience(vendors, people, space=space, platform=platform)
    activation, number = made.activations.get(), made.segment.number
    vendors.mirror()
    assert activation.pipe is not None
    known = [str(one["cio_id"]) for one in people]

    def listed() -> set[str]:
        assert activation.pipe is not None
        return set(vendors.membership(activation.pipe.write_key)["refs"])

    first = synced(activation)
    assert (first.state, first.accepted_adds, first.words) == (RunState.DONE, PEOPLE, "")
    assert listed() == set(known)
    borders = [bytes(border) for border in Batch.objects.values_list("key_to", flat=True) if border]
    assert borders
    assert all(border.endswith(b"\0") for border in borders)

    vendors.change_segment(number, remove=known[::3])
    second = synced(activation)
    assert (second.state, second.accepted_removes, second.adds, second.changes) == (RunState.DONE, PEOPLE // 3, 0, 0)
    assert listed() == set(known) - set(known[::3])

    erased = known[1]
    Tombstone.objects.create(workspace=space, kind="key", value=key_of(space, erased), at=timezone.now())
    third = synced(activation)
    assert (third.state, third.removes_by) == (RunState.DONE, {"erased": 1})
    assert listed() == set(known) - {*known[::3], erased}

    vendors.change_segment(number, add=known)
    last = synced(activation)
    assert (last.state, last.adds, last.left_out) == (RunState.DONE, PEOPLE // 3, {"erased": 1})
    assert listed() == set(known) - {erased}
    assert [finding for finding in verify() if not finding.holds] == []


def test_columns_keep_them() -> None:
    """Packed, sorted, chosen, cut and joined: compared as bytes, never value by value."""
    space = Workspace(pk=7)
    ids = list(islice(cio_ids(space), 9))
    asked = Asked(email=True, phone=False, country="", flags=(), traits=())
    columnist = Columnist(asked, workspace_id=7, secret=pepper("ledger key"))
    addresses = list(islice(emails(), 9))
    people = columnist.columns({"cio_id": ids, "id": [""] * 9, "email": addresses})

    again = unpack(pack(people))
    ordered, twice = in_order(joined([between(again, 4, 9), between(again, 0, 4)]))
    some = taken(ordered, np.arange(3, 7))

    keys = sorted(key_of(space, one) for one in ids)
    assert twice == 0
    assert ordered["key"].tobytes() == b"".join(keys)
    assert some["key"].tobytes() == b"".join(keys[3:7])
    assert some["key"].dtype == KEY
    assert some["email"].dtype == DIGEST
    by_key = {key_of(space, one): sha256(email.encode()).digest() for one, email in zip(ids, addresses, strict=True)}
    assert ordered["email"].tobytes() == b"".join(by_key[key] for key in keys)
