"""Tells of a change of a list's health: once, and once when it is over. And raises to managers what nobody answers."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.urls import reverse

from audiences.models import Activation
from muster.access import Role
from muster.models import Installation, Person

from .answering import OUTSIDE, Drift, drifts_of
from .messages import of_change
from .models import Delivery, ListWeek
from .postbox import post, wish_of

ON_TARGET: Final = "on_target"
CHANGES: Final = {
    "drifting": "{list} is outside its tolerance.",
    "broken": "{list} is broken.",
    "unknown": "{list} can no longer be judged.",
    ON_TARGET: "{list} is on target again.",
}


def note_change(activation: Activation, before: str, after: str, words: str, at: datetime) -> int:
    """Tell owner and checker that a list's health changed, and return how many messages are new.

    `before` and `after` are values of Arrival.health, `words` its new reason. A list that was never judged and is on
    target, or not known yet, is no news.
    """
    quiet = before in {after, ""} and after not in OUTSIDE
    if activation.kind != Activation.Kind.PRODUCTION or before == after or quiet or after not in CHANGES:
        return 0
    told = [one for one in whom(activation) if wants(one, at) and is_news(activation, after, one)]
    first = CHANGES[after].format(list=activation)
    message = of_change(first, [one for one in (first, words) if one], _path(activation, after))
    key = f"alert:{activation.pk}:{after}:{at:%Y%m%d}"
    return sum(post(key, one, message, at=at) for one in told)


def _path(activation: Activation, after: str) -> str:
    if after in OUTSIDE:
        return reverse("reconciliation:answer", args=[activation.pk])
    return reverse("audiences:detail", args=[activation.audience.slug])


def whom(activation: Activation) -> list[Person]:
    """Return owner and checker; the managers where both have left."""
    audience = activation.audience
    named = dict.fromkeys(one for one in (audience.owner, audience.drift_checker) if one is not None and one.is_active)
    return list(named) or _managers()


def _managers() -> list[Person]:
    return list(Person.objects.active().filter(role=Role.MANAGER).order_by("pk"))


def wants(person: Person, at: datetime) -> bool:
    """Whether somebody takes alerts now."""
    wish = wish_of(person)
    return wish.alerts and (wish.muted_until is None or wish.muted_until <= at)


def is_news(activation: Activation, after: str, person: Person) -> bool:
    """Whether this person was not told it since the list was on target last; a recovery only to who heard of the trouble."""
    mine = Delivery.objects.filter(person=person, key__startswith=f"alert:{activation.pk}:").order_by("-made_at", "-pk")
    told: set[str] = set()
    for key in mine.values_list("key", flat=True)[:50]:
        state = key.split(":")[2]
        if state == ON_TARGET:
            break
        told.add(state)
    return bool(told) if after == ON_TARGET else after not in told


def raise_unanswered(*, at: datetime) -> int:
    """Tell the managers of each drift that nobody answered for three working days, once."""
    zone = ZoneInfo(Installation.current().time_zone)
    known = ListWeek.objects.filter(verdict__in=OUTSIDE).values_list("activation", flat=True).distinct()
    late = [one for one in drifts_of(known).values() if one.is_raised(at, zone)]
    return sum(_raise(one, at) for one in late)


def _raise(drift: Drift, at: datetime) -> int:
    key, activation = f"raised:{drift.week.activation_id}:{drift.since:%Y%m%d}", drift.week.activation
    if Delivery.objects.filter(key__startswith=f"{key}:").exists():
        return 0
    owner = activation.audience.owner.full_name
    first = f"{activation}: nobody answered its drift for three working days."
    sentences = [first, drift.week.reason, f"Ask {owner} for an answer, or have somebody else own it."]
    message = of_change(first, [one for one in sentences if one], _path(activation, "drifting"))
    return sum(post(key, one, message, at=at) for one in _managers() if wants(one, at))
