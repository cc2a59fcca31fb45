"""Asks who knows a list for the answer that a report misses: a message to each of them, once a day."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from audiences.models import Activation
from muster import audit
from muster.models import Person

from .answering import NothingToAnswer, answerable, drift_of
from .messages import of_change
from .postbox import post


def chase(activation: Activation, *, by: Person, at: datetime) -> list[Person]:
    """Ask the people who may answer the drift of a list, and return whom. Asked again the same day, they get no second
    message. Raises NothingToAnswer where the list is not outside, or an answer that still holds is there.
    """
    drift = drift_of(activation)
    if drift is None or (drift.answer is not None and not drift.broken_promise(timezone.localdate(at))):
        raise NothingToAnswer(str(activation))
    whom = [one for one in answerable(activation.audience) if one != by]
    first = f"{by.full_name} asks you to answer the drift of {activation}."
    message = of_change(first, [first, drift.week.reason], reverse("reconciliation:answer", args=[activation.pk]))
    new = sum(post(f"chase:{activation.pk}:{at:%Y%m%d}", one, message, at=at) for one in whom)
    if new:
        detail = {"asked": [one.full_name for one in whom]}
        audience_id = activation.audience_id
        verb = "asked for an answer to the drift of"
        audit.record(verb=verb, subject=activation, by=by, detail=detail, audience_id=audience_id, at=at)
    return whom
