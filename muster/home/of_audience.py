"""How the lists of one audience stand, one line each, those that need somebody first: what its page begins with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.urls import reverse

from audiences.models import Audience
from muster.figures import span

from .needs import Need, needs
from .page import happened
from .reader import Action, Reader
from .standings import Standing, standings

TONES: Final = {"broken": "bad", "failed": "bad", "lost": "bad", "held": "warn", "drifting": "warn", "unknown": "warn"}
WATCHED: Final = {"on_target": "ok", "drifting": "warn", "broken": "warn"}
ICONS: Final = {"bad": "bad", "warn": "warn", "ok": "ok", "none": "unknown"}


@dataclass(frozen=True, slots=True)
class Told:
    """One list: `lead` says how it stands, `rest` why; without an action nobody is asked for anything."""

    place: str
    name: str
    tone: str
    lead: str
    rest: str
    action: Action | None = None

    @property
    def icon(self) -> str:
        return ICONS[self.tone]


def told(audience: Audience, reader: Reader) -> list[Told]:
    """Return the lines of an audience's lists in use. What is wrong with it as a whole is said elsewhere on its page."""
    found = standings(Audience.objects.filter(pk=audience.pk), reader.today)
    return of_lists([replace(one, whole=()) for one in found], reader)


def of_lists(lists: Sequence[Standing], reader: Reader) -> list[Told]:
    """Return a line for each of these lists."""
    pressing = needs(lists, happened(lists, reader), reader)
    needing = {one.at.list for one in pressing}
    return [_needs(one) for one in pressing] + [_watched(one) for one in lists if one.list not in needing]


def _needs(one: Need) -> Told:
    """Return the line of what somebody must do. A button that stands further down on the page is not repeated."""
    below = one.is_of_run or one.action.url == reverse("audiences:detail", args=[one.at.slug])
    action = None if below else one.action
    return Told(one.at.place, one.at.name, TONES[one.mark], one.lead, one.rest, action)


def _watched(one: Standing) -> Told:
    """Return the line of a list for which nothing is to be done: on target, no reply due, still learning, or not read."""
    words = one.health_words[:1].upper() + one.health_words[1:]
    if one.health == "on_target":
        there = f"{span(one.size_low, one.size_high)} people there." if one.size_low is not None else words
        return Told(one.place, one.name, "ok", "On target.", there)
    lead = {"drifting": "Drifting; no reply is due.", "broken": "Broken; no reply is due."}.get(one.health, "")
    return Told(one.place, one.name, WATCHED.get(one.health, "none"), lead, words or "Not judged yet.")
