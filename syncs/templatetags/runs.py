"""{% load runs %}: the marks of runs, and the lines of a run's timeline."""

from dataclasses import dataclass
from datetime import datetime

from django import template
from django.utils.html import format_html

from muster.audit import MUSTER
from muster.models import Event
from muster.templatetags.marks import icon
from syncs.states import ICONS, RunState

register = template.Library()

WARNING = ("waits", "was taken over", "ended Held", "ended Failed", "ended Lost", "ended Done with rejects")


@register.simple_tag
def run_state(state: str) -> str:
    """`{% run_state run.state %}`: icon and word."""
    name, look = ICONS[state]
    return format_html('<span class="state state-{}">{}{}</span>', look, icon(name), RunState(state).label)


@dataclass(frozen=True)
class Line:
    """One line of a timeline: when, what, and how it is marked ("warn", "now" or nothing)."""

    at: datetime
    text: str
    look: str


@register.filter
def lines(events: list[Event]) -> list[Line]:
    """`{% for line in timeline.events|lines %}`: what happened, each in one sentence."""
    return [Line(event.at, line(event), "warn" if event.verb.startswith(WARNING) else "") for event in events]


def line(event: Event) -> str:
    """Return an event as a sentence. Muster's own lines are sentences already; a person's words stand in quotes."""
    if event.actor_id is None and event.actor_label == MUSTER:
        verb = event.verb[:1].upper() + event.verb[1:]
        if not event.reason:
            return f"{verb}.{figures(event)}"
        return f"{verb}. {event.reason}" if event.verb.startswith(("ended", "waits")) else event.reason
    quoted = f": “{event.reason}”" if event.reason else "."
    return f"{event.actor_label} {event.verb}{quoted}{figures(event)}"


def figures(event: Event) -> str:
    """Return the figures that an event carries: " Max removes 1,291, max adds 0." """
    parts = [
        f"{name.replace('_', ' ')} {value:,}"
        for name, value in event.detail.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return f" ({', '.join(parts)})" if parts else ""
