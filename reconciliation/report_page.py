"""What the pages of reports show: a frozen content with its times as times, and what came after it was frozen."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from muster.figures import in_words, number, span, zone_name

from .models import Answer, Correction, Report
from .report_charts import Causes, Column, causes, columns
from .report_facts import reply_of

MOMENTS = frozenset({"at", "as_of", "ends"})
DAYS = frozenset({"monday", "fix_by"})


@dataclass(frozen=True)
class Shown:
    """One week. `report` is None for a week that is looked at before it is frozen."""

    report: Report | None
    content: dict[str, Any]
    corrections: list[Correction]
    columns: list[Column]
    causes: Causes

    @property
    def week(self) -> str:
        return str(self.content["week"])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.content["zone"])

    @property
    def zone_words(self) -> str:
        return zone_name(self.zone)

    @property
    def sunday(self) -> date:
        return date.fromisoformat(str(self.content["monday"])) + timedelta(6)

    @property
    def verdict(self) -> str:
        return verdict(self.content)

    @property
    def owed(self) -> str:
        return owed(int(self.content["totals"]["waiting"]))


def shown(report: Report | None, content: dict[str, Any]) -> Shown:
    """Return what the page of a week shows. Two queries for a frozen one, else none."""
    told = timed(content)
    corrections = []
    if report:
        corrections = list(report.corrections.order_by("at", "pk"))
        _answered_since(told["outside"], report)
    return Shown(report, told, corrections, columns(content["trend"]), causes(content["causes"]))


def timed(value: Any, name: str = "") -> Any:
    """Return stored values with points in time and days as what they are."""
    if isinstance(value, dict):
        return {key: timed(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [timed(inner) for inner in value]
    if isinstance(value, str) and name in MOMENTS:
        return datetime.fromisoformat(value).astimezone(UTC)
    return date.fromisoformat(value) if isinstance(value, str) and name in DAYS else value


def _answered_since(rows: list[dict[str, Any]], report: Report) -> None:
    """Put what was answered after the report was frozen beside what it says. One query."""
    waiting = {row["list"]: row for row in rows if row["waits"]}
    for one in (
        Answer.objects.filter(activation__in=waiting, at__gt=report.frozen_at).select_related("by").order_by("at")
    ):
        row = waiting[one.activation_id]
        if row["since"] is None or f"{one.since:%G-W%V}" == row["since"]:
            row["answered"] = reply_of(one)


def verdict(content: dict[str, Any]) -> str:
    """Return how many audiences are inside tolerance, against the week before, and what is not judged."""
    totals, base = content["totals"], content["base"]
    if not totals["judged"]:
        learning = f": {number(totals['learning'])} still learn what is usual" if totals["learning"] else ""
        return f"No audience can be judged yet{learning}."
    moved = ""
    if base and base["of"]:
        change = totals["inside"] - base["inside"]
        moved = (
            f", {'up' if change > 0 else 'down'} from {number(base['inside'])}" if change else ", as the week before"
        )
    return f"{number(totals['inside'])} of {number(totals['judged'])} audiences inside tolerance{moved}."


def owed(count: int) -> str:
    """Return how many replies are missing, as a sentence."""
    if not count:
        return "No reply is missing."
    return f"{in_words(count).capitalize()} {'reply is' if count == 1 else 'replies are'} missing."


def people(ends: list[int]) -> str:
    return span(*ends)
