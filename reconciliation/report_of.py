"""The content of a weekly report as values that JSON can hold. Pure: the same inputs make the same bytes."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from .bands import NOBODY, Band
from .report_duties import decisions, promises, unanswered, waits_for_reply
from .weekly_inputs import Exposed, Happened, Inputs, Line, PastWeek
from .weeks import key

VERSION: Final = 1
WEEKS: Final = 12
NOT_JUDGED: Final = "learning"  # its usual is not known yet: neither inside nor outside
ORDER: Final = ("broken", "drifting", "unknown", NOT_JUDGED, "on_target")
CAUSES: Final = {
    "definition": "The definition or its segment changed",
    "identity": "Identifiers",
    "delivery": "Delivery",
    "removal": "Removals not applied",
    "match": "Match",
    "lag": "The destination is late",
    "expiry": "Members expired",
    "unexplained": "Unexplained",
}


def report_of(given: Inputs) -> dict[str, Any]:
    """Return what the report says."""
    lines = sorted(given.lines, key=_rank)
    trend = _trend(given)
    return {
        "version": VERSION,
        "week": key(given.monday),
        "monday": given.monday.isoformat(),
        "zone": given.zone_name,
        "workspace": given.workspace,
        "ends": moment(given.ends),
        "totals": _totals(lines),
        "trend": trend,
        "base": _base(given),
        "decide": decisions(lines, given),
        "causes": _causes(lines),
        "outside": [line_of(one, given) for one in lines if one.verdict != "on_target"],
        "inside": [line_of(one, given) for one in lines if one.verdict == "on_target"],
        "promises": promises(given),
        "unanswered": unanswered(lines, given),
        "exposed": [_exposed(one) for one in sorted(given.exposed, key=lambda one: one.account)],
        "held": _told(given.held),
        "overrides": _told(given.overrides),
        "definitions": _told(given.definitions),
        "corrections": _told(given.corrections),
        "audiences": _audiences(lines, given),
        # A company without feeds has the same report as before there were any.
        **({"feeds": [dict(vars(one)) for one in given.feeds]} if given.feeds else {}),
    }


def canonical(content: dict[str, Any]) -> bytes:
    """Return the one way in which a content is written down: what its digest is of."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a content, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def moment(at: datetime | None) -> str | None:
    """Return a point in time as it is written down, in UTC; databases give back the same instant in other zones."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def band(people: Band | None) -> list[int] | None:
    return [people.low, people.high] if people else None


def standing(verdicts: Iterable[str]) -> str:
    """Return how an audience stands: as the worst of its lists does."""
    return min(verdicts, key=ORDER.index, default="unknown")


def past_week(monday: date, verdicts: Iterable[tuple[str, str]]) -> PastWeek:
    """Return how many audiences were inside tolerance, of (audience, verdict) of each list. Who still learns is in neither."""
    stands = {name: standing(own) for name, own in _grouped(verdicts).items()}
    judged = tuple(sorted(name for name, one in stands.items() if one != NOT_JUDGED))
    return PastWeek(monday, sum(one == "on_target" for one in stands.values()), judged)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, verdict in pairs:
        found.setdefault(name, []).append(verdict)
    return found


def this_week(given: Inputs) -> PastWeek:
    return past_week(given.monday, ((one.audience, one.verdict) for one in given.lines))


def _rank(one: Line) -> tuple[int, float, int, str, str, int]:
    outside = 0 if one.is_outside else 1
    return (
        outside,
        -one.people if one.is_outside else 0.0,
        ORDER.index(one.verdict),
        one.audience,
        one.place,
        one.list,
    )


def _totals(lines: list[Line]) -> dict[str, Any]:
    stands = {name: standing(own) for name, own in _grouped((one.audience, one.verdict) for one in lines).items()}
    return {
        "lists": len(lines),
        "lists_inside": sum(one.verdict == "on_target" for one in lines),
        "lists_outside": sum(one.is_outside for one in lines),
        "audiences": len(stands),
        "judged": sum(one != NOT_JUDGED for one in stands.values()),
        "inside": sum(one == "on_target" for one in stands.values()),
        "unknown": sum(one == "unknown" for one in stands.values()),
        "learning": sum(one == NOT_JUDGED for one in stands.values()),
        "missing": band(sum((one.missing for one in lines if one.is_outside), NOBODY)),
        "not_removed": band(sum((one.not_removed for one in lines if one.is_outside), NOBODY)),
        "waiting": sum(waits_for_reply(one) for one in lines),
    }


def _trend(given: Inputs) -> list[dict[str, Any]]:
    weeks = [*sorted(given.past, key=lambda one: one.monday)[-(WEEKS - 1) :], this_week(given)]
    return [{"week": key(one.monday), "inside": one.inside, "of": len(one.judged)} for one in weeks]


def _base(given: Inputs) -> dict[str, Any] | None:
    """Return which audiences came to those judged, and which left, since the week before; None without one."""
    before = max(given.past, key=lambda one: one.monday, default=None)
    if before is None:
        return None
    was, now = set(before.judged), set(this_week(given).judged)
    return {
        "week": key(before.monday),
        "inside": before.inside,
        "of": len(was),
        "came": sorted(now - was),
        "left": sorted(was - now),
    }


def _causes(lines: list[Line]) -> list[dict[str, Any]]:
    """Return people by the main cause of their list: missing first, then not removed, never one against the other."""
    found: list[dict[str, Any]] = []
    for side in ("missing", "not_removed"):
        sums: dict[str, Band] = {}
        counts: dict[str, int] = {}
        for one in lines:
            people: Band = getattr(one, side)
            if one.is_outside and not people.is_nobody:
                cause = one.cause or "unexplained"
                sums[cause] = sums.get(cause, NOBODY) + people
                counts[cause] = counts.get(cause, 0) + 1
        ranked = sorted(sums, key=lambda name: (name == "unexplained", -sums[name].mid, name))
        for name in ranked:
            words = CAUSES.get(name, name.capitalize())
            found.append(
                {"side": side, "cause": name, "words": words, "people": band(sums[name]), "lists": counts[name]}
            )
    return found


def line_of(one: Line, given: Inputs) -> dict[str, Any]:
    """Return what the report says of one list."""
    reply = one.reply
    return {
        "list": one.list,
        "audience": one.audience,
        "slug": one.slug,
        "place": one.place,
        "platform": one.platform,
        "owner": one.owner,
        "verdict": one.verdict,
        "since": key(one.since) if one.since else None,
        "in_segment": one.in_segment,
        "accepted": one.accepted,
        "size": band(one.size),
        "expected": band(one.expected),
        "off": None if one.off is None else round(one.off, 1),
        "missing": band(one.missing),
        "not_removed": band(one.not_removed),
        "tolerance": one.tolerance,
        "learned": one.learned,
        "reason": one.reason,
        "cause": one.cause,
        "cause_words": one.cause_words,
        "next_step": one.next_step,
        "as_of": moment(one.as_of),
        "unsettled": one.as_of is None or one.as_of < given.begins,
        "waits": waits_for_reply(one),
        "reply": reply
        and {
            "kind": reply.kind,
            "label": reply.label,
            "note": reply.note,
            "by": reply.by,
            "at": moment(reply.at),
            "fix_by": reply.fix_by.isoformat() if reply.fix_by else None,
        },
    }


def _exposed(one: Exposed) -> dict[str, Any]:
    seconds = None if one.time is None else int(one.time.total_seconds())
    return {
        "account": one.account,
        "seconds": seconds,
        "lists": one.lists,
        "why": one.why,
        "missing": one.missing,
    }


def _told(found: Iterable[Happened]) -> list[dict[str, Any]]:
    ordered = sorted(found, key=lambda one: (one.at, one.words))
    return [{"at": moment(one.at), "words": one.words, "slug": one.slug} for one in ordered]


def _audiences(lines: list[Line], given: Inputs) -> list[dict[str, Any]]:
    """Return one row for each audience across its destinations, those that are not aligned first."""
    found: dict[str, list[Line]] = {}
    for one in lines:
        found.setdefault(one.audience, []).append(one)
    rows = []
    for name, own in found.items():
        stand = standing(one.verdict for one in own)
        ordered = sorted(own, key=lambda one: (one.place, one.list))
        lists = [line_of(one, given) for one in ordered]
        rows.append({"audience": name, "slug": own[0].slug, "owner": own[0].owner, "stands": stand, "lists": lists})
    return sorted(rows, key=lambda row: (ORDER.index(row["stands"]), row["audience"]))
