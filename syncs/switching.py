"""Compares old and new identifiers of a version before the day: whom each reaches, and what each would send. Sends nothing."""

from copy import copy
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from audiences.models import Activation, Definition, Lifecycle
from audiences.platforms import Family
from audiences.switch import Switch
from muster.columns import Array

from .compare import Comparison
from .eligibility import Out
from .models import Pull, Run
from .plan import ADD, CHANGE
from .staging import Staged
from .terms import Terms


def reach(before: list[Array], after: list[Array]) -> dict[str, int]:
    """Return how many people the old identifiers reach, the new, both, neither; `left_out` for other reasons.

    The reasons of everybody by prefix, by the one and by the other.
    """
    found = dict.fromkeys(("both", "before", "after", "neither", "left_out"), 0)
    for old, new in zip(before, after, strict=True):
        by_old, by_new = old == Out.IN, new == Out.IN
        nowhere = (old == Out.NO_IDENTIFIER) & (new == Out.NO_IDENTIFIER)
        found["both"] += int((by_old & by_new).sum())
        found["before"] += int((by_old & ~by_new).sum())
        found["after"] += int((by_new & ~by_old).sum())
        found["neither"] += int(nowhere.sum())
        found["left_out"] += int((~by_old & ~by_new & ~nowhere).sum())
    return found


class DryRuns:
    """The engine's own comparison of each list that has people, as of several days."""

    def __init__(self, version: Definition, switch: Switch, own: Pull, excluded: list[Staged]) -> None:
        self.switch, self.own, self.excluded = switch, own, excluded
        # The days are those of the plan; the rest of the version is as it will be, so that only identifiers differ.
        self.version = copy(version)
        self.version.switch_from = list(switch.before)

    def counts(self, today: date) -> list[dict[str, Any]]:
        """Return for each list what is sent by the old identifiers, on the day, and (suppressions) once both are over."""
        day = self.switch.starts or today
        self.version.switch_on = day
        planned = self.version.switch(self.version.switch_from)
        over = planned.ends if planned and planned.suppresses else None
        return [
            {
                "list": str(one.destination),
                "members": one.members,
                "old": self._sent(one, None),
                "day": self._sent(one, day),
                "over": self._sent(one, over) if over else None,
            }
            for one in self._lists()
        ]

    def _lists(self) -> list[Activation]:
        made = Activation.objects.filter(
            audience=self.version.audience_id,
            kind=Activation.Kind.PRODUCTION,
            destination__in=self.version.destinations,
        )
        used = made.exclude(lifecycle=Lifecycle.RETIRED).select_related("destination", "audience__segment__workspace")
        return [one for one in used.order_by("destination__name") if one.destination.spec.family == Family.ADS]

    def _sent(self, one: Activation, day: date | None) -> dict[str, int]:
        version = copy(self.version)
        if day is None:
            version.identifiers, version.switch_from = list(self.switch.before), []
        at = timezone.make_aware(datetime.combine(day or timezone.localdate(), time(12)))
        run = Run(activation=one, definition=version, kind=Run.Kind.DRY_RUN, payload=one.payload, created_at=at)
        comparison = Comparison(Terms(run), Staged(self.own), self.excluded, lambda: None)
        comparison.planned(everybody=False)
        counts = comparison.counts
        return {
            "adds": counts.ops[ADD],
            "changes": counts.ops[CHANGE],
            "removes": counts.removes,
            "dropped": counts.dropped,
            "unchanged": counts.unchanged,
        }
