"""Audiences whose version is being proved: how far each is, and what helps next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from audiences.checklist import Item, Stand, checklist, done
from audiences.models import Activation, Definition, Lifecycle, Segment
from audiences.terms import joined
from muster.access import Permission
from syncs.readiness import Evidences

from .reader import Action, Reader

AT_MOST = 50
LOOP = {"1", "2", "3", "4", "5", "6a"}  # what the roster proves; the rest is judged once customers are sent


@dataclass(frozen=True, slots=True)
class Pilot:
    """One audience: `ready` of `needed` items, of its list that lacks most; `item` is the one that helps now."""

    name: str
    slug: str
    number: int
    segment: Segment
    purpose: str
    places: str
    ready: int
    needed: int
    item: Item | None
    proved: bool
    action: Action


def pilots(versions: Iterable[Definition], reader: Reader) -> list[Pilot]:
    """Return the audiences of these approved versions, by name; a dozen queries, none where there is no version."""
    found = {one.audience_id: one for one in list(versions)[:AT_MOST]}
    if not found:
        return []
    made = Activation.objects.filter(audience__in=found, kind=Activation.Kind.PRODUCTION)
    known = Evidences(made.exclude(lifecycle=Lifecycle.RETIRED), reader.now)
    lists: dict[int, list[Activation]] = {}
    for one in known.lists:
        lists.setdefault(one.audience_id, []).append(one)
    return [_pilot(found[audience], own, known, reader) for audience, own in lists.items()]


def _pilot(version: Definition, lists: list[Activation], known: Evidences, reader: Reader) -> Pilot:
    checked = [_checked(one, known, reader.now) for one in lists]
    items = min(checked, key=lambda made: done(made)[0])
    ready, needed = done(items)
    lacking = [item for item in items if item.stand not in (Stand.DONE, Stand.IDLE)]
    proved = all(item.number not in LOOP for made in checked for item in made if item.stand in (Stand.OPEN, Stand.DUE))
    audience = lists[0].audience
    return Pilot(
        name=audience.name,
        slug=audience.slug,
        number=version.number,
        segment=audience.segment,
        purpose=version.get_purpose_display(),
        places=joined(one.destination.name for one in lists),
        ready=ready,
        needed=needed,
        item=lacking[0] if lacking else None,
        proved=proved,
        action=_action(version, audience.slug, reader, proved=proved),
    )


def _checked(one: Activation, known: Evidences, now: datetime) -> list[Item]:
    return checklist(known.of(one), now)


def _action(version: Definition, slug: str, reader: Reader, *, proved: bool) -> Action:
    page = reverse("syncs:pilot", args=[slug, version.number])
    if proved:
        do = f"put v{version.number} into use"
        return reader.act(Permission.APPROVE, do[:1].upper() + do[1:], page, do=do)
    return reader.act(Permission.SYNC, "Go on with the pilot", page, do="go on with the pilot")
