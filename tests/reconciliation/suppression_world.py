"""Ad accounts with required suppressions in every state, as rows: what the suppression board meets."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from audiences.cohorts import BUYERS, REFUNDED, SUPPORT, UNSUBSCRIBED
from audiences.models import Activation, Arrival, Audience, Destination, RequiredSuppression
from muster.models import Person
from reconciliation.models import Attachment, Exposure, ListAt, ReadAccess
from syncs.models import Run
from tests import factories
from tests.reconciliation import readings
from tests.syncs import run_rows

META, GOOGLE, EU = "Meta, NW US", "Google Ads, NW US", "Google Ads, NW EU"
AD_SETS = tuple(f"ad set {name}" for name in ("Prospecting broad US", "Catalogue, all boots", "Creator test 4"))
REFUSED = "RudderStack refused the write key, since 00:12. Have an administrator replace it."
BASIS = "Legitimate interest: only so that they are shown no ads"


class World:
    """Makes accounts, audiences and lists; each list is told what is known of it."""

    def __init__(self, by: Person, owner: Person, now: datetime | None = None) -> None:
        self.by, self.owner, self.now = by, owner, now or timezone.now()
        self.ids = iter(range(23_850_000_001, 23_850_001_000))

    def place(self, name: str) -> Destination:
        known = Destination.objects.filter(name=name).first()
        return known or factories.destination(name=name, platform="meta" if name.startswith("Meta") else "google_ads")

    def audience(self, name: str, people: int = 0, *, purpose: str = "suppress", minutes: int = 60) -> Audience:
        if known := Audience.objects.filter(name=name).first():
            return known
        made = factories.audience(name=name, owner=self.owner, segment=factories.segment_row(name=name, size=people))
        factories.definition(made, purpose=purpose, freshness_minutes=minutes, edited_by=self.owner)
        return made

    def list(
        self,
        audience: Audience,
        place: str,
        *,
        newest: timedelta | None = timedelta(minutes=20),
        size: tuple[int, int] | None = None,
        rate: tuple[float, float] | None = None,
        readiness: str = "usable",
        words: str = "",
        use: tuple[int, tuple[str, ...]] | None = (17, ()),
        **fields: Any,
    ) -> Activation:
        """Make a live list. `use` is how many are active there and which of them do not exclude it; None: nobody looked."""
        values = {"members": 26_000, "list_name": f"NW | {audience.name}", **fields}
        one = factories.activation(audience, self.place(place), **values)
        ListAt.objects.create(activation=one, external_id=str(next(self.ids)), set_at=self.now)
        if newest is not None:
            self.arrived(one, self.now - newest)
        if readiness:
            low, high = size or (None, None)
            rates = rate or (None, None)
            Arrival.objects.create(
                activation=one,
                readiness=readiness,
                words=words,
                accepted=one.members,
                size_low=low,
                size_high=high,
                rate_low=rates[0],
                rate_high=rates[1],
                as_of=self.now - timedelta(minutes=40),
                read_at=self.now - timedelta(minutes=40),
            )
        if use is not None:
            self.used(one, use[0], use[1])
        return one

    def arrived(self, one: Activation, at: datetime, **fields: Any) -> Run:
        pull = run_rows.pull_of(one, state="complete", began_at=at, finished_at=at)
        return run_rows.run_of(one, created_at=at, pull=pull, **fields)

    def used(self, one: Activation, active: int, lacking: tuple[str, ...]) -> Attachment:
        there = [f"ad set {number}" for number in range(active - len(lacking))]
        return Attachment.objects.create(
            activation=one,
            at=self.now - timedelta(minutes=40),
            source=one.destination.platform,
            active=active,
            excluded=there,
            lacking=list(lacking),
        )

    def require(
        self, label: str, place: str, audience: Audience | None = None, *, minutes: int = 1440, **fields: Any
    ) -> RequiredSuppression:
        return RequiredSuppression.objects.create(
            destination=self.place(place),
            label=label,
            audience=audience,
            target_minutes=minutes,
            basis=BASIS,
            by=self.by,
            at=self.now - timedelta(days=30),
            **fields,
        )

    def counted(
        self, line: RequiredSuppression, missing: int | None, *, people: int = 26_940, **fields: Any
    ) -> Exposure:
        """Let the exposure of a line be counted, after thirty quiet hours."""
        for back in range(30, 0, -1):
            at = self.now - timedelta(hours=back + 1)
            Exposure.objects.create(required=line, at=at, people=people, missing=back % 10 * 7, leaked=0)
        known = people if missing is not None else None
        values = {"as_of": self.now - timedelta(minutes=3), **fields}
        return Exposure.objects.create(required=line, at=self.now, people=known, missing=missing, **values)


def every_state(by: Person, owner: Person, keeper: Person) -> World:
    """Make three accounts whose cells show every state of the board."""
    world = World(by, owner)
    _buyers(world)
    _unsubscribed(world)
    _refunded(world, keeper)
    _sensitive(world)
    return world


def _buyers(world: World) -> None:
    hours = timedelta(hours=9, minutes=10)
    buyers = world.audience("Purchased in last 7 days", 26_940)
    first = world.require("Purchased in last 7 days", META, buyers, minutes=60, cohort=BUYERS)
    late = world.require("Purchased in last 7 days", GOOGLE, buyers, minutes=60, cohort=BUYERS)
    day = timezone.localdate(world.now) + timedelta(days=8)
    world.require("Purchased in last 7 days", EU, None, minutes=60, cohort=BUYERS, first_spend=day)
    world.list(buyers, META, size=(14_300, 15_100), rate=(53, 56), use=(17, AD_SETS))
    world.list(buyers, GOOGLE, newest=hours, size=(12_000, 13_000), rate=(46, 50), use=(11, ()), stopped_words=REFUSED)
    carts = world.audience("Cart abandoners 1–4 h", 9_000, purpose="retarget", minutes=30)
    cart = world.list(carts, META, readiness="", use=None, members=16_051)
    world.list(
        carts, GOOGLE, size=(7_350, 7_450), rate=(58, 58), words="Google Ads counts 7,350–7,450 people.", use=None
    )
    readings.access(cart)
    readings.weekly(cart, world.now, [60, 61, 60, 62, 61, 60, 61, 62, 60, 61, 56])
    world.counted(first, 41, leaked=3, leaks={str(cart.pk): 1})
    world.counted(late, 1126, leaked=48, leaks={}, cause="key_refused", words="Write key refused since 00:12.")


def _unsubscribed(world: World) -> None:
    day, seen = timedelta(hours=7), (118_000, 124_000)
    gone = world.audience("Unsubscribed, all channels", 212_380, minutes=1440)
    for place in (META, GOOGLE, EU):
        world.require("Unsubscribed, all channels", place, gone, cohort=UNSUBSCRIBED)
    world.list(gone, META, newest=day, size=seen, rate=(56, 58))
    world.list(gone, GOOGLE, newest=day, size=(95_500, 96_500), rate=(45, 45), use=(11, ()))
    words = "Google Ads is still taking in the people sent last."
    world.list(gone, EU, newest=day, size=(9_750, 9_850), use=(0, ()), readiness="settling", words=words)


def _refunded(world: World, keeper: Person) -> None:
    refunds = world.audience("Refunded or chargeback, 90 d", 3_193, minutes=1440)
    world.require("Refunded or chargeback, 90 d", META, refunds, cohort=REFUNDED)
    world.require("Refunded or chargeback, 90 d", GOOGLE, refunds, cohort=REFUNDED)
    held = world.list(refunds, META, newest=timedelta(hours=8), size=(1_700, 1_800), rate=(53, 56), members=3_193)
    at = world.now - timedelta(hours=3)
    run_rows.held(held, at=at, pull=run_rows.pull_of(held, state="complete", began_at=at))
    unread = world.list(refunds, GOOGLE, newest=timedelta(hours=3), size=(1_450, 1_550), rate=(45, 49), use=None)
    words = "the token lacks the permission for campaigns of this type."
    ReadAccess.objects.create(
        destination=unread.destination, secret='{"a": "b"}', check_state="working", ads_words=words, read_at=world.now
    )


def _sensitive(world: World) -> None:
    small = "Google Ads counts 38 people, fewer than the 100 it needs. Nothing to do: it is no fault."
    support = world.audience("Support-sensitive customers", 742, minutes=720)
    for place in (META, GOOGLE, EU):
        world.require("Support-sensitive customers", place, support, minutes=720, cohort=SUPPORT)
    world.list(support, META, size=(400, 430), rate=(54, 58), use=(2, AD_SETS[:2]))
    world.list(support, GOOGLE, newest=timedelta(hours=14), size=(345, 355), use=(11, ()))
    world.list(support, EU, size=(38, 38), use=(0, ()), readiness="too_small", words=small, members=38)
    risk = world.audience("High refund risk", 5_120, minutes=1440)
    world.require("High refund risk", META, risk)
    gone = "Meta does not know this list. It was deleted there, or the id that Muster was given is another list's."
    world.list(risk, META, newest=timedelta(hours=2), readiness="blocked", words=gone)
