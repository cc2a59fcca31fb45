"""What happened that can move a match rate or a coverage: versions, identifiers, the segment, keys, the list itself."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q
from django.utils import timezone

from audiences.models import Activation, Definition
from audiences.switch import Switch
from audiences.terms import joined
from muster.models import Event

NAMES: Final = {"email": "email", "phone": "phone", "external_id": "external id"}
SEGMENT: Final = {
    "noticed changed conditions in the segment of": "segment edited",
    "noticed another type of the segment of": "segment edited",
    "no longer finds the segment of": "segment gone",
    "finds again the segment of": "segment is back",
}
VERSION: Final = re.compile(r"(approved|put into use) (v\d+) of")
WENT_BACK: Final = re.compile(r"went back to .* in v\d+ of")
LOCKED: Final = {"approved": "locked", "put into use": "in use"}
OF_LIST: Final = {
    "changed the id of": "list id changed",
    "grew to everybody": "whole audience sent",
    "accepted the new level of": "new level accepted",
}
KEYS: Final = {"replaced": "write key replaced", "taken out": "write key taken out"}
# What of a destination decides how people are sent to it.
MAPPING: Final = {"payload", "account"}


@dataclass(frozen=True)
class Marker:
    """One thing on one day, in a few words. `list_id` is None where it concerns every list of the audience."""

    on: date
    words: str
    list_id: int | None = None


@dataclass(frozen=True)
class Switched:
    """Another identifier became the first one that is sent, in use since that day."""

    on: date
    version: int
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """Return what happened and what it means for figures across that day."""
        return (
            f"The primary identifier was switched from {NAMES[self.before]} to {NAMES[self.after]} (v{self.version}). "
            "Match rates before and after are of different people's data: do not compare them."
        )


def markers(lists: Sequence[Activation], since: datetime) -> list[Marker]:
    """Return what happened to these lists of one audience (with their destinations), oldest first. One query."""
    pipes = {str(one.pipe_id): one.pk for one in lists if one.pipe_id}
    places = {str(one.destination_id): one.pk for one in lists}
    own = {str(one.pk): one.pk for one in lists}
    told = Q(audience_id__in={one.audience_id for one in lists}, run_id=None)
    told |= Q(kind="pipe", object_id__in=list(pipes)) | Q(kind="destination", object_id__in=list(places))
    rows = Event.objects.filter(told, at__gte=since).order_by("at", "pk")
    zone = timezone.get_current_timezone()
    found = []
    for verb, kind, object_id, detail, at in rows.values_list("verb", "kind", "object_id", "detail", "at"):
        known = {"pipe": pipes, "destination": places, "activation": own}.get(kind, {})
        if words := _words(verb, kind, detail):
            found.append(Marker(at.astimezone(zone).date(), words, known.get(object_id)))
    return found


def _words(verb: str, kind: str, detail: dict[str, object]) -> str:
    if kind == "pipe":
        return KEYS.get(str(detail.get("key")), "") if verb == "edited" else ""
    if kind == "destination":
        changed = detail.get("changed")
        mapping = verb == "edited" and isinstance(changed, list) and bool(MAPPING & set(map(str, changed)))
        return "mapping changed" if mapping else ""
    if kind == "activation":
        return OF_LIST.get(verb, "")
    if WENT_BACK.fullmatch(verb):
        return "identifiers switched back"
    version = VERSION.fullmatch(verb)
    return f"{version[2]} {LOCKED[version[1]]}" if version else SEGMENT.get(verb, "")


def identifier_changes(definitions: Iterable[Definition]) -> tuple[list[Marker], list[Switched]]:
    """Return when other identifiers began to be sent, and of those the switches of the first one. No query."""
    changed, switched = [], []
    for one in definitions:
        if one.promoted_at is None or not (switch := one.switch(one.switch_from)):
            continue
        on = switch.starts or timezone.localdate(one.promoted_at)
        changed.append(Marker(on, _changed(switch)))
        if switch.before[0] != switch.after[0]:
            switched.append(Switched(on, one.number, switch.before[0], switch.after[0]))
    return changed, switched


def _changed(switch: Switch) -> str:
    """Return "phone added", "email dropped", "phone now first"."""
    added = [NAMES[name] for name in switch.after if name not in switch.before]
    dropped = [NAMES[name] for name in switch.before if name not in switch.after]
    first = [] if switch.before[0] == switch.after[0] else [f"{NAMES[switch.after[0]]} now first"]
    said = first + ([f"{joined(added)} added"] if added else []) + ([f"{joined(dropped)} dropped"] if dropped else [])
    return ", ".join(said) or "order of identifiers changed"


def together(found: Iterable[Marker]) -> list[Marker]:
    """Return the markers with those of one day in one, each said once, oldest first."""
    days: dict[date, list[str]] = {}
    for one in sorted(found, key=lambda marker: marker.on):
        words = days.setdefault(one.on, [])
        if one.words not in words:
            words.append(one.words)
    return [Marker(on, ", ".join(words)) for on, words in days.items()]
