"""A shop with many lists over half a year, on a clock of its own: only the clock is made up.

Every week people come and go on Tuesday and every list is synced by the real engine, over real HTTP; on Sunday evening
every platform is read back; on Monday morning the week is judged and its report frozen.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from math import exp, log
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from audiences import segments, watch
from audiences.models import Activation, Audience, Definition, Destination, Pipe, Segment
from muster.models import Installation
from reconciliation import freezing, measure
from reconciliation.models import ListAt, ListWeek, ReadAccess
from syncs import pipeline, sweep
from syncs.models import Run
from syncs.payload import audience_trait
from syncs.start import start
from tests import factories
from tests.vendors import Vendors

from .places import ACCOUNTS, CLOCKS, Plan

ZONE: Final = ZoneInfo("America/New_York")
BEGIN: Final = date(2026, 5, 4)  # half a year later the clocks go back
STEP: Final = 0.05  # of a segment leaves and as many come, every week
GROWTH: Final = 0.01  # how much a segment's size moves in a week
MOOD: Final = 0.04  # how much the share that a platform knows moves, on the logit scale
EXCLUDED: Final = 0.12
ROUNDS: Final = 6  # slices until a run has ended


class World:
    """`lists` by (audience, account). `match`: the share that each platform knows of a list, which faults may change."""

    def __init__(self, vendors: Vendors, plans: Sequence[Plan], *, people: int, seed: int = 2026) -> None:
        self.vendors, self.plans, self.people, self.draw = vendors, plans, people, Random(seed)
        self.week, self.now = 0, moment(0, -3, 9)
        self.lists: dict[tuple[str, str], Activation] = {}
        self.match: dict[tuple[str, str], float] = {}
        self.sizes = {one.name: float(one.people) for one in plans}
        self.steps = dict.fromkeys(self.sizes, 1)
        self.again: set[int] = set()
        self.kept_conditions: dict[int, Any] = {}
        self.twins: dict[int, list[str]] = {}
        self.space = factories.workspace(name="Shop")
        Installation.objects.update_or_create(pk=1, defaults={"name": "Shop", "time_zone": ZONE.key})
        self.somebody = factories.person()
        vendors.people(people, plain=True)
        vendors.mirror()
        self.set_clocks()
        self.segments = self.made_segments()
        self.places = {name: self.connected(name) for name in ACCOUNTS if any(name in one.places for one in plans)}
        for plan in plans:
            self.register(plan)
        for rows in (Audience, Activation, Destination, Pipe):
            rows.objects.update(created_at=self.now)

    def clock(self) -> datetime:
        return self.now

    def set_clocks(self) -> None:
        """Let it be now at every platform."""
        for mount in CLOCKS:
            self.vendors.order(self.vendors.at(mount), "/_sandbox/clock", {"now": self.now.timestamp()})

    # What there is

    def made_segments(self) -> dict[str, Segment]:
        for number, plan in enumerate(self.plans, start=1):
            self.vendors.segment(id=number, name=plan.name, generated=self.rule(plan.name))
        self.vendors.segment(id=999, name="Complained", generated={"share": EXCLUDED})
        known = segments.refresh(self.space, at=self.now)
        return {one.name: one for one in known.values()}

    def rule(self, name: str) -> dict[str, float]:
        return {"share": round(self.sizes[name]) / self.people, "step": STEP}

    def connected(self, name: str) -> Destination:
        account = ACCOUNTS[name]
        place = factories.destination(platform=account.platform, name=name)
        ReadAccess.objects.create(
            destination=place, options=dict(account.options), secret=json.dumps(dict(account.secrets))
        )
        return place

    def register(self, plan: Plan) -> None:
        segment = self.segments[plan.name]
        made = factories.audience(name=plan.name, segment=segment, owner=self.somebody, drift_checker=self.somebody)
        self.define(made, places=[self.places[name] for name in plan.places], excludes=plan.excludes)
        for name in plan.places:
            self.fill(made, name, plan)

    def define(self, made: Audience, **clauses: Any) -> Definition:
        """Put a version of the definition into use, now."""
        excludes, places = clauses.pop("excludes", False), clauses.pop("places")
        made.definitions.update(state=Definition.State.PAST)
        out = [{"segment": 999, "reason": "They asked for it"}] if excludes else []
        values = {
            "identifiers": ["email", "external_id"],
            "exclusions": out,
            "tolerance": 5.0,
            "promoted_at": self.now,
            "approved_at": self.now,
        }
        return factories.definition(made, destinations=places, **{**values, **clauses})

    def fill(self, made: Audience, name: str, plan: Plan) -> None:
        account, key = ACCOUNTS[name], (plan.name, name)
        external = str(10_000 + len(self.lists))
        pipe = factories.pipe(f"key-{external}", data_plane_url=self.vendors.rudder)
        one = factories.activation(made, self.places[name], pipe)
        ListAt.objects.create(activation=one, external_id=external, set_at=self.now)
        self.lists[key] = one
        self.carry(one)
        if account.match is None:
            self.order(one, trait=audience_trait(made.slug), name=plan.name)
        else:
            self.match[key] = account.match * (0.9 + 0.2 * self.draw.random())
        if plan.life_days and account.platform == "meta":
            self.order(one, life_span_days=plan.life_days)

    def carry(self, one: Activation, **trouble: Any) -> None:
        """Set what RudderStack does with what it is given for a list; without a word everything arrives."""
        account = ACCOUNTS[one.destination.name]
        config = {"audienceId": one.list_at.external_id, "audienceName": str(one), **account.config, **trouble}
        self.vendors.source(key_of(one), one.destination.spec.rudderstack_type, **config)

    def order(self, one: Activation, **wanted: Any) -> None:
        """Change how a list shows itself at its platform."""
        mount = self.vendors.at(ACCOUNTS[one.destination.name].mount)
        self.vendors.order(mount, f"/_sandbox/lists/{one.list_at.external_id}", wanted)

    def empty(self, one: Activation) -> None:
        """Take everybody off a list at its platform, as whoever keeps the account can."""
        self.vendors.order(self.vendors.rudder, f"/_sandbox/sources/{key_of(one)}/empty")

    # What happens

    def live(self, weeks: int, happens: Callable[["World"], None]) -> None:
        """Live through weeks; `happens` is asked on the Tuesday of each, before anything is synced."""
        for week in range(self.week, self.week + weeks):
            self.week, self.now = week, moment(week, 1, 9)
            self.set_clocks()
            happens(self)
            self.move_people()
            watch.look(self.space.pk, at=self.now)
            for one in self.lists.values():
                self.sync(one)
            self.again.clear()
            sweep.sweep(at=self.now)
            self.now = moment(week, 6, 20)
            self.set_clocks()
            self.be_moody()
            for access in ReadAccess.objects.order_by("pk"):
                measure.perform(access.pk, at=self.now)
            self.now = moment(week + 1, 0, 6)
            freezing.freeze_due(at=self.now)
        self.week += 1

    def move_people(self) -> None:
        """Let a twentieth of each segment leave and others come, and its size move a little."""
        for number, plan in enumerate(self.plans, start=1):
            name = plan.name
            self.sizes[name] *= exp(self.draw.gauss(0, GROWTH))
            self.vendors.change_segment(number, advance=self.steps[name], generated=self.rule(name))

    def sync(self, one: Activation) -> None:
        kind = Run.Kind.REASSERT if one.pk in self.again else Run.Kind.SYNC
        run = start(one, trigger=Run.Trigger.SCHEDULE, at=self.now, kind=kind)
        for _ in range(ROUNDS):
            pipeline.work(run.pk, holder="simulated", clock=self.clock)
            run.refresh_from_db()
            if not run.is_live:
                return
        raise AssertionError(f"{run} is still {run.state}: {run.words}")

    def be_moody(self) -> None:
        """Let each platform know a little more or less of a list's people than it did."""
        for key, share in self.match.items():
            told = log(share / (1 - share)) + self.draw.gauss(0, MOOD)
            self.order(self.lists[key], match=1 / (1 + exp(-told)))

    # What was said

    def rows(self, key: tuple[str, str]) -> list[ListWeek]:
        """Return the weeks of a list as they were judged, the first one first."""
        return list(ListWeek.objects.filter(activation=self.lists[key]).order_by("monday"))


def moment(week: int, days: int, hour: int) -> datetime:
    """Return a time of a week, in the workspace's time zone."""
    return datetime.combine(BEGIN + timedelta(weeks=week, days=days), time(hour), ZONE)


def key_of(one: Activation) -> str:
    assert one.pipe is not None
    return one.pipe.write_key
