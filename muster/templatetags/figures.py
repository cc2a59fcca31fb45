"""{% load figures %}: numbers, spans of time and points in time as Muster writes them, in the reader's time zone."""

from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.html import format_html

from muster import figures

register = template.Library()
Number = int | float | Decimal | None


def _seconds(value: float | timedelta | None) -> float | None:
    return value.total_seconds() if isinstance(value, timedelta) else value


@register.filter
def number(value: Number, digits: int = 0) -> str:
    """`{{ run.adds|number }}`: 12,345."""
    return figures.number(value, digits)


@register.filter
def said(value: object) -> str:
    """`{{ value|said }}`: a value of which the page does not know what it is; numbers as numbers, None as not known."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return figures.number(value, 0 if value == int(value) else 1)
    if isinstance(value, dict):
        return ", ".join(f"{name} {said(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(said(inner) for inner in value) or "none"
    return figures.NOT_KNOWN if value is None else str(value)


@register.filter
def signed(value: Number, digits: int = 0) -> str:
    """`{{ change|signed }}`: +12 or −12."""
    return figures.signed(value, digits)


@register.filter
def percent(value: Number, digits: int = 0) -> str:
    """`{{ 71.4|percent:1 }}`: 71.4%."""
    return figures.percent(value, digits)


@register.simple_tag
def span(low: Number, high: Number, digits: int = 0) -> str:
    """`{% span 8700 9300 %}`: 8,700–9,300."""
    return figures.span(low, high, digits)


@register.simple_tag
def share(part: int | None, whole: int | None) -> str:
    """`{% share covered people %}`: 98%."""
    return figures.share(part, whole)


@register.filter
def duration(value: float | timedelta | None) -> str:
    """`{{ seconds_or_timedelta|duration }}`: 1 m 18 s."""
    return figures.duration(_seconds(value))


@register.filter
def at_most(value: float | timedelta | None) -> str:
    """`{{ part.worst|at_most }}`: up to 4 s, or under 1 s."""
    return figures.at_most(_seconds(value))


@register.filter
def target(minutes: int | None) -> str:
    """`{{ definition.freshness_minutes|target }}`: 60 min, 24 h."""
    return figures.target(minutes)


@register.filter
def age(at: datetime | None) -> str:
    """`{{ beat.at|age }}`: how long ago, 12 s."""
    return figures.age((timezone.now() - at).total_seconds() if at else None)


@register.filter
def clock(at: datetime | None) -> str:
    """`{{ run.started_at|clock }}`: 09:14."""
    return figures.clock(at, timezone.get_current_timezone())


@register.filter
def day(at: datetime | None) -> str:
    """`{{ at|day }}`: Mon 23 Nov 2026."""
    return figures.day(at, timezone.get_current_timezone())


@register.filter
def when(at: datetime | None) -> str:
    """`{{ at|when }}`: 09:14 if today, else Tue 17 Nov, 09:14."""
    return figures.when(at, timezone.now(), timezone.get_current_timezone())


@register.simple_tag
def moment(at: datetime | None, *, seconds: bool = False) -> str:
    """`{% moment run.started_at %}`: a <time> element that reads as `when`, the full day in its title."""
    if at is None:
        return figures.NOT_KNOWN
    zone = timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.astimezone(zone).isoformat(timespec="seconds"),
        figures.full(at, zone),
        figures.when(at, timezone.now(), zone, seconds=seconds),
    )


@register.simple_tag
def zone() -> str:
    """`{% zone %}`: the time zone of all times on this page."""
    return figures.zone_name(timezone.get_current_timezone())
