"""The demo's journey events: four feeds with two weeks of counts, some rejected, one event that nobody owns."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from audiences import credentials, feeds, signing_keys
from audiences.models import Audience, Destination, Feed, Pipe, SigningKey, Workspace
from muster.models import Person
from reconciliation.feed_page import ask_about_double
from syncs.event_kept import Kept
from syncs.event_reasons import words_of
from syncs.models import Event, EventCount, EventState

from .feed_plans import DATA_OUT_PIPE, FEEDS, FeedPlan
from .northwind import AMPLITUDE, COMPANY, WAREHOUSE
from .orders import StandIns
from .sign_ins import HELEN, PRIYA, YUSUF

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS: Final = 14
PLACES: Final = {AMPLITUDE: "AMPLITUDE", WAREHOUSE: "POSTGRES"}
NIGHT, NOON = 2, 7  # how an hour of the night compares with one of the day
SAMPLE: Final = 60  # forwarded events that are still there, of each feed
UNOWNED: Final = ("Coupon Redeemed", 1204, 3, {"coupon": "text", "value": "number", "order": "text"})
UNSIGNED: Final = 3


def register(people: Mapping[str, Person], places: Mapping[str, Destination], stand_ins: StandIns, at: datetime) -> str:
    """Register the feeds, have a second person switch them live, and return the write key that Data Out uses too."""
    space = Workspace.objects.get(name=COMPANY)
    if not SigningKey.objects.filter(workspace=space).exists():
        signing_keys.add(space, secrets.token_hex(16), by=people[YUSUF], at=at)
    pipes = {plan.name: _pipe(plan, people[YUSUF], stand_ins, at) for plan in FEEDS}
    for plan in FEEDS:
        if not Feed.objects.filter(workspace=space, name=plan.name).exists():
            _begin(plan, space, pipes[plan.name], people, places, at)
    return next(pipe.write_key for pipe in pipes.values() if pipe.name == DATA_OUT_PIPE)


def _pipe(plan: FeedPlan, by: Person, stand_ins: StandIns, at: datetime) -> Pipe:
    made = Pipe.objects.filter(name=plan.pipe).first() or Pipe(name=plan.pipe)
    key = made.write_key or secrets.token_hex(14)
    stand_ins.make_event_source(plan.pipe, key, [PLACES[place] for place in plan.places])
    if made.data_plane_url != stand_ins.rudder_url:
        made.data_plane_url = stand_ins.rudder_url
        credentials.keep(made, changed=["data_plane_url"], by=by, at=at, secret=key)
    return made


def _begin(
    plan: FeedPlan,
    space: Workspace,
    pipe: Pipe,
    people: Mapping[str, Person],
    places: Mapping[str, Destination],
    at: datetime,
) -> None:
    made = Feed(
        workspace=space,
        name=plan.name,
        kind=plan.kind,
        meaning=plan.meaning,
        owner=people[plan.owner],
        drift_checker=people[plan.checker],
        pipe=pipe,
        rejects_expected=plan.expected,
        audience=Audience.objects.filter(name=plan.rings).first(),
        properties=[
            {"name": name, "type": kind, "required": required, "why": why}
            for name, kind, required, why in plan.properties
        ],
    )
    feeds.register(made, [places[place] for place in plan.places], by=people[plan.owner], at=at)
    feeds.go_live(made, by=people[HELEN], at=at + timedelta(minutes=1))


def remember(until: datetime) -> None:
    """Give the feeds a past up to now: counts of two weeks, and of the last day a few events."""
    space = Workspace.objects.filter(name=COMPANY).first()
    if space is None or EventCount.objects.exists():
        return
    made = {feed.name: feed for feed in Feed.objects.filter(workspace=space)}
    counts = [EventCount(workspace=space, hour=until.replace(minute=0, second=0, microsecond=0), unsigned=UNSIGNED)]
    events: list[Event] = []
    for plan in FEEDS:
        counts += _counts(space, plan.name, plan.a_day, plan.lost, plan.waiting, until)
        events += _events(made[plan.name], plan, until)
    name, a_day, days, seen = UNOWNED
    counts += _counts(space, name, a_day, 0, a_day, until, days)
    body = Kept(person_id="1", seen=dict(seen)).text
    events += [_event(space, None, name, n, until - n * HOUR, EventState.UNOWNED, body) for n in range(1, 6)]
    EventCount.objects.bulk_create(counts)
    Event.objects.bulk_create(sorted(events, key=lambda one: one.received_at))
    SigningKey.objects.filter(workspace=space).update(used_at=until)
    priya = Person.objects.filter(full_name=PRIYA).first()
    if priya is not None:
        ask_about_double(made["Coupon Shown"], by=priya, at=until - 18 * HOUR)


def _counts(
    space: Workspace, name: str, a_day: int, lost: int, left: int, until: datetime, days: int = DAYS
) -> Iterator[EventCount]:
    """Yield the counts by hour; the last 24 hours add up to what the plan says, the days before to a little more or less."""
    newest = until.replace(minute=0, second=0, microsecond=0)
    for day in range(days):
        total = a_day if day == 0 else round(a_day * (0.94 + 0.01 * ((day * 7) % 11)))
        waits = left if day == 0 or left == a_day else 0
        nobody = left == a_day
        hours = [newest - (24 * day + back) * HOUR for back in range(24)]
        for place, hour in enumerate(hours):
            received, rejected = _part(total, place, hours), _part(lost, place, hours)
            waiting = received if nobody else waits if place == 0 else 0
            yield EventCount(
                workspace=space,
                name=name,
                hour=hour,
                received=received,
                rejected=rejected,
                forwarded=received - rejected - waiting,
                copies=received // 900,
            )


def _part(total: int, place: int, hours: list[datetime]) -> int:
    """Return the part of a day's total that falls on an hour; the parts add up."""
    weights = [NIGHT if hour.hour in range(4, 12) else NOON for hour in hours]
    before, after = sum(weights[:place]), sum(weights[: place + 1])
    return total * after // sum(weights) - total * before // sum(weights)


def _events(feed: Feed, plan: FeedPlan, until: datetime) -> Iterator[Event]:
    space, number = feed.workspace, 0
    for reason, prop, count in plan.rejected:
        body = Kept(trouble=reason, properties={"coupon": "TRAIL15", "value": 15}).text
        for place in range(count):
            number += 1
            told = {"reason": reason, "words": words_of(reason, prop)}
            at = until - DAY * 0.9 * (place + 1) / count
            yield _event(space, feed, plan.name, number, at, EventState.REJECTED, body, **told)
    for place in range(SAMPLE):
        number += 1
        at = until - 22 * HOUR * (place + 1) / SAMPLE
        took = timedelta(seconds=plan.lag * (0.5 + place / SAMPLE) + (2 * plan.lag if place % 20 == 19 else 0))
        yield _event(space, feed, plan.name, number, at, EventState.FORWARDED, "", settled_at=at + took)
    for place in range(plan.waiting):
        number += 1
        at = until - timedelta(seconds=41 - place)
        given: dict[str, Any] = {"coupon": "TRAIL15"} if plan.kind == "exposure" else {}
        body = Kept(person_id=f"{1000 + place}", occurred_at=at.isoformat(), properties=given).text
        yield _event(space, feed, plan.name, number, at, EventState.WAITING, body)


def _event(
    space: Workspace,
    feed: Feed | None,
    name: str,
    number: int,
    at: datetime,
    state: EventState,
    body: str,
    **more: Any,
) -> Event:
    told = hashlib.blake2b(f"{name} {number}".encode(), digest_size=16).hexdigest()
    settled = at if state == EventState.REJECTED else None
    values = {"occurred_at": at, "received_at": at, "settled_at": settled, "body": body, **more}
    return Event(workspace=space, feed=feed, name=name, dedupe=told, message_id=told, state=state, **values)
