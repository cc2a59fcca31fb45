"""What changed about a segment between two looks at Customer.io's list: told in sentences, and recorded for its audiences.

Renames, tags and descriptions are no change: they move nobody in or out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from muster import audit

from .conditions import sentences
from .models import Audience, Definition, Segment

EDITED = "noticed changed conditions in the segment of"
UNTOLD = "Customer.io returns no conditions for it."


@dataclass(frozen=True)
class Change:
    """One change: `verb` continues a sentence that begins with Muster, `was` and `now` are sentences only one side has."""

    verb: str
    was: tuple[str, ...] = ()
    now: tuple[str, ...] = ()


def changes(before: Segment, after: Segment) -> list[Change]:
    """Return what changed, the most important first."""
    found = []
    if after.gone_at and not before.gone_at:
        found.append(Change("no longer finds the segment of"))
    if before.gone_at and not after.gone_at:
        found.append(Change("finds again the segment of"))
    if before.fingerprint != after.fingerprint:
        found.append(Change(EDITED, *difference(before, after)))
    if before.kind != after.kind:
        found.append(Change("noticed another type of the segment of", (_type(before),), (_type(after),)))
    return found


def difference(before: Segment | Definition, after: Segment | Definition) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sentences about the conditions that only the one, and only the other, has."""
    was, now = _told(before), _told(after)
    return tuple(one for one in was if one not in now), tuple(one for one in now if one not in was)


def _told(subject: Segment | Definition) -> list[str]:
    return sentences(subject.conditions) or [UNTOLD]


def _type(segment: Segment) -> str:
    return f"A {segment.kind} segment." if segment.kind else "A segment of unknown type."


def record(before: Mapping[int, Segment], after: Iterable[Segment], *, at: datetime) -> int:
    """Record what changed for every registered audience of the segments, and return how many events that made."""
    moved = [(one, found) for one in after if one.pk in before and (found := changes(before[one.pk], one))]
    made = 0
    for segment, found in moved:
        for audience in Audience.objects.filter(segment=segment, archived_at=None):
            for change in found:
                audit.record(
                    verb=change.verb,
                    subject=audience,
                    detail={name: list(said) for name in ("was", "now") if (said := getattr(change, name))},
                    audience_id=audience.pk,
                    at=at,
                )
                made += 1
    return made
