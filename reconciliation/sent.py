"""Loads when the people of lists were last sent: by the portions that Muster renews, else by what its batches carried."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Sum
from django.db.models.functions import TruncDay

from audiences.models import Activation
from syncs.expiry import PORTIONS, life_span
from syncs.models import AssertedPortion, Batch
from syncs.states import BatchState

from .look import Look
from .quantities import Quantity

Part = tuple[datetime, int | None]  # sent then: so many people, or None: one of the equal portions of the list


def told_by(look: Look | None) -> timedelta | None:
    """Return how long the platform itself says that it keeps a member; None where it does not say."""
    figure = look.figure(Quantity.LIFE_SPAN) if look else None
    return timedelta(days=figure.low) if figure and figure.low else None


def life_of(one: Activation, look: Look | None) -> timedelta | None:
    """Return how long a member stays who is not sent again: as Muster was told or as the platform says, the shorter."""
    return min((span for span in (life_span(one), told_by(look)) if span), default=None)


def untold(one: Activation, look: Look | None) -> int | None:
    """Return the platform's own days where they are fewer than those that Muster renews members by; else None."""
    known, told = life_span(one), told_by(look)
    return told.days if told and (known is None or told < known) else None


def when(lists: Iterable[Activation], untold: Iterable[Activation], until: datetime) -> dict[int, list[Part]]:
    """Return by list when parts of it were last sent. Two queries.

    Of the untold ones, which Muster does not renew as often as the platform asks, each day's batches tell.
    """
    found: dict[int, list[Part]] = {}
    by_batch = {one.pk for one in untold}
    renewed = [one.pk for one in lists if one.pk not in by_batch]
    for pk, at in AssertedPortion.objects.filter(activation__in=renewed).values_list("activation", "asserted_at"):
        found.setdefault(pk, []).append((at, None))
    if not by_batch:
        return found
    sent = Batch.objects.filter(activation__in=by_batch, state=BatchState.ACCEPTED, settled_at__lte=until)
    days = (
        sent.filter(pass_name="additions").order_by().annotate(day=TruncDay("settled_at")).values("activation", "day")
    )
    for row in days.annotate(people=Sum("people")):
        found.setdefault(row["activation"], []).append((row["day"], row["people"]))
    return found


def shares(times: Iterable[Part], members: int) -> list[tuple[datetime, int]]:
    """Return the members by when they were last sent. Of batches the newest count first, as far as there are members:
    so never more are called old than must be.
    """
    made, left = [], members
    for at, people in sorted(times, key=lambda one: one[0], reverse=True):
        if people is None:
            made.append((at, round(members / PORTIONS)))
            continue
        made.append((at, min(people, left)))
        left -= min(people, left)
    return made
