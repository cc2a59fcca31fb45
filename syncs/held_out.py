"""Who is held out, by key: by the company's cohort of held-out people."""

from collections.abc import Sequence

import numpy as np

from audiences.cohorts import HELD_OUT
from audiences.models import CoreCohort
from muster.columns import Array

from .ledger_keys import nobody
from .models import Pull, Run
from .staging import Staged
from .states import PullState


class HeldOut:
    """The held-out people of one run's audience, for one pass over the prefixes in order."""

    def __init__(self, cohorts: Sequence[Staged]) -> None:
        self._cohorts = cohorts

    @classmethod
    def of(cls, run: Run) -> "HeldOut | None":
        """Return them; None where nothing says who is held out, or what says it was not read."""
        pull = _of_cohort(run)
        return cls([Staged(pull)]) if pull else None

    def keys(self, number: int, of: int) -> Array:
        """Return the sorted keys of prefix `number` among `of`. Raises NotStaged."""
        return np.unique(np.concatenate([nobody(), *(one.heads(number, of)["key"] for one in self._cohorts)]))


def _of_cohort(run: Run) -> Pull | None:
    """Return the newest complete reading of the cohort's segment whose people are still staged."""
    space = run.activation.audience.segment.workspace_id
    chosen = CoreCohort.objects.filter(workspace=space, key=HELD_OUT).values_list("segment", flat=True).first()
    pulls = Pull.objects.filter(segment=chosen, state=PullState.COMPLETE, dropped_at=None, shards__gt=0)
    return pulls.order_by("-began_at").first() if chosen else None
