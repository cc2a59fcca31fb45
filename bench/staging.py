"""A complete reading of a made-up segment, by the product's own code: from an export's bytes to staged shards.

Only the network is missing: the bytes come from files instead of Customer.io's store. The clock runs from the first byte
to the commit that makes the reading complete.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db.models import Sum  # noqa: E402
from django.db.models.functions import Length  # noqa: E402
from django.utils import timezone  # noqa: E402

from audiences.customerio import CustomerIo, Export  # noqa: E402
from audiences.models import Segment  # noqa: E402
from bench.people import export  # noqa: E402
from muster.vault import pepper  # noqa: E402
from syncs import staging  # noqa: E402
from syncs.collecting import Collector  # noqa: E402
from syncs.lease import Lease, this_worker  # noqa: E402
from syncs.models import Pull, StagedShard  # noqa: E402
from syncs.normal_forms import with_forms_in_use  # noqa: E402
from syncs.people import DIGESTS, Asked, Columnist  # noqa: E402
from syncs.states import PullState  # noqa: E402


class Files(CustomerIo):
    """A Customer.io whose only export lies in a folder, a file a group of people."""

    def __init__(self, folder: Path, groups: list[str]) -> None:
        self.folder, self.groups = folder, groups

    @contextmanager
    def download(self, export_number: int) -> Iterator[Iterator[bytes]]:
        yield export(self.folder, self.groups)


def stage(
    folder: str,
    groups: list[str],
    people: int,
    segment: int,
    flags: list[str],
    one_core: bool = False,
    keep: bool = True,
    every_form: bool = False,
) -> dict[str, Any]:
    """Read a segment and return the seconds it took. `people` is how many rows the export holds; `keep` its shards after.

    It holds the identifiers' forms that the destinations take; `every_form`: those of all platforms that there are.
    """
    if one_core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    asked = {"email": True, "phone": True, "country": "US", "flags": flags, "traits": []}
    columns = with_forms_in_use({**asked, "forms": sorted(DIGESTS) if every_form else []})
    row = Segment.objects.get(number=segment)
    pull = Pull.objects.create(segment=row, columns=columns, created_at=timezone.now())
    lease = Lease.claim(pull, holder=this_worker())
    assert lease is not None, "nobody else reads this segment"
    wanted = Asked.of(columns)
    columnist = Columnist(wanted, workspace_id=row.workspace_id, secret=pepper("ledger key"))
    collector = Collector(Files(Path(folder), groups), segment, wanted, columnist, lease.check, time.sleep)
    with lease:
        lease.write(began_at=timezone.now(), via="export")
        began = time.perf_counter()
        with collector.from_export(Export(1, "done", False, people, None)) as spool:
            nobody = columnist.columns({name: [] for name in collector.columns})
            shards, counts = staging.store(lease, spool, nobody, lease.check)
        lease.write(
            state=PullState.COMPLETE, shards=shards, counts=counts, rows=people, finished_at=timezone.now(), tries=1
        )
        seconds = time.perf_counter() - began
    if counts["people"] != people:
        raise AssertionError(f"{counts['people']} people were staged, not {people}")
    size = StagedShard.objects.filter(pull=pull).aggregate(size=Sum(Length("head") + Length("rest")))["size"]
    if not keep:
        Pull.objects.filter(pk=pull.pk).update(dropped_at=timezone.now())
        StagedShard.objects.filter(pull=pull).delete()
    return {"seconds": seconds, "people": people, "bytes": size}
