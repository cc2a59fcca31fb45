"""Sparklines of match for many audiences at once, from what is kept on each list."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from audiences.models import Activation, Lifecycle
from muster.charts import Band, Spark, spark

from .match_chart import rate_words
from .match_rate import Gap
from .models import Answer
from .trend import points_of
from .weeks import Point, history

NEWS = 2  # weeks: an older rate says nothing of now


@dataclass(frozen=True)
class ListSpark:
    """One list's match: `figure` is the newest rate in words, or why there is none. `health` is empty: never judged."""

    name: str
    figure: str
    told: str
    drawn: Spark | None
    is_known: bool
    health: str = ""
    health_words: str = ""


def sparks(audiences: Collection[int], today: date) -> dict[str, list[ListSpark]]:
    """Return by audience (its slug) the sparklines of its lists that are neither drafts nor retired. Two queries."""
    used = Activation.objects.filter(audience__in=audiences, kind=Activation.Kind.PRODUCTION)
    told = used.exclude(lifecycle__in=(Lifecycle.DRAFT, Lifecycle.RETIRED)).order_by("destination__name")
    fields = ("audience__slug", "destination__name", "match_trend__weeks", "match_trend__expected")
    healthy = ("arrival__health", "arrival__health_words")
    found: dict[str, list[ListSpark]] = {}
    accepted = _accepted(told.values("pk"))
    for pk, slug, name, weeks, expected, health, words in told.values_list("pk", *fields, *healthy):
        drawn = _of_list(name, points_of(weeks or {}), expected, today, accepted.get(pk, ()))
        found.setdefault(slug, []).append(replace(drawn, health=health or "", health_words=words or ""))
    return found


def of_lists(lists: Collection[int], today: date) -> dict[int, ListSpark]:
    """Return the sparklines of these lists by list. Two queries."""
    used = Activation.objects.filter(pk__in=lists)
    told = used.values_list("pk", "destination__name", "match_trend__weeks", "match_trend__expected")
    accepted = _accepted(lists)
    return {
        pk: _of_list(name, points_of(weeks or {}), expected, today, accepted.get(pk, ()))
        for pk, name, weeks, expected in told
    }


def _accepted(lists: Any) -> dict[int, list[date]]:
    """Return by list the Mondays of the weeks whose level was accepted as the new one. One query."""
    found: dict[int, list[date]] = {}
    answers = Answer.objects.filter(activation__in=lists, kind=Answer.Kind.ACCEPT)
    for pk, monday in answers.values_list("activation", "monday"):
        found.setdefault(pk, []).append(monday)
    return found


def _of_list(
    name: str,
    known: dict[str, Point | Gap],
    expected: list[float] | None,
    today: date,
    accepted: Collection[date] = (),
) -> ListSpark:
    weeks = history(known, today)
    bands = tuple((one.point.match.low, one.point.match.high) if one.point else None for one in weeks)
    newest = next((one for one in reversed(weeks) if one.point), None)
    if newest is None or newest.point is None:
        gap = weeks[-1].gap or Gap.NOT_READ
        return ListSpark(name, gap.value, f"Match at {name}: {gap.value}", None, False)
    figure = rate_words(newest.point.match.low, newest.point.match.high)
    wanted = (expected[0], expected[1]) if expected else None
    old = newest not in weeks[-NEWS:]
    figure = f"{figure} in {newest.name}" if old else figure
    told = f"Match at {name}: {figure}" + (f", expected {rate_words(*wanted)}" if wanted else "")
    marked = tuple(place for place, one in enumerate(weeks) if one.monday in accepted)
    told += ", a new level was accepted" if marked else ""
    return ListSpark(name, figure, told, _spark(bands, wanted, marked), not old)


@lru_cache(maxsize=4096)
def _spark(bands: tuple[Band | None, ...], expected: Band | None, marked: tuple[int, ...]) -> Spark:
    return spark(bands, expected, marked)
