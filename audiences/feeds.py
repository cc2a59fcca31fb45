"""Registers event feeds, edits them, and switches them: draft, live, paused, retired. Each step writes one event.

A second person switches live what a feed keeps and forwards, and again after each change of that: until then a feed that
was live is paused, and what arrives waits.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from muster import audit
from muster.access import Permission, can, who_can
from muster.models import Person

from . import feed_terms
from .data_out import sending_into
from .feed_terms import FeedTerms, Property
from .models import Destination, Feed, Pipe, SigningKey, Workspace
from .terms_of import ad_lists_through

State = Feed.State
RESERVED_SLUGS: Final = frozenset({"register", "count", "figures", "events"})
LONGEST: Final = 300


class NameTaken(Exception):
    """Another feed of the workspace has this event."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is registered already in this workspace. One event has one feed.")


class NotReady(Exception):
    """The feed lacks something; `sentences` say what."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class NeedsSomebodyElse(Exception):
    """Whoever tried may not switch it live; the text says why, and whom to ask."""


class NotPossible(Exception):
    """What was asked for does not fit the state of the feed; the text says why."""


def terms_of(feed: Feed, places: Iterable[Destination] | None = None) -> FeedTerms:
    """Return the feed as values. `places` instead of those stored, for a feed that is being edited."""
    chosen = sorted(feed.destinations.all() if places is None else places, key=lambda one: one.name)
    return FeedTerms(
        name=feed.name,
        kind=feed.kind,
        meaning=feed.meaning,
        owner=feed.owner.full_name,
        owner_active=feed.owner.is_active,
        checker=feed.drift_checker.full_name if feed.drift_checker else "",
        pipe=feed.pipe.name if feed.pipe else "",
        pipe_trouble=pipe_trouble(feed),
        places=tuple(one.name for one in chosen),
        gone_places=tuple(one.name for one in chosen if one.archived_at),
        properties=tuple(Property.from_stored(one) for one in feed.properties),
        rejects_expected=feed.rejects_expected,
        signing_keys=SigningKey.objects.filter(workspace=feed.workspace_id, retired_at=None).count(),
        workspace_archived=feed.workspace.archived_at is not None,
    )


def pipe_trouble(feed: Feed) -> str:
    """Return why the feed's pipe may not carry it, or an empty text."""
    pipe = feed.pipe
    if pipe is None:
        return ""
    if pipe.archived_at:
        return f"The pipe {pipe.name} is archived: choose another one."
    if lists := ad_lists_through([pipe.pk]).get(pipe.pk):
        return (
            f"The pipe {pipe.name} serves {lists[0]}, an ad list. What goes into a pipe reaches every list behind it, and an "
            "ad list takes no events: choose another one."
        )
    return ""


def data_out_into(feed: Feed) -> list[str]:
    """Return the names of Customer.io's own Data Outs that send through the feed's pipe."""
    if feed.pipe is None:
        return []
    return [one.name or "Data Out" for _, one in sending_into(feed.pipe, Workspace.objects.filter(archived_at=None))]


def register(feed: Feed, places: Iterable[Destination], *, by: Person, at: datetime) -> Feed:
    """Save a new feed as a draft and return it. Raises NameTaken."""
    with transaction.atomic():
        feed.slug, feed.state = free_slug(feed.name), State.DRAFT
        feed.created_by = feed.edited_by = by
        feed.created_at = feed.edited_at = at
        _save_named(feed)
        feed.destinations.set(places)
        detail = {"kind": feed.get_kind_display(), "owner": feed.owner.full_name}
        audit.record(verb="registered the feed", subject=feed, by=by, detail=detail, at=at)
    return feed


def save(feed: Feed, places: Iterable[Destination], *, by: Person, at: datetime) -> list[str]:
    """Save an edited feed and return what changed, in sentences; nothing changed, nothing written.

    A live feed that would keep or forward something else is paused until a second person switches it live again. Raises
    NameTaken, and NotPossible for a retired one.
    """
    places = list(places)
    with transaction.atomic():
        stored = Feed.objects.select_for_update(of=("self",)).select_related("pipe", "owner").get(pk=feed.pk)
        if stored.state == State.RETIRED:
            raise NotPossible(f"{stored} was retired meanwhile. Nothing was saved; register it anew if it comes back.")
        before, after = terms_of(stored), terms_of(feed, places)
        told = feed_terms.changes(before, after)
        told += ["Rings another audience"] if stored.audience_id != feed.audience_id else []
        if not told and stored.properties == feed.properties:
            return []
        anew = feed_terms.forwards_otherwise(before, after) or stored.audience_id != feed.audience_id
        feed.state = State.PAUSED if anew and stored.state == State.LIVE else stored.state
        feed.edited_by, feed.edited_at = (by, at) if anew else (stored.edited_by, stored.edited_at)
        _save_named(feed)
        feed.destinations.set(places)
        audit.record(verb="edited the feed", subject=feed, by=by, detail={"changed": told or ["Reasons"]}, at=at)
    return told or ["Reasons"]


def _save_named(feed: Feed) -> None:
    try:
        with transaction.atomic():
            feed.save()
    except IntegrityError:
        same = Feed.objects.filter(workspace=feed.workspace_id, name=feed.name).exclude(pk=feed.pk)
        if not same.exclude(state=State.RETIRED).exists():
            raise
        raise NameTaken(feed.name) from None


def free_slug(name: str) -> str:
    """Return an address for the name that no feed has yet."""
    stem = slugify(name)[:60].strip("-") or "event"
    taken = set(Feed.objects.filter(slug__startswith=stem).values_list("slug", flat=True)) | RESERVED_SLUGS
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)


def needs_second(feed: Feed) -> bool:
    """Whether a second person must look before it is forwarded: it never was live, or was changed since."""
    return feed.live_at is None or (feed.edited_at is not None and feed.edited_at > feed.live_at)


def approvers(feed: Feed) -> list[Person]:
    """Return who may switch it live when a second person must: not its last editor. By name."""
    return [one for one in who_can(Permission.APPROVE) if one.pk != _last_editor(feed)]


def _last_editor(feed: Feed) -> int:
    return feed.edited_by_id or feed.created_by_id


def refusal(feed: Feed, person: Person) -> str:
    """Return why this person may not switch the feed live, and whom to ask; empty where they may."""
    if not needs_second(feed):
        return "" if can(person, Permission.REGISTER) else "Switching a feed on takes a marketer or a manager."
    names = " or ".join(one.full_name for one in approvers(feed)) or "an administrator to invite a manager"
    if not can(person, Permission.APPROVE):
        return f"A manager switches it live. Ask {names}."
    if person.pk == _last_editor(feed):
        return f"You edited it last, so a second person switches it live. Ask {names}."
    return ""


def go_live(feed: Feed, *, by: Person, at: datetime) -> bool:
    """Forward what arrives from now on, and what waits; return whether it was not live. Raises NeedsSomebodyElse, NotReady."""
    with transaction.atomic():
        stored = Feed.objects.select_for_update(of=("self",)).select_related("pipe", "owner").get(pk=feed.pk)
        if stored.state not in {State.DRAFT, State.PAUSED}:
            return False
        if why := refusal(stored, by):
            raise NeedsSomebodyElse(why)
        # Nobody gives the pipe to an ad list meanwhile: definitions hold it too while they are locked.
        list(Pipe.objects.select_for_update().filter(pk__in=[stored.pipe_id or 0]))
        if sentences := feed_terms.lacking(terms_of(stored)):
            raise NotReady(sentences)
        resumed = not needs_second(stored)
        stored.state, stored.stopped_words, stored.live_at, stored.live_by = State.LIVE, "", at, by
        stored.save(update_fields=["state", "stopped_words", "live_at", "live_by"])
        audit.record(verb="resumed the feed" if resumed else "switched live the feed", subject=stored, by=by, at=at)
    return True


def pause(feed: Feed, *, by: Person, reason: str, at: datetime) -> bool:
    """Forward nothing for now; what arrives is kept and waits. Return whether it was live."""
    return _switched(feed, {State.LIVE}, State.PAUSED, "paused the feed", by, reason, at)


def retire(feed: Feed, *, by: Person, reason: str, at: datetime) -> bool:
    """Take the feed out of use: its event is nobody's again, and is not forwarded. Return whether it was in use."""
    return _switched(feed, {State.DRAFT, State.LIVE, State.PAUSED}, State.RETIRED, "retired the feed", by, reason, at)


def _switched(
    feed: Feed, of: set[Feed.State], to: Feed.State, verb: str, by: Person, reason: str, at: datetime
) -> bool:
    with transaction.atomic():
        if not Feed.objects.filter(pk=feed.pk, state__in=of).update(state=to):
            return False
        audit.record(verb=verb, subject=feed, by=by, reason=reason[:LONGEST], at=at)
    return True
