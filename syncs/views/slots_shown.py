"""Loads the slots that pages show."""

from datetime import datetime, timedelta

from syncs.models import Slot
from syncs.regularity import DAYS, Regularity, regularity


def slots_of(lists: list[int], now: datetime) -> list[Slot]:
    """Return the slots of the last 14 days and of those to come, by due time, each with its run's state. One query."""
    found = Slot.objects.filter(schedule__activation__in=lists, due__gt=now - timedelta(days=DAYS))
    wanted = "schedule__activation", "due", "state", "why", "words", "settled_at", "run__state"
    return list(found.select_related("run", "schedule").only(*wanted).order_by("due"))


def by_list(lists: list[int], now: datetime) -> dict[int, Regularity]:
    """Return how regular each list with a schedule was. One query."""
    slots: dict[int, list[Slot]] = {}
    for slot in slots_of(lists, now):
        slots.setdefault(slot.schedule.activation_id, []).append(slot)
    return {pk: regularity(found) for pk, found in slots.items()}
