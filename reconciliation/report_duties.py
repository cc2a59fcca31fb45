"""What a weekly report asks of people: decisions of the manager, promises kept or not, replies that are missing. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final

from muster.figures import number

from .bands import Band
from .weekly_inputs import WEEK, Inputs, Line, Promise
from .weeks import key

LONG_UNREAD: Final = 2  # weeks without a figure until somebody has to decide
KEPT, NOT_KEPT, RUNNING, NOT_TOLD = "kept", "not_kept", "running", "not_told"


def waits_for_reply(one: Line) -> bool:
    """Whether a list is outside tolerance and nobody answered to that yet."""
    return one.is_outside and one.reply is None


def days_open(one: Line, given: Inputs) -> int:
    """Return for how many days a drift has been reported: since the Monday after its first week."""
    first = (one.since or given.monday) + WEEK
    return max(0, (given.today - first).days)


def in_people(missing: Band, not_removed: Band) -> str:
    """Return "2,700–4,800 missing, 12 not removed": apart, never netted; empty for nobody."""
    said = [(missing, "missing"), (not_removed, "not removed")]
    return ", ".join(f"{people} {word}" for people, word in said if not people.is_nobody)


def decisions(lines: Sequence[Line], given: Inputs) -> list[dict[str, Any]]:
    """Return what the manager has to decide: broken promises, broken lists and old drifts without a reply, lists unread.

    Lists that share a cause are one decision.
    """
    broken = sorted(
        (one for one in given.promises if _stand(one, given) == NOT_KEPT), key=lambda one: (-one.missing.mid, one.name)
    )
    named = {one.list for one in broken}
    others = [one for one in lines if one.list not in named]
    waiting = [one for one in others if waits_for_reply(one) and (one.verdict == "broken" or days_open(one, given))]
    unread = [one for one in others if one.verdict == "unknown" and one.unread_weeks >= LONG_UNREAD]
    promised = [_of_promise(one, given) for one in broken]
    return [*promised, *_shared(waiting, _of_reply, given), *_shared(unread, _of_unread, given)]


def _of_promise(one: Promise, given: Inputs) -> dict[str, Any]:
    weeks = (given.monday - one.since).days // 7 + 1
    by = f" by {_day(one.fix_by)}" if one.fix_by else ""
    without = f", or accept {one.missing} fewer people" if not one.missing.is_nobody else ", or decide otherwise"
    return {
        "what": "promise",
        "big": f"{_ordinal(weeks)} week",
        "head": f"{one.name}: a promise was not kept.",
        "words": f"“{one.note}”, promised{by}, and the list is still outside. Hold {one.by} to it{without}.",
        "slug": one.slug,
        "list": one.list,
    }


def _shared(
    lines: Iterable[Line], say: Callable[[Sequence[Line], Inputs], dict[str, Any]], given: Inputs
) -> list[dict[str, Any]]:
    groups: dict[str, list[Line]] = {}
    for one in lines:
        groups.setdefault(one.incident or f"list:{one.list}", []).append(one)
    return [say(own, given) for own in groups.values()]


def _of_reply(own: Sequence[Line], given: Inputs) -> dict[str, Any]:
    first, days = own[0], max(days_open(one, given) for one in own)
    people = in_people(_sum(one.missing for one in own), _sum(one.not_removed for one in own))
    owners = ", ".join(sorted({one.owner for one in own}))
    since = f" for {days} d" if days else " yet"
    state = "broken" if any(one.verdict == "broken" for one in own) else "outside tolerance"
    cause = " ".join(part for part in (first.cause_words or first.reason, first.next_step) if part)
    return {
        "what": "reply",
        "big": f"{days} d" if days else "new",
        "head": f"{_names(own)}: {people or state}, and no reply{since}.",
        "words": f"{cause} Owner {owners}: ask for an answer, or name somebody else.".strip(),
        "slug": first.slug,
        "list": first.list,
    }


def _of_unread(own: Sequence[Line], _given: Inputs) -> dict[str, Any]:
    first, weeks = own[0], max(one.unread_weeks for one in own)
    return {
        "what": "unread",
        "big": f"{number(weeks)} weeks",
        "head": f"{_names(own)}: not judged for {number(weeks)} weeks.",
        "words": f"{first.reason} Have it made readable again, or retire it.".strip(),
        "slug": first.slug,
        "list": first.list,
    }


def _names(own: Sequence[Line]) -> str:
    return own[0].name if len(own) == 1 else f"{own[0].name} and {number(len(own) - 1)} more with the same cause"


def _sum(bands: Iterable[Band]) -> Band:
    return sum(bands, Band(0, 0))


def _stand(one: Promise, given: Inputs) -> str:
    """Return whether a promise was kept: the list is on target again, or it is not and the day is past."""
    if one.verdict == "on_target":
        return KEPT
    if one.verdict not in {"drifting", "broken"}:
        return NOT_TOLD
    if one.still_since and one.still_since > one.since:
        return KEPT  # it came back and went out anew: another drift, with its own answer
    ended = given.monday + WEEK
    return NOT_KEPT if one.fix_by is None or one.fix_by < ended else RUNNING


def promises(given: Inputs) -> list[dict[str, Any]]:
    """Return what was promised and whether it held, what was not kept first."""
    order = (NOT_KEPT, NOT_TOLD, RUNNING, KEPT)
    rows = [
        {
            "stand": _stand(one, given),
            "name": one.name,
            "slug": one.slug,
            "note": one.note,
            "by": one.by,
            "fix_by": one.fix_by.isoformat() if one.fix_by else None,
            "since": key(one.since),
        }
        for one in given.promises
    ]
    return sorted(rows, key=lambda row: (order.index(str(row["stand"])), str(row["name"])))


def unanswered(lines: Iterable[Line], given: Inputs) -> list[dict[str, Any]]:
    """Return who owes replies: by owner, with the oldest's age in days, the oldest first."""
    owed: dict[str, list[int]] = {}
    for one in lines:
        if waits_for_reply(one):
            owed.setdefault(one.owner, []).append(days_open(one, given))
    rows = [{"owner": owner, "lists": len(days), "days": max(days)} for owner, days in owed.items()]
    return sorted(rows, key=lambda row: (-int(str(row["days"])), str(row["owner"])))


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _ordinal(count: int) -> str:
    tail = {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th") if count % 100 not in {11, 12, 13} else "th"
    return f"{count}{tail}"
