"""{% load ready %}: readiness, rates and sparklines as pages show them."""

from datetime import date
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html

from muster.charts import Spark
from muster.plotted import day_and_month
from muster.templatetags.marks import icon
from reconciliation.arrived import Arrived
from reconciliation.expected_match import Expected, learned
from reconciliation.feed_weeks import FeedWeekTold, Landing
from reconciliation.look import Look
from reconciliation.match_chart import basis_words, rate_words
from reconciliation.match_rate import SIZE_IS_REACH, Gap, Match, own_rate, share_of_accepted
from reconciliation.quantities import BASIS_WORDS, Quantity
from reconciliation.readers.seen import Figure
from reconciliation.readiness import Word
from reconciliation.sparks import ListSpark

register = template.Library()

LOOKS = {
    Word.USABLE: ("usable", "check"),
    Word.SETTLING: ("settling", "clock"),
    Word.TOO_SMALL: ("small", "minus"),
    Word.LOW_MATCH: ("low", "warn"),
    Word.BLOCKED: ("blocked", "bad"),
    Word.STALE: ("stale", "clock"),
    Word.UNKNOWN: ("unknown", "unknown"),
}
SIZE_NAMES = {Quantity.DISPLAY: "Size on Display", Quantity.SEARCH: "Size on Search"}
GAPS = {
    Gap.NOT_READ: "Nothing was read back yet",
    Gap.NOT_REPORTED: "The platform gives no figure to make it of",
    Gap.SETTLING: "Judged once the platform has taken everybody in",
    Gap.NOBODY: "A share of nobody is no number",
}


@register.simple_tag
def ready_word(word: Word) -> str:
    """`{% ready_word readiness.word %}`: the word over its short rule."""
    look, name = LOOKS[word]
    return format_html('<span class="ready ready-{}">{}{}</span>', look, icon(name), word.label)


@register.simple_tag
def rate(band: Match | Expected) -> str:
    """`{% rate match %}`: 54–58%."""
    return rate_words(band.low, band.high)


@register.simple_tag
def rate_basis(match: Match) -> str:
    """`{% rate_basis match %}`: whose rate it is, or what it was worked out of."""
    words = basis_words(match)
    return words[0].upper() + words[1:]


@register.simple_tag
def gap_why(found: Arrived) -> str:
    return GAPS[found.match] if isinstance(found.match, Gap) else ""


@register.simple_tag(name="own_rate")
def platforms_own(look: Look) -> Match | None:
    """`{% own_rate look as own %}`: the platform's own rate, where it gives one."""
    return own_rate(look)


@register.simple_tag
def reach(found: Arrived) -> str:
    """`{% reach arrived as reached %}`: the share that ads can reach, where a size counts that."""
    if found.look is None or found.activation.destination.platform not in SIZE_IS_REACH:
        return ""
    share = share_of_accepted(found.look)
    return rate_words(share.low, share.high) if isinstance(share, Match) else ""


@register.simple_tag
def learning(found: Arrived) -> str:
    """`{% learning arrived as lesson %}`: "learning 3 of 8", empty once there are enough."""
    return learned(found.learned)


@register.simple_tag
def size_name(size: Figure) -> str:
    return SIZE_NAMES.get(size.quantity, "Size there")


@register.simple_tag
def basis(size: Figure) -> str:
    """`{% basis size %}`: "A range the platform gives"."""
    words = BASIS_WORDS[size.basis]
    return words[0].upper() + words[1:]


@register.simple_tag
def day_month(day: date) -> str:
    """`{% day_month week.monday %}`: 16 Nov."""
    return day_and_month(day)


@register.simple_tag
def nth(things: list[str], place: int) -> str:
    return things[place]


@register.simple_tag
def week_said(week: FeedWeekTold, landing: Landing) -> str:
    """`{% week_said week landing %}`: what differs between what was forwarded and what landed."""
    return week.said(landing)


@register.filter
def chart_id(pk: int) -> str:
    return f"match-{pk}"


@register.simple_tag
def chart_title(name: str) -> str:
    return f"Match at {name}, low to high, by week"


@register.simple_tag
def spark_of(one: ListSpark) -> str:
    """`{% spark_of list %}`: its sparkline; the figure stands beside it."""
    return _drawn(one.drawn, one.told) if one.drawn else ""


@lru_cache(maxsize=4096)
def _drawn(drawn: Spark, told: str) -> str:
    return render_to_string("reconciliation/_spark.html", {"spark": drawn, "told": told})
