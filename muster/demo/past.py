"""Gives the demo a past before anything else runs: two weeks on a clock of its own, in a few minutes.

All of it happens: the real engine sends to the stand-ins over real HTTP, and slots are kept as `tick` keeps them. Only
the clock is another one; it stands in the past and is set forward from one due slot to the next.
"""

import contextlib
import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone
from django_rq import get_queue
from redis.exceptions import RedisError

from audiences.models import Activation, Audience, Destination, Pipe, Trait, Workspace
from muster.light_commits import light_commits
from muster.models import Person
from muster.rq_worker import QUEUE
from syncs import pausing, pipeline, slots
from syncs.lease import this_worker
from syncs.models import Pause, Run, Slot
from syncs.schedule import Rhythm, period

from . import feeds, history, reading_back
from .northwind import BOUGHT, CART_1, GOOGLE, HOLDOUT, LAPSED, REFUNDED, VIP
from .orders import StandIns
from .platform_orders import Platforms
from .presence import unfinished
from .rounds import ROUNDS, lists
from .seed import check_is_demo, seed
from .sign_ins import HELEN, email_of

DAY: Final = timedelta(days=1)
LONGEST: Final = 14 * DAY
MOST_SLOTS: Final = 12
FOR_PILOTS: Final = timedelta(hours=2)
TICKED: Final = timedelta(seconds=4)
TURNS: Final = 20
READ_EVERY: Final = DAY / 2
DOWN, DOWN_FROM, DOWN_FOR = GOOGLE, 6 * DAY, 2  # the place, since when before the end, and for how many readings
LOSING_DAYS, LOST = 3, 0.2  # a new checkout no longer asks some for their phone
# Who comes and goes, in shares of a segment: once a day, and in the last six hours every half hour.
DAILY: Final = {LAPSED: 0.01, VIP: 0.01, HOLDOUT: 0.03, REFUNDED: 0.02, CART_1: 0.3, BOUGHT: 0.05}
OFTEN: Final = {CART_1: 0.05, BOUGHT: 0.003}


def make_up(*, until: datetime, longest: timedelta = LONGEST, most_slots: int = MOST_SLOTS) -> None:
    """Seed the demo so long ago and play what came since; where anything was ever run, only seed. Raises as seed does.

    Cut short in an empty installation, it is made anew at the next start (presence.forget_half_made).

    `most_slots`: how many each list has at the cadence that it promises; before that it was due once a day, so that two
    weeks take a few minutes.
    """
    check_is_demo()
    platforms = Platforms()
    if not Person.objects.exists():
        unfinished().touch()
    with StandIns().in_haste(), light_commits():
        if longest and not Run.objects.exists():
            past = Past(Clock(until - longest - FOR_PILOTS), most_slots, platforms)
            platforms.set_clocks(past.now())
            seed(at=past.now())
            made_at(past.now())
            past.play(until)
            forget_rings()
        platforms.set_clocks(timezone.now())
        seed(at=until)
        feeds.remember(until)
    unfinished().unlink(missing_ok=True)


def made_at(at: datetime) -> None:
    """Let what was seeded be as old as the clock says; the database writes these times by itself, and by another clock."""
    for rows in (Workspace, Destination, Pipe, Audience, Activation):
        rows.objects.update(created_at=at)
    Trait.objects.update(added_at=at)


def forget_rings() -> None:
    """Let nobody be woken for what is over. A ring that stays costs a look."""
    with contextlib.suppress(RedisError, OSError):
        get_queue(QUEUE).empty()  # type: ignore[no-untyped-call]


class Clock:
    """As fast as the real one, and set forward at will."""

    def __init__(self, at: datetime) -> None:
        self._at, self._since = at, time.monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def forward(self, at: datetime) -> None:
        if at > self():
            self._at, self._since = at, time.monotonic()


@dataclass(order=True)
class Happening:
    at: datetime
    place: int
    act: Callable[[], object] = field(compare=False)


class Past:
    """Plays from the clock's time on. It works the runs off by itself, so nothing else may be running."""

    def __init__(self, clock: Clock, most_slots: int, platforms: Platforms) -> None:
        self.clock, self.most_slots, self.stand_ins, self.platforms = clock, most_slots, StandIns(), platforms
        self.coming: list[Happening] = []
        self.seen = count()
        self.away_until = clock()

    def now(self) -> datetime:
        return self.clock()

    def ended(self, runs: list[Run]) -> bool:
        """Work the runs off, as a worker would, and return whether all have ended."""
        for run in runs:
            for _ in range(TURNS):
                pipeline.work(run.pk, holder=this_worker(), clock=self.clock)
                run.refresh_from_db(fields=["state"])
                if not run.is_live:
                    break
        return not any(run.is_live for run in runs)

    def play(self, until: datetime) -> None:
        """Play pilots, first syncs, and then what is due, up to a time."""
        if not history.play(self, ROUNDS[:2]):
            return
        reading_back.import_before(self.clock())
        self.plan_schedules(until)
        self.plan_people(until)
        self.plan_trouble(until)
        self.plan_readings(until)
        while (due := self.next_due(until)) is not None:
            self.happen(due)
            self.clock.forward(max(due + TICKED, self.away_until))
            slots.keep(at=self.clock())
            self.ended(list(Run.objects.live().order_by("pk")))
        self.happen(until)

    def next_due(self, until: datetime) -> datetime | None:
        """Return when something is due or happens next; None once the past is over."""
        due = Slot.objects.filter(state=Slot.State.DUE, due__lte=until).order_by("due")
        first = due.values_list("due", flat=True).first()
        happens = self.coming[0].at if self.coming and self.coming[0].at <= until else None
        return min((one for one in (first, happens) if one is not None), default=None)

    def at(self, when: datetime, act: Callable[[], object]) -> None:
        heapq.heappush(self.coming, Happening(when, next(self.seen), act))

    def happen(self, until: datetime) -> None:
        """Let happen what was planned up to a time, each at its own."""
        while self.coming and self.coming[0].at <= until:
            one = heapq.heappop(self.coming)
            self.clock.forward(one.at)
            one.act()

    def plan_schedules(self, until: datetime) -> None:
        """Put every list on a daily schedule now, and on the one that it promises so late that it can be played."""
        for made in lists():
            rhythm = history.rhythm_of(made)
            every = period(rhythm) if rhythm else None
            if rhythm is None or every is None:
                continue
            slots.set_schedule(made, history.EACH_MORNING, by=made.audience.owner, at=self.clock())
            if every < DAY:
                self.at(max(self.clock(), until - self.most_slots * every), partial(self.put_on, made, rhythm))

    def put_on(self, made: Activation, rhythm: Rhythm) -> None:
        slots.set_schedule(made, rhythm, by=made.audience.owner, at=self.clock())

    def plan_people(self, until: datetime) -> None:
        """Let people come and go."""
        for every, first, shares in ((DAY, self.clock(), DAILY), (DAY / 48, until - DAY / 4, OFTEN)):
            for number in range(max(1, int((until - first) / every))):
                for segment, share in shares.items():
                    self.at(first + (number + 0.5) * every, partial(self.stand_ins.churn, segment, share, seed=number))

    def plan_trouble(self, until: datetime) -> None:
        """Let the scheduler be away for a night, and the manager stop everything over another one."""
        zone = ZoneInfo(history.ZONE)
        night = (until - 9 * DAY).astimezone(zone).replace(hour=2, minute=10)
        self.at(night, partial(self.be_away, timedelta(hours=5)))
        evening = (until - 5 * DAY).astimezone(zone).replace(hour=18, minute=40)
        self.at(evening, self.pause)
        self.at(evening + timedelta(hours=14), self.unpause)

    def plan_readings(self, until: datetime) -> None:
        """Read back twice a day, up to the end. One platform is out of order for a day, and somebody makes an ad set."""
        down = {until - DOWN_FROM - number * READ_EVERY for number in range(DOWN_FOR)}
        for number in range(int((until - self.clock()) / READ_EVERY)):
            at = until - number * READ_EVERY
            self.at(at, partial(self.read_back, DOWN if at in down else ""))
        self.at(until - 5 * DAY, self.platforms.make_late_ad_set)
        for day in range(LOSING_DAYS):
            self.at(until - (day + 0.4) * DAY, self.lose_phones)

    def read_back(self, down: str = "") -> None:
        self.platforms.set_clocks(self.clock())
        if down:
            self.platforms.fail_once(down)
        reading_back.read(self.clock())

    def lose_phones(self) -> None:
        """Let the newest carts come without a phone; who is known by nothing else is not recognised then."""
        self.stand_ins.lose_phones(CART_1, LOST)
        self.platforms.recognise_fewer()

    def be_away(self, length: timedelta) -> None:
        self.away_until = self.clock() + length

    def pause(self) -> None:
        reason = "The coupon in tonight's mail has the wrong amount; nothing more goes out until it is corrected."
        at = self.clock()
        pausing.pause(by=helen(), reason=reason, at=at, until=at + timedelta(hours=15))

    def unpause(self) -> None:
        for made in Pause.objects.open():
            pausing.unpause(made, by=helen(), reason="The coupon is corrected.", at=self.clock())


def helen() -> Person:
    found: Person = Person.objects.get(email=email_of(HELEN))
    return found
