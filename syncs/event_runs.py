"""Runs that events ask for: removals of who opted out, at once; and an early look at a fast audience that somebody entered.

Neither is told to anybody twice: what is still to be asked for follows from the rows, whoever looks and how often.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.conf import settings
from django.db.models import Q, Sum

from audiences.models import Activation, Audience, Feed, Lifecycle, Pipe
from audiences.platforms import Payload
from audiences.terms import TARGETING
from muster.columns import KEY

from .event_reasons import Reason
from .ledger import Ledger
from .models import Event, OptOut, Run
from .outbox import prefix_of
from .start import CannotStart, start
from .states import Stage

FAST_MINUTES: Final = 120  # of freshness: a slower audience is not worth a run of its own
RECENT: Final = timedelta(hours=1)
OPT_OUTS_AT_ONCE: Final = 1000
OPTED_OUT_WHY: Final = "Somebody on the list unsubscribed by an event."
ENTERED_WHY: Final = "People entered by an event."


def ask_for_removals(workspace_id: int, *, at: datetime) -> int:
    """Start runs of the lists that hold people who opted out and of whom no run knows yet; return how many.

    A list whose run has compared already, or that was asked a moment ago, is asked at a later look.
    """
    open_rows = OptOut.objects.filter(workspace_id=workspace_id, asked_at=None, lifted_at=None)
    rows = list(open_rows.order_by("received_at")[:OPT_OUTS_AT_ONCE])
    if not rows:
        return 0
    newest = rows[-1].received_at
    keys = sorted({bytes(row.value) for row in rows if row.kind == OptOut.Kind.KEY})
    known = {row.received_at for row in rows if row.kind == OptOut.Kind.KEY}
    anybody = any(row.received_at not in known for row in rows)
    started, left = 0, False
    for activation in targeting_lists(workspace_id):
        if live := Run.objects.live().of_lists().filter(activation=activation).first():
            # A run that has not compared yet will see them.
            left |= live.stage not in (Stage.WAITING, Stage.READING) and (anybody or holds(activation, keys))
        elif asked_lately(activation, at, OPTED_OUT_WHY):
            left = True
        elif anybody or holds(activation, keys):
            begun = begin(activation, OPTED_OUT_WHY, at, opt_outs=True)
            started, left = started + begun, left or not begun
    if not left:
        open_rows.filter(pk__in=[row.pk for row in rows], received_at__lte=newest).update(asked_at=at)
    return started


def targeting_lists(workspace_id: int) -> list[Activation]:
    """Return the lists of a workspace that are in use and obey opt-outs."""
    found = Activation.objects.filter(
        audience__segment__workspace_id=workspace_id,
        audience__archived_at=None,
        kind=Activation.Kind.PRODUCTION,
        pipe__isnull=False,
    ).exclude(lifecycle=Lifecycle.RETIRED)
    return [one for one in found.select_related("audience", "destination").order_by("pk") if obeys_opt_outs(one)]


def obeys_opt_outs(activation: Activation) -> bool:
    """Whether the definition in use has who unsubscribed out: by its purpose, or by its consent rule here."""
    definition = activation.audience.definitions.filter(state="current").first()
    if definition is None or definition.suppresses:
        return False
    consent = definition.consent_for(activation.destination_id)
    return definition.purpose in TARGETING or bool(consent.get("not_unsubscribed"))


def holds(activation: Activation, keys: Iterable[bytes]) -> bool:
    """Whether the ledger of a list holds one of these people."""
    ledger = Ledger(activation, texts_too=activation.payload == Payload.IDENTIFY_TRACK)
    by_shard: dict[int, list[bytes]] = {}
    for key in keys:
        by_shard.setdefault(prefix_of(key, ledger.shards), []).append(key)
    return any(
        len(ledger.those_of(number, np.frombuffer(b"".join(sorted(some)), KEY))["key"])
        for number, some in sorted(by_shard.items())
    )


def ring_early(*, at: datetime) -> int:
    """Start runs of fast audiences that somebody entered since their last run began; return how many. A hint, no more."""
    feeds = Feed.objects.filter(
        state=Feed.State.LIVE, kind=Feed.Kind.ENTRY, audience__isnull=False, audience__archived_at=None
    )
    started = 0
    for feed in feeds.select_related("audience"):
        some = Event.objects.filter(feed=feed, received_at__gt=at - RECENT).exclude(reason=Reason.TEST)
        newest = some.order_by("-received_at").first()
        if newest is not None and feed.audience is not None and is_fast(feed.audience):
            started += sum(entered(one, newest.received_at, at) for one in lists_of(feed.audience))
    return started


def is_fast(audience: Audience) -> bool:
    """Whether the audience's freshness target is short enough for an early run to matter."""
    definition = audience.definitions.filter(state="current").first()
    minutes = definition.freshness_minutes if definition else None
    return minutes is not None and minutes <= FAST_MINUTES


def lists_of(audience: Audience) -> list[Activation]:
    """Return an audience's lists that run by themselves: live, in production."""
    found = audience.activations.filter(kind=Activation.Kind.PRODUCTION, lifecycle=Lifecycle.LIVE, pipe__isnull=False)
    return list(found.select_related("pipe"))


def entered(activation: Activation, since: datetime, at: datetime) -> bool:
    """Start an early run of a list unless one began after `since`, or too lately, or its pipe's budget is spent."""
    last = Run.objects.of_lists().filter(activation=activation).order_by("-pk").first()
    if last is not None and (last.created_at >= since or last.is_live):
        return False
    if asked_lately(activation, at) or (activation.pipe is not None and is_spent(activation.pipe, at)):
        return False
    return begin(activation, ENTERED_WHY, at)


def asked_lately(activation: Activation, at: datetime, why: str = "") -> bool:
    """Whether a run of this list was started within the shortest time between two early ones."""
    lately = at - timedelta(seconds=settings.EARLY_RUN_SECONDS)
    mine = Run.objects.of_lists().filter(activation=activation, created_at__gt=lately)
    return mine.filter(Q(trigger=Run.Trigger.EVENT, why=why) if why else Q()).exists()


def is_spent(pipe: Pipe, at: datetime) -> bool:
    """Whether a pipe's events of this month are used up, as far as its runs tell: then nothing is sent out of turn."""
    if pipe.events_a_month is None:
        return False
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    runs = Run.objects.filter(activation__pipe=pipe, created_at__gte=month)
    sent = runs.aggregate(sum=Sum("accepted_adds") + Sum("accepted_removes"))["sum"] or 0
    return bool(sent >= pipe.events_a_month)


def begin(activation: Activation, why: str, at: datetime, *, opt_outs: bool = False) -> bool:
    """Start a run and return whether it could be."""
    try:
        start(activation, trigger=Run.Trigger.EVENT, why=why, at=at, opt_outs=opt_outs)
    except CannotStart:
        return False
    return True


def look(*, at: datetime) -> int:
    """Ask for every run that events call for now; return how many were started."""
    spaces = OptOut.objects.filter(asked_at=None, lifted_at=None).values_list("workspace_id", flat=True).distinct()
    return sum(ask_for_removals(space, at=at) for space in list(spaces)) + ring_early(at=at)
