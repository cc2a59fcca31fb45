"""{% load board %}: the marks of the suppression board."""

from django import template
from django.utils.html import format_html

from audiences.models import Destination
from muster.templatetags.marks import icon
from reconciliation.board_cell import Cell
from reconciliation.protection import Mark, Tone
from reconciliation.weekly_inputs import Exposed

register = template.Library()

LOOKS = {
    Mark.PROTECTING: ("protecting", "shield"),
    Mark.SETTLING: ("settling", "clock"),
    Mark.STALE: ("stale", "clock"),
    Mark.TOO_SMALL: ("too-small", "info"),
    Mark.BROKEN: ("broken", "bad"),
    Mark.NOT_SET: ("not-set", "dashed"),
    Mark.NOT_ATTACHED: ("not-set", "link"),
    Mark.UNKNOWN: ("unknown", "unknown"),
}
# The same word in another colour: stale from twice the target on, protecting with something left to do.
SHADES = {(Mark.STALE, Tone.BAD): "broken", (Mark.PROTECTING, Tone.WARN): "drifting"}
SENTENCES = {Tone.BAD: "bad", Tone.WARN: "warn", Tone.NONE: "unknown", Tone.OK: "ok"}


@register.simple_tag
def pill(cell: Cell) -> str:
    """`{% pill cell %}`: the filled pill with the word of the cell."""
    look, name = LOOKS[cell.mark]
    shade = SHADES.get((cell.mark, cell.tone), look)
    return format_html('<span class="health health-{}">{}{}</span>', shade, icon(name), cell.protection.word)


@register.filter
def cell_class(cell: Cell) -> str:
    """`{{ cell|cell_class }}`: the frame of the cell."""
    if cell.mark == Mark.NOT_SET:
        return "cell-none"
    return {Tone.BAD: "cell-bad", Tone.WARN: "cell-warn"}.get(cell.tone, "")


@register.filter
def named(place: Destination) -> str:
    """`{{ place|named }}`: the account's name without its platform, which stands above it."""
    return place.name.removeprefix(place.spec.label).lstrip(" ,:–-") or place.name


@register.filter
def of_place(found: dict[int, Exposed], place: int) -> Exposed | None:
    """`{{ board.unprotected|of_place:destination_id }}`: what is known of an account."""
    return found.get(place)


@register.simple_tag
def tone_icon(tone: Tone) -> str:
    return icon(SENTENCES[tone])
