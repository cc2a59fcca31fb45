"""What changed about an audience, newest first, each event in a sentence."""

from dataclasses import dataclass

from muster.models import Event

from .models import Audience

SHOWN = 12


@dataclass(frozen=True)
class Entry:
    event: Event
    about: str
    sentence: str
    lines: list[str]


def feed(audience: Audience) -> list[Entry]:
    """Return the newest entries of an audience."""
    newest = Event.objects.filter(audience_id=audience.pk).order_by("-at", "-pk")[:SHOWN]
    return [entry(event, audience) for event in newest]


def entry(event: Event, audience: Audience) -> Entry:
    """Return an event as the page tells it; the audience is not named again on its own page."""
    own = event.kind == "audience" and event.object_id == str(audience.pk)
    verb = event.verb.removesuffix(" of") if own else event.verb
    said = [event.actor_label, verb, "" if own else event.object_label]
    detail = event.detail if isinstance(event.detail, dict) else {}
    lines = [f"Changed: {', '.join(map(str, changed))}"] if isinstance(changed := detail.get("changed"), list) else []
    lines += [str(sentence) for sentence in detail.get("consequences") or []]
    lines += [f"“{event.reason}”"] if event.reason else []
    return Entry(event, _about(event, own), " ".join(part for part in said if part), lines)


def _about(event: Event, own: bool) -> str:
    if event.run_id:
        return "Run"
    versioned = event.verb.endswith(" of") and own
    return "Definition" if versioned else {"activation": "List"}.get(event.kind, event.kind.capitalize() or "Event")
