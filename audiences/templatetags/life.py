"""{% load life %}: where an audience or a list is in its life."""

from functools import cache

from django import template
from django.utils.html import format_html

from audiences.models import Lifecycle
from muster.templatetags.marks import icon

register = template.Library()

ICONS = {
    Lifecycle.DRAFT: "pencil",
    Lifecycle.IN_PILOT: "pilot",
    Lifecycle.PILOT_PASSED: "list",
    Lifecycle.LIVE: "play",
    Lifecycle.PAUSED: "pause",
    Lifecycle.RETIRED: "archive",
}


@register.simple_tag
def life(lifecycle: str, paused: object = False) -> str:
    """`{% life list.lifecycle paused %}`: outlined tag; a pause that reaches a live list is what counts."""
    return _tag(Lifecycle.PAUSED if paused and lifecycle != Lifecycle.RETIRED else Lifecycle(lifecycle))


@cache
def _tag(shown: Lifecycle) -> str:
    look = shown.value.replace("_", "-")
    return format_html('<span class="life life-{}">{}{}</span>', look, icon(ICONS[shown]), shown.label)
