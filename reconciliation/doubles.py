"""Where an event reaches a place twice: by its feed, and by Customer.io's own Data Out or by Muster's own lists. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audiences.data_out import DataOut
from audiences.terms import joined
from muster.figures import number


@dataclass(frozen=True)
class Source:
    """A feed as far as doubles go: its event, its pipe's key digest and name, and where it must arrive."""

    event: str
    pipe: str
    key_check: str
    places: tuple[str, ...]
    forwarded: int


@dataclass(frozen=True)
class Double:
    """`certain`: the same places for sure; else it depends on what stands behind a source that Muster does not know.

    `ours`: both ways are Muster's, so the owner of the feed ends one of them; else whoever keeps the connections does.
    """

    event: str
    certain: bool
    short: str
    words: str
    effect: str
    ours: bool = False


def names_of(reported: str) -> frozenset[str]:
    """Return the names under which RudderStack passes a reported event on: "email_opened" is "Email Opened"."""
    return frozenset({reported.casefold(), reported.replace("_", " ").casefold()})


def sends(out: DataOut, event: str) -> bool:
    """Whether a Data Out that is on sends this event."""
    return not out.disabled and any(event.casefold() in names_of(one) for one in out.events)


def doubles(feed: Source, outs: Sequence[DataOut], pipes: Mapping[str, tuple[str, tuple[str, ...]]]) -> list[Double]:
    """Return where a feed's event is sent twice. `pipes` has name and places of each pipe by its key's digest."""
    found = [one for out in outs if sends(out, feed.event) and (one := _double(feed, out, pipes))]
    return sorted(found, key=lambda one: not one.certain)


def _double(feed: Source, out: DataOut, pipes: Mapping[str, tuple[str, tuple[str, ...]]]) -> Double | None:
    count = f"the {number(feed.forwarded)} of 24 h" if feed.forwarded else "its events"
    effect = f"Each of {count} counts double in reports built on it." if feed.forwarded else "Each counts double there."
    if out.write_key_check == feed.key_check and feed.key_check:
        where = joined(feed.places) or "whatever stands behind it"
        words = f"reaches {where} twice: from Muster, and from Customer.io's own Data Out through the same pipe {feed.pipe}."
        return Double(feed.event, True, _short(feed), words, effect)
    known = pipes.get(out.write_key_check)
    if known:
        name, places = known
        both = [one for one in places if one in feed.places]
        if not both:
            return None
        words = (
            f"reaches {joined(both)} twice: from Muster, and from Customer.io's own Data Out through the pipe {name}."
        )
        return Double(feed.event, True, _short(feed), words, effect)
    words = (
        f"is also sent by Customer.io's own Data Out ({out.name or 'without a name'}) to {out.data_plane_url}, into a source "
        "that Muster does not know."
    )
    place = joined(feed.places, "or") or "the same place"
    return Double(feed.event, False, "", words, f"If {place} stands behind that source too, each counts double.")


def by_lists(feed: Source, lists: Mapping[str, tuple[str, ...]]) -> list[Double]:
    """Return the double of an event that lists send by themselves; `lists` names those that do, by place."""
    both = [place for place in feed.places if place in lists]
    if not both:
        return []
    named = joined(name for place in both for name in lists[place])
    words = f"reaches {joined(both)} twice: by this feed, and by Muster's own list of {named}, which sends it with each run."
    effect = "Each assignment counts double there. Retire this feed, or take the holdout out of the list's definition."
    return [Double(feed.event, True, f"Also sent by Muster's own list of {named}.", words, effect, ours=True)]


def _short(feed: Source) -> str:
    return f"Also sent by Customer.io's own Data Out: {number(feed.forwarded)} twice."
