"""How a feed is: on target, drifting, broken or unknown, each with the sentence that says why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from muster.figures import age, number, share

SLOW: Final = timedelta(minutes=10)
STUCK: Final = timedelta(hours=1)
FORGOTTEN: Final = timedelta(days=5)  # paused so long, it is hardly meant any more
QUIET: Final = 20  # events a day, from which none at all is an alarm
FEW, MANY = 0.5, 2.0  # of what is usual in a day
ENOUGH: Final = 10  # rejects, from which a share of them says something
MOST_LOST: Final = 50.0  # percent


class FeedHealth(StrEnum):
    ON_TARGET = "on_target"
    DRIFTING = "drifting"
    BROKEN = "broken"
    UNKNOWN = "unknown"


ORDER: Final = (FeedHealth.BROKEN, FeedHealth.DRIFTING, FeedHealth.UNKNOWN, FeedHealth.ON_TARGET)


@dataclass(frozen=True)
class Evidence:
    """What is known of a feed over the last 24 hours. Percent in `rejects_expected`.

    `usual` is what arrives in a day, None while not known; `doubled` says where else it is sent, `landed` what a warehouse
    lacks or has too much of, both empty where nothing is amiss. `held_back` by a pause of syncing; `delayed` says why
    RudderStack is not asked now. `held_out` people found in a list, None where not counted.
    """

    state: str
    stopped: str = ""
    delayed: str = ""
    held_back: bool = False
    received: int = 0
    forwarded: int = 0
    rejected: int = 0
    waiting: int = 0
    oldest: timedelta | None = None
    usual: int | None = None
    rejects_expected: float = 0.0
    main_cause: str = ""
    doubled: str = ""
    landed: str = ""
    held_out: int | None = None
    can_arrive: bool = True


@dataclass(frozen=True)
class Verdict:
    """`first` is the reason; `rest` are what else is so."""

    health: FeedHealth
    first: str
    rest: tuple[str, ...] = ()
    needs: bool = False

    @property
    def sentence(self) -> str:
        return " ".join((self.first, *self.rest))


def verdict(known: Evidence) -> Verdict:
    """Return how a feed is, by the worst that is known of it."""
    if known.state != "live":
        return _not_live(known)
    broken, drifting = _broken(known), _drifting(known)
    if broken:
        return Verdict(FeedHealth.BROKEN, broken[0], (*broken[1:], *drifting), needs=True)
    if drifting:
        return Verdict(FeedHealth.DRIFTING, drifting[0], tuple(drifting[1:]), needs=True)
    if known.held_back:
        return Verdict(
            FeedHealth.UNKNOWN,
            f"Syncing is paused, so it is held back: {_events(known.waiting)} {_wait(known.waiting)}.",
        )
    if not known.received:
        return Verdict(FeedHealth.UNKNOWN, _silence(known))
    return Verdict(FeedHealth.ON_TARGET, *_fine(known))


def _not_live(known: Evidence) -> Verdict:
    if known.state == "paused":
        if known.oldest and known.oldest >= FORGOTTEN:
            words = f"Paused, and the oldest of {_events(known.waiting)} waits {age(known.oldest.total_seconds())}."
            return Verdict(FeedHealth.BROKEN, f"{words} Switch it live, or retire it.", needs=True)
        return Verdict(
            FeedHealth.UNKNOWN, f"Paused. What arrives is kept and waits: {_events(known.waiting)}.", needs=True
        )
    if known.state == "draft":
        return Verdict(FeedHealth.UNKNOWN, "A draft: nothing is forwarded until it is switched live.", needs=True)
    return Verdict(FeedHealth.UNKNOWN, "Retired: nothing is forwarded.")


def _broken(known: Evidence) -> list[str]:
    lost = 100 * known.rejected / known.received if known.received else 0.0
    allowed = max(MOST_LOST, 2 * known.rejects_expected)
    found = [
        (bool(known.stopped), f"Forwarding stopped by itself. {known.stopped}"),
        (not known.can_arrive, "Its workspace has no signing key, so everything that arrives is refused."),
        (
            known.oldest is not None and known.oldest >= STUCK and not known.held_back,
            f"{_events(known.waiting)} {_wait(known.waiting)}, the oldest {_oldest(known)}. {known.delayed}".strip(),
        ),
        (
            known.rejected >= ENOUGH and lost >= allowed,
            f"{number(known.rejected)} of {_events(known.received)} rejected{_because(known)}.",
        ),
        (
            not known.received and (known.usual or 0) >= QUIET,
            f"Nothing arrived in 24 h, where about {number(known.usual)} are usual. Is the workflow switched off, or its block "
            "a draft again?",
        ),
    ]
    return [words for holds, words in found if holds]


def _drifting(known: Evidence) -> list[str]:
    lost = 100 * known.rejected / known.received if known.received else 0.0
    slow = known.oldest is not None and SLOW <= known.oldest < STUCK and not known.held_back
    usual = known.usual or 0
    found = [
        (
            known.rejected > 0 and lost > known.rejects_expected and lost < max(MOST_LOST, 2 * known.rejects_expected),
            f"{number(known.rejected)} rejected{_because(known)}.{_expected(known)}",
        ),
        (
            slow,
            f"{_events(known.waiting)} {_wait(known.waiting)}, the oldest {_oldest(known)}. {known.delayed}".strip(),
        ),
        (bool(known.doubled), known.doubled),
        (bool(known.landed), known.landed),
        (
            usual >= QUIET and 0 < known.received < FEW * usual,
            f"Only {number(known.received)} arrived in 24 h, where about {number(usual)} are usual.",
        ),
        (
            usual >= QUIET and known.received > MANY * usual,
            f"{number(known.received)} arrived in 24 h, where about {number(usual)} are usual.",
        ),
        (bool(known.held_out), f"{_people(known.held_out or 0)} found in a live list."),
    ]
    return [words for holds, words in found if holds]


def _fine(known: Evidence) -> tuple[str, tuple[str, ...]]:
    said = ["0 held-out people found in any list."] if known.held_out == 0 else ["Forwarding as expected."]
    if known.rejected:
        said.append(
            f"{number(known.rejected)} rejected, {share(known.rejected, known.received)}: within what is usual."
        )
    return said[0], tuple(said[1:])


def _silence(known: Evidence) -> str:
    if known.usual is None:
        return "Waiting for its first event. The usual reason is a webhook block that is still a draft."
    return "Nothing arrived in 24 h; so few are usual that this says little."


def _because(known: Evidence) -> str:
    return f": {known.main_cause}" if known.main_cause else ""


def _expected(known: Evidence) -> str:
    now = share(known.rejected, known.received)
    usual = f"up to {known.rejects_expected:g}%" if known.rejects_expected else "none"
    return f" That is {now}; usual is {usual}."


def _events(count: int) -> str:
    return f"{number(count)} event{'' if count == 1 else 's'}"


def _wait(count: int) -> str:
    return "waits" if count == 1 else "wait"


def _people(count: int) -> str:
    return "1 held-out person was" if count == 1 else f"{number(count)} held-out people were"


def _oldest(known: Evidence) -> str:
    return age(known.oldest.total_seconds()) if known.oldest else ""


def lede(verdicts: Sequence[tuple[str, Verdict]], unowned: int) -> tuple[str, str]:
    """Return the sentence that opens the page, and what follows it: of live feeds how many are on target, and what is not."""
    live = [one for _, one in verdicts]
    if not live:
        first = "No feed is registered yet."
    else:
        fine = sum(one.health == FeedHealth.ON_TARGET for one in live)
        first = f"{_count(fine, len(live))} on target."
    told = [f"{name}: {_inside(one.first)}" for name, one in sorted(verdicts, key=_rank) if one.needs][:2]
    if unowned:
        told.append(f"{'One event arrives' if unowned == 1 else f'{number(unowned)} events arrive'} that nobody owns.")
    return first, " ".join(told)


def _inside(sentence: str) -> str:
    """Return a sentence as it stands after a colon."""
    return sentence if sentence[1:2].isdigit() else f"{sentence[:1].lower()}{sentence[1:]}"


def _rank(pair: tuple[str, Verdict]) -> tuple[int, str]:
    return ORDER.index(pair[1].health), pair[0]


def _count(fine: int, of: int) -> str:
    words = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    one = words[fine] if fine < len(words) else number(fine)
    if of == 1:
        return "The one feed is" if fine else "The one feed is not"
    if fine == of:
        return f"All {words[of].lower() if of < len(words) else number(of)} feeds are"
    return f"{one} of {words[of].lower() if of < len(words) else number(of)} feeds {'is' if fine == 1 else 'are'}"
