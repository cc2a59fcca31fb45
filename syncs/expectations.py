"""Reads what a pre-flight can expect of each list of a definition: events a month against the pipe's budget, and match."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import Sum

from audiences.models import Activation, Definition, Destination, Pipe
from audiences.platforms import Family, Payload
from audiences.terms import CADENCES

from .forecast import Place, a_month, first_send, published_match, turnover
from .models import Batch, Run
from .states import ARRIVED, BatchState

SINCE: Final = timedelta(days=30)
ENOUGH: Final = timedelta(days=7)  # of a list's own runs, before they tell a month


class Expectations:
    """What is expected when so many people would be sent."""

    def __init__(self, definition: Definition, people: int, at: datetime) -> None:
        self.definition, self.people, self.at = definition, people, at
        self.places = list(Destination.objects.filter(pk__in=definition.destinations).order_by("name"))

    def events(self) -> list[dict[str, Any]]:
        """Return for each list: events `first`, a `month` (None: nobody can say) and by what `basis`, its pipe's budget.

        `others` are the events that the same pipe was sent for other lists in the last 30 days.
        """
        return [self._events(one) for one in self.places if one.spec.is_sent]

    def match(self) -> list[dict[str, Any]]:
        """Return for each ad platform the range in percent that the definition states and the one that is published.

        Neither is a measurement: no list has readings of its own yet.
        """
        names = list(self.definition.identifiers)
        stated = (self.definition.match_low, self.definition.match_high)
        return [
            {
                "list": one.name,
                "stated": stated if None not in stated else None,
                "published": published_match(one.platform, names),
            }
            for one in self.places
            if one.spec.family == Family.ADS
        ]

    def _events(self, one: Destination) -> dict[str, Any]:
        place = placed(one)
        every, hours = CADENCES.get(self.definition.cadence), self.definition.window_hours
        moves = self._moved(one)
        basis = "runs" if moves is not None else "window" if hours else ""
        if moves is None and hours:
            moves = turnover(self.people, hours)
        month = None if moves is None else a_month(place, self.people, moves=moves, every_minutes=every)
        pipe = self._pipes.get(one.pk)
        return {
            "list": one.name,
            "first": first_send(place, self.people),
            "month": month,
            "basis": basis,
            "pipe": pipe.name if pipe else "",
            "budget": pipe.events_a_month if pipe else None,
            "others": self._of_others(pipe, one) if pipe else 0,
        }

    def _moved(self, one: Destination) -> float | None:
        """Return how many people a month this audience's own list at a place gained and lost; None without a week of runs."""
        runs = Run.objects.of_lists().filter(
            activation__audience=self.definition.audience_id,
            activation__destination=one,
            activation__kind=Activation.Kind.PRODUCTION,
            state__in=ARRIVED,
            finished_at__gt=self.at - SINCE,
        )
        # The oldest run is where counting begins: a first sync sends everybody, and is no turnover.
        oldest = runs.order_by("finished_at").first()
        if oldest is None or oldest.finished_at is None or self.at - oldest.finished_at < ENOUGH:
            return None
        sums = runs.exclude(pk=oldest.pk).aggregate(adds=Sum("accepted_adds"), removes=Sum("accepted_removes"))
        share = SINCE / (self.at - oldest.finished_at)
        return float((sums["adds"] or 0) + (sums["removes"] or 0)) * share

    @cached_property
    def _pipes(self) -> dict[int, Pipe]:
        """Return the pipe of each place: as the version's routes say, else as its list has it."""
        made = Activation.objects.filter(audience=self.definition.audience_id, kind=Activation.Kind.PRODUCTION)
        chosen = dict(made.exclude(pipe=None).values_list("destination_id", "pipe_id"))
        chosen |= {int(place): route["pipe"] for place, route in self.definition.routes.items() if route.get("pipe")}
        found = Pipe.objects.defer("write_key").in_bulk(chosen.values())
        return {place: found[pk] for place, pk in chosen.items() if pk in found}

    def _of_others(self, pipe: Pipe, one: Destination) -> int:
        sent = Batch.objects.filter(
            activation__pipe=pipe, state=BatchState.ACCEPTED, settled_at__gt=self.at - SINCE
        ).exclude(activation__audience=self.definition.audience_id, activation__destination=one)
        return int(sent.aggregate(events=Sum("events"))["events"] or 0)


def placed(one: Destination) -> Place:
    """Return how a destination is sent to."""
    each = 1 if one.spec.family == Family.ADS else 2
    span = one.life_span_days or one.spec.life_span_days
    return Place(one.name, one.platform, each, one.payload == Payload.AUDIENCELIST, span)
