"""Causes at the destination: what must be seen for each, how sure that makes it, and the sentence. Pure."""

from collections.abc import Callable
from typing import Final

from muster.figures import number, span

from .bands import Band
from .case import Case, Finding, Kind, Moved, Shared, Side, Sure
from .drift import Rule, Verdict
from .ladder import Place
from .removals_seen import Seen, Sizes, seen

EDGE: Final = 0.05  # of the people accepted: fewer of them missing between two counts is no cause
SOME: Final = 0.01  # of the list: fewer removals cannot be told from noise
CLOSE: Final = 0.5  # of what was added or removed: if the size followed by less, it did not arrive
TENTH: Final = 0.1  # of the additions: fewer of them are no failure of the way
FEW: Final = 0.005  # of the list, likewise


def _unreadable(case: Case) -> Finding | None:
    if not case.happened.unreadable or case.drift.verdict != Verdict.UNKNOWN:
        return None
    do = "Ask an administrator to renew the reading access in Connections."
    return Finding(
        Kind.DELIVERY,
        "unreadable",
        case.happened.unreadable,
        do,
        Sure.CERTAIN,
        shared=Shared.ACCOUNT,
        alone=True,
        explains=Side.NEITHER,
    )


def _gone_or_blocked(case: Case) -> Finding | None:
    if not case.happened.list_gone and not case.happened.blocked:
        return None
    words = case.happened.blocked or f"{case.place} does not know this list any more."
    do = "Create the list again, give its id, and send all current members again."
    if not case.happened.list_gone:
        do = f"Look at the list at {case.place} and correct what it names."
    code, shared = ("list_gone", Shared.LIST) if case.happened.list_gone else ("blocked", Shared.ACCOUNT)
    return Finding(Kind.DELIVERY, code, words, do, Sure.CERTAIN, shared=shared, alone=True, explains=Side.LOST)


def _stalled(case: Case) -> Finding | None:
    """Changes were accepted, and the platform has not touched the list for longer than it may take."""
    told = case.happened
    if told.sent_at is None or told.changed_at is None or told.sent_at - told.changed_at <= told.settles_in:
        return None
    waited = number((told.sent_at - told.changed_at).total_seconds() / 86_400)
    return Finding(
        Kind.DELIVERY,
        "stalled",
        f"RudderStack accepts changes, and {case.place} has not changed the list for {waited} days.",
        "Look at the destination's live events in RudderStack: its token there may have expired. Then send everybody again.",
        Sure.CERTAIN,
        shared=Shared.ACCOUNT,
        alone=True,
    )


def _purged(case: Case) -> Finding | None:
    """Half of the people or all of them went at once, and nothing of ours says why."""
    told = case.happened
    ours = told.identifiers or told.mapping_changed or told.removals >= CLOSE * case.people(Place.ACCEPTED)
    known = told.list_gone or told.blocked or ours or told.expired.mid > max(0.0, case.drift.missing.mid / 2)
    unusable = case.drift.rule == Rule.NOT_USABLE and told.too_small
    if known or not (unusable or case.drift.rule in {Rule.NOBODY, Rule.HALVED}):
        return None
    shows = "too few for ads" if case.drift.there is None else f"{case.drift.there} people"
    words = f"{case.place} shows {shows}, and Muster removed {number(told.removals)} since."
    do = "Send all current members again; ask whoever keeps the account whether the list was emptied or recreated."
    return Finding(
        Kind.DELIVERY, "purged", words, do, Sure.LIKELY, case.drift.missing, shared=Shared.ACCOUNT, explains=Side.LOST
    )


def _not_received(case: Case) -> Finding | None:
    """RudderStack accepted people whom the platform did not receive, and does not call invalid."""
    received = case.now[Place.RECEIVED]
    lost, sent = received.step.unexplained, case.people(Place.ACCEPTED)
    if received.people is None and case.happened.received is not None:
        if _stalled(case):
            return None  # nothing arrives at all: that is why, and says what to do
        short = max(0, case.happened.additions - case.happened.received)
        lost, sent = Band(short, short), case.happened.additions
        if short <= TENTH * sent or short <= FEW * case.people(Place.ACCEPTED):
            return None
    elif received.people is None or lost.low <= EDGE * sent:
        return None
    return Finding(
        Kind.DELIVERY,
        "not_received",
        f"RudderStack accepted {lost} people whom {case.place} did not receive.",
        "Look at the destination's live events in RudderStack: what failed stands there. Then send everybody again.",
        Sure.CERTAIN,
        lost,
        shared=Shared.PIPE,
        alone=True,
        explains=Side.LOST,
    )


def _not_removed(case: Case) -> Finding | None:
    """Removals were accepted, and the size did not follow the additions and the removals together.

    While the list is within its tolerance, only what is more than its weeks vary by can tell; of a list that has too many
    people, the last weeks on target are looked at as well.
    """
    told = case.happened
    spans = [Moved(told.additions, told.removals, told.size_before)] if told.size_before else []
    if case.is_above and told.month:
        spans.append(told.month)
    found = [(one, sizes) for one in spans if (sizes := _not_seen(case, one))]
    if not found:
        return None
    moved, sizes = max(found, key=lambda one: one[1].kept.mid)
    return Finding(
        Kind.REMOVAL,
        "not_removed",
        f"Removals are not visible at {case.place}: {number(moved.removals)} were accepted, and it did not get smaller.",
        "See whether the destination in RudderStack passes removals on; then send all current members again.",
        Sure.LIKELY,
        sizes.kept,
        estimated=True,
        shared=Shared.ACCOUNT,
        alone=True,
        explains=Side.KEPT,
    )


def _not_seen(case: Case, moved: Moved) -> Sizes | None:
    """Return the sizes around some removals where these do not show.

    That a list has too many people is beyond doubt already, so that the middles tell whether it is these. While it is on
    target, it has to be sure at both ends of all bands, and more than the list's weeks vary by.
    """
    there, share = case.drift.there, case.drift.usual
    if there is None or share is None or case.is_below:
        return None
    sizes = Sizes(moved.size, there, moved.removals, moved.additions, share)
    rate = (share[0] + share[1]) / 200
    gone, stayed = moved.removals * rate, there.mid - moved.size.mid - (moved.additions - moved.removals) * rate
    if case.is_above:
        return sizes if gone > SOME * moved.size.mid and stayed >= CLOSE * gone else None
    blur = (there.high - there.low + moved.size.high - moved.size.low) / 2
    noise = (case.drift.tolerance.percent or 0.0) / 100 * moved.size.mid
    if gone <= max(noise, blur) or stayed < noise or seen(sizes) != Seen.NOT_SEEN:
        return None
    return sizes


def _not_added(case: Case) -> Finding | None:
    """Additions were accepted, and the size did not follow them, so that people are missing."""
    told, there, share = case.happened, case.drift.there, case.drift.usual
    if told.size_before is None or there is None or share is None or not case.is_below:
        return None
    rate = (share[0] + share[1]) / 200
    come, gone = told.additions * rate, told.removals * rate
    blur = (there.high - there.low + told.size_before.high - told.size_before.low) / 2
    short = told.size_before.mid + come - gone - there.mid
    if come <= max(SOME * told.size_before.mid, blur) or not CLOSE * come <= short <= (2 - CLOSE) * come:
        return None
    return Finding(
        Kind.DELIVERY,
        "not_added",
        f"{number(told.additions)} additions were accepted, and {case.place} did not grow by them.",
        "Look at the destination's live events in RudderStack: what failed stands there. Then send everybody again.",
        Sure.LIKELY,
        Band(round(max(0, min(short - blur, come))), round(min(told.additions, short + blur))),
        estimated=True,
        shared=Shared.ACCOUNT,
        explains=Side.LOST,
    )


def _late(case: Case) -> Finding | None:
    if not case.happened.late_by:
        return None
    days = number(case.happened.late_by.total_seconds() / 86_400)
    return Finding(
        Kind.LAG,
        "late",
        f"{case.place} still shows figures without the changes that were accepted {days} days ago.",
        f"Look whether {case.place} still works on the list; the next figure that counts them is judged again.",
        Sure.CERTAIN,
        shared=Shared.ACCOUNT,
        alone=True,
    )


def _lag(case: Case) -> Finding | None:
    """The platform counted before the newest changes, within the time that it may take."""
    later = sum(case.happened.later)
    if not case.drift.is_outside or later <= SOME * case.people(Place.ACCEPTED):
        return None
    known = case.lost("lag").get("lag") or case.kept("leaving").get("leaving")
    whole = case.drift.not_removed if case.is_above else case.drift.missing
    enough = known is not None and known.mid >= whole.mid / 2
    return Finding(
        Kind.LAG,
        "lag",
        f"{case.place} counted before the newest {number(later)} changes reached it.",
        f"Nothing yet: it takes up to {number(case.happened.settles_in.total_seconds() / 3600)} h.",
        Sure.LIKELY if enough else Sure.POSSIBLE,
        known,
        estimated=True,
        shared=Shared.PLATFORM,
    )


def _expired(case: Case) -> Finding | None:
    if not case.happened.expired.high or not case.is_below:
        return None
    half = case.happened.expired.mid >= case.drift.missing.low / 2
    days = case.happened.life_untold
    do = "Send all current members again; Muster renews them in daily portions from then on."
    if days:
        do = f"Enter {number(days)} days as its life span in Connections, so that members are renewed; then send everybody again."
    return Finding(
        Kind.EXPIRY,
        "expired",
        f"{case.happened.expired} people were not sent again within the life span of this list.",
        do,
        Sure.CERTAIN if half else Sure.POSSIBLE,
        case.lost("expired").get("expired") or case.happened.expired,
        estimated=True,
        shared=Shared.ACCOUNT,
        explains=Side.LOST,
    )


def _match(case: Case) -> Finding | None:
    """Whoever was sent arrived, and the platform knows fewer (or more) of them."""
    received = case.now[Place.RECEIVED].people
    arrived = received is not None and received.high >= (1 - EDGE) * case.people(Place.ACCEPTED)
    if not case.drift.is_outside or case.drift.rule == Rule.BEYOND or not (arrived or case.happened.own_rate):
        return None
    if case.drift.share is None or case.drift.usual is None:
        return None
    more = "fewer" if case.drift.is_below else "more"
    return Finding(
        Kind.MATCH,
        "match",
        f"{case.place} knows {more} of the people it received: {span(*case.drift.share)}%, "
        f"{span(*case.drift.usual)}% are usual.",
        "Compare with the coverage of identifiers; a change of the platform's own shows on all its lists.",
        Sure.POSSIBLE,
        case.drift.missing if case.drift.is_below else case.drift.not_removed,
        estimated=True,
        shared=Shared.PLATFORM,
    )


RULES: Final[tuple[Callable[[Case], Finding | None], ...]] = (
    _unreadable,
    _gone_or_blocked,
    _stalled,
    _purged,
    _not_received,
    _not_removed,
    _not_added,
    _late,
    _lag,
    _expired,
    _match,
)
