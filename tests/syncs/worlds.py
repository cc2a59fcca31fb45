"""Readings and ledgers of made-up people, written by the engine's own code, for counts that must equal a count of sets."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import timezone

from audiences.models import Activation, Segment
from muster.vault import pepper
from syncs import staging
from syncs.lease import Lease
from syncs.ledger import Ledger
from syncs.members import Change, People
from syncs.models import Pull
from syncs.people import Asked, Columnist, prefixes
from syncs.spool import Spool
from syncs.states import PullState
from tests import person_keys
from tests.syncs.shards import digests, keys, sha

COLUMNS: dict[str, Any] = {"email": True, "phone": True, "country": "US", "flags": ["do_not_share"], "traits": []}
ATTRIBUTES = ("email", "phone", "do_not_share")


def columnist(segment: Segment) -> Columnist:
    asked = Asked.of(COLUMNS)
    return Columnist(asked, workspace_id=segment.workspace_id, secret=pepper("ledger key"))


def key_of(segment: Segment, cio_id: str) -> bytes:
    """Return the key under which a person is known in every list of the workspace."""
    return person_keys.key_of(segment.workspace_id, cio_id)


def reading(segment: Segment, people: Mapping[str, Mapping[str, str]], folder: Path) -> Pull:
    """Stage these people (cio_id -> attributes) as a complete reading of now."""
    at = timezone.now()
    row = Pull.objects.create(segment=segment, columns=COLUMNS, created_at=at, began_at=at)
    lease = Lease.claim(row, holder="test")
    assert lease is not None
    made = columnist(segment)
    with lease, Spool(len(people), folder) as spool:
        ids = list(people)
        raw = {name: [people[one].get(name, "") for one in ids] for name in ATTRIBUTES}
        spool.add(made.columns({"cio_id": ids, "id": ids, **raw}))
        nobody = made.columns({"cio_id": [], "id": [], **{name: [] for name in ATTRIBUTES}})
        shards, counts = staging.store(lease, spool, nobody, lambda: None)
        lease.write(
            state=PullState.COMPLETE,
            shards=shards,
            counts=counts,
            finished_at=timezone.now(),
            count_before=len(people),
            count_after=len(people),
            fingerprint=segment.fingerprint,
        )
    return Pull.objects.get(pk=row.pk)


def aged(pull: Pull, ago: timedelta) -> datetime:
    """Make a reading older, and return when it began."""
    assert pull.began_at is not None
    assert pull.finished_at is not None
    Pull.objects.filter(pk=pull.pk).update(began_at=pull.began_at - ago, finished_at=pull.finished_at - ago)
    return pull.began_at - ago


def hold(one: Activation, cio_ids: Collection[str], *, shards: int = 1) -> None:
    """Let a list hold these people, in so many ledger shards."""
    Activation.objects.filter(pk=one.pk).update(shards=shards)
    one.shards = shards
    ledger = Ledger(one, texts_too=False)
    made = sorted((key_of(one.audience.segment, cio_id), cio_id) for cio_id in cio_ids)
    found = keys([key for key, _ in made])
    places = prefixes(found, shards)
    ready = []
    for number in range(shards):
        chosen = np.flatnonzero(places == number)
        if len(chosen):
            raw = digests([sha(made[place][1]) for place in chosen])
            ends = np.arange(1, len(chosen) + 1).astype(np.uint32)
            codes = np.ones(len(chosen), np.uint8)
            add = People(found[chosen], np.zeros(len(chosen), np.uint64), ends, codes, raw)
            ready.append(ledger.prepared(number, Change(add=add)))
    ledger.store(ready)
    Activation.objects.filter(pk=one.pk).update(members=len(made))
    one.members = len(made)
