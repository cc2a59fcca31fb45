"""Exposure, counted through real readings and ledgers at the stand-ins: also, and above all, while no run gets through."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Activation, Audience, Destination, RequiredSuppression
from muster.management.commands.tick import tick
from muster.models import Person
from reconciliation import exposing
from reconciliation.exposures import of_required
from reconciliation.models import Exposure, ExposureTurn
from syncs import pausing, staging
from syncs.models import Pull, Run
from syncs.states import RunState
from tests import factories
from tests.redis_server import RedisServer
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

MINUTE = timedelta(minutes=1)


def plain(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"id": name, "email": f"{name}@shop.example"} for name in names]


class Shop:
    """An ad account with a suppression of buyers and a list of people who left a cart."""

    def __init__(self, vendors: Vendors, **policy: Any) -> None:
        self.vendors = vendors
        self.space = factories.workspace()
        everybody = [f"p{number}" for number in range(12)]
        self.ids = dict(zip(everybody, vendors.upsert(*plain(everybody)), strict=True))
        self.place = factories.destination(name="Meta, NW US")
        self.buyers = self.audience("Purchased 7 d", "suppress", everybody[:6])
        self.cart = self.audience("Cart 1–4 h", "retarget", everybody[5:9])
        self.by = factories.person(role="manager")
        self.required = RequiredSuppression.objects.create(
            destination=self.place,
            label="Purchased in last 7 days",
            cohort="recent_buyers",
            audience=self.buyers,
            target_minutes=60,
            basis="test",
            by=self.by,
            at=timezone.now() - timedelta(days=30),
            **policy,
        )
        vendors.mirror()

    def audience(self, name: str, purpose: str, people: list[str]) -> Audience:
        number = self.vendors.segment(name=name, members=[self.ids[one] for one in people])
        shown = next(one for one in factories.listed_segments(self.vendors, self.space) if one["id"] == number)
        row = factories.segment_row(
            self.space, number=number, name=name, kind=shown["type"], conditions=shown.get("conditions")
        )
        made = factories.audience(segment=row, name=name)
        key = f"key-{number}"
        self.vendors.source(key)
        factories.activation(made, self.place, factories.pipe(key, data_plane_url=self.vendors.rudder))
        factories.definition(made, purpose=purpose, destinations=[self.place], identifiers=["email"])
        return made

    def list(self, whose: Audience, place: Destination | None = None) -> Activation:
        return whose.activations.get(destination=place or self.place)

    def buy(self, *names: str) -> None:
        self.vendors.change_segment(self.buyers.segment.number, add=[self.ids[one] for one in names])

    def count(self, at: datetime | None = None) -> Exposure:
        made = exposing.perform(self.required.pk, holder="test", clock=lambda: at or timezone.now())
        assert made is not None
        return made

    def forget_readings(self) -> None:
        """Let every reading be older than what may be shared."""
        for pull in Pull.objects.filter(dropped_at=None):
            assert pull.began_at is not None
            Pull.objects.filter(pk=pull.pk).update(
                began_at=pull.began_at - 40 * MINUTE, finished_at=timezone.now() - 39 * MINUTE, kept_until=None
            )


def figures(made: Exposure) -> tuple[int | None, int | None, int | None]:
    return made.people, made.missing, made.leaked


def test_before_the_first_sync_everybody_is_missing_and_afterwards_nobody(vendors: Vendors) -> None:
    shop = Shop(vendors)
    synced(shop.list(shop.cart))
    first = shop.count()
    assert figures(first) == (6, 6, 1)
    assert first.leaks == {str(shop.list(shop.cart).pk): 1}
    assert (first.cause, first.words) == (
        "never_arrived",
        "No sync of the list has arrived yet; no run is planned.",
    )

    synced(shop.list(shop.buyers))
    after = shop.count()
    assert figures(after) == (6, 0, 0)
    assert (after.leaks, after.cause, after.words) == ({}, "", "Everybody who can be on the list is on it.")
    assert of_required([shop.required], timezone.now())[shop.required.pk].newest == after


def test_with_a_dead_key_it_is_counted_and_grows(vendors: Vendors) -> None:
    shop = Shop(vendors)
    assert synced(shop.list(shop.buyers)).state == RunState.DONE
    assert synced(shop.list(shop.cart)).state == RunState.DONE
    list_ = shop.list(shop.buyers)
    assert list_.pipe is not None
    list_.pipe.write_key = "revoked"
    list_.pipe.save()
    grown = []
    for names in (["p6"], ["p9", "p10"], ["p7"]):
        shop.buy(*names)
        run = synced(shop.list(shop.buyers)) if not shop.list(shop.buyers).stopped_words else None
        assert run is None or (run.state, run.reason) == (RunState.FAILED, "bad_credentials")
        shop.forget_readings()
        made = shop.count()
        grown.append(figures(made))
        assert made.cause == "key_refused"
        assert made.words.startswith("Write key refused since ")
    assert grown == [(7, 1, 1), (9, 3, 1), (10, 4, 2)]
    assert [one.missing for one in shop.required.exposures.order_by("at")] == [1, 3, 4]


def test_a_reading_is_shared_while_it_is_young_and_kept_while_it_is_counted(vendors: Vendors) -> None:
    shop = Shop(vendors)
    synced(shop.list(shop.buyers))
    assert Pull.objects.filter(segment=shop.buyers.segment).count() == 1
    began = shop.count().as_of
    kept = Pull.objects.get(segment=shop.buyers.segment)
    assert kept.began_at == began
    assert kept.kept_until is not None

    staging.drop_unused(timezone.now() + 25 * MINUTE)
    assert Pull.objects.get(pk=kept.pk).dropped_at is None
    assert shop.count(timezone.now() + 25 * MINUTE).as_of == began
    staging.drop_unused(timezone.now() + 31 * MINUTE + 25 * MINUTE)
    assert Pull.objects.get(pk=kept.pk).dropped_at is not None
    again = shop.count()
    assert Pull.objects.filter(segment=shop.buyers.segment).count() == 2
    turn = ExposureTurn.objects.get()
    assert again.as_of == began, "nothing has changed, so it is the same row"
    assert turn.as_of == Pull.objects.latest("pk").began_at


def test_what_cannot_be_read_is_not_known_and_never_nobody(vendors: Vendors) -> None:
    shop = Shop(vendors)
    synced(shop.list(shop.buyers))
    shop.forget_readings()
    vendors.fault(vendors.us, "404", {"path": f"/segments/{shop.buyers.segment.number}/"}, times=0)
    made = shop.count()
    assert figures(made) == (None, None, None)
    assert made.cause == "not_read"
    assert made.words.startswith("Not known: ")
    vendors.delete(vendors.us, "/_sandbox/faults")
    assert figures(shop.count()) == (6, 0, 0)


def test_a_policy_that_nobody_fulfils(vendors: Vendors) -> None:
    shop = Shop(vendors)
    RequiredSuppression.objects.filter(pk=shop.required.pk).update(audience=None)
    made = shop.count()
    assert (made.missing, made.cause) == (None, "not_set")
    assert "Nobody has registered" in made.words

    elsewhere = factories.destination(name="Google Ads, NW EU", platform="google_ads")
    RequiredSuppression.objects.filter(pk=shop.required.pk).update(audience=shop.buyers, destination=elsewhere)
    made = shop.count()
    assert (*figures(made), made.cause) == (6, 6, 0, "not_set")

    tomorrow = timezone.localdate() + timedelta(days=2)
    RequiredSuppression.objects.filter(pk=shop.required.pk).update(first_spend=tomorrow)
    made = shop.count()
    assert (made.missing, made.cause) == (None, "before_spend")

    RequiredSuppression.objects.filter(pk=shop.required.pk).update(ended_at=timezone.now())
    assert exposing.perform(shop.required.pk, holder="test") is None


def test_paused_and_another_list_than_before(vendors: Vendors, manager: Person) -> None:
    shop = Shop(vendors)
    synced(shop.list(shop.buyers))
    shop.buy("p8")
    shop.forget_readings()
    pause = pausing.pause(by=manager, reason="Wait.", at=timezone.now(), audience=shop.buyers)
    made = shop.count()
    assert (*figures(made), made.cause) == (7, 1, 0, "paused")
    pausing.unpause(pause, by=manager, reason="Go on.", at=timezone.now())

    Activation.objects.filter(pk=shop.list(shop.buyers).pk).update(epoch=2)
    made = shop.count()
    assert (*figures(made), made.cause) == (7, 7, 0, "filled_anew")
    assert synced(shop.list(shop.buyers)).reasserts == 6
    assert figures(shop.count()) == (7, 0, 0)


@pytest.mark.slow
def test_people_who_cannot_be_on_the_list_do_not_count(vendors: Vendors) -> None:
    shop = Shop(vendors)
    vendors.upsert({"cio_id": shop.ids["p0"], "email": None}, {"cio_id": shop.ids["p1"], "email": "no address"})
    assert figures(shop.count()) == (4, 4, 0)


def test_the_same_again_is_a_row_after_an_hour_only(vendors: Vendors) -> None:
    shop = Shop(vendors)
    synced(shop.list(shop.buyers))
    first = shop.count()
    at = timezone.now()
    assert shop.count() == first
    turn = ExposureTurn.objects.get()
    assert turn.counted_at is not None
    assert turn.counted_at > at
    assert shop.count(first.at + timedelta(hours=1)) != first
    assert Exposure.objects.count() == 2


def test_the_clock_asks_each_quarter_and_after_runs_at_the_account(vendors: Vendors, redis: RedisServer) -> None:
    shop = Shop(vendors)
    now = timezone.now()
    assert tick(now)["exposures"] == 1
    assert tick(now)["exposures"] == 0, "it is asked for already"
    shop.count()
    turn = ExposureTurn.objects.get()
    assert turn.next_at == exposing.next_turn(turn.counted_at or now)
    assert exposing.ring_due(at=turn.next_at - timedelta(seconds=1)) == 0
    assert exposing.ring_due(at=turn.next_at) == 1

    shop.count()
    at = timezone.now() + exposing.APART + timedelta(seconds=1)
    ExposureTurn.objects.update(next_at=at + 10 * MINUTE)
    assert exposing.ring_due(at=at) == 0, "nothing happened"
    synced(shop.list(shop.cart))
    assert exposing.ring_due(at=timezone.now()) == 0, "it was counted a moment ago"
    assert exposing.ring_due(at=at) == 1
    assert exposing.ring_due(at=at) == 0


def test_three_are_counted_at_a_time(redis: RedisServer, manager: Person) -> None:
    place, at = factories.destination(), timezone.now()
    for number in range(5):
        RequiredSuppression.objects.create(
            destination=place, label=f"Line {number}", target_minutes=60, basis="test", by=manager, at=at
        )
    assert exposing.ring_due(at=at) == 3
    assert exposing.ring_due(at=at) == 0
    first = ExposureTurn.objects.exclude(next_at=None).order_by("pk")[0]
    exposing.perform(first.required_id, holder="test")
    assert exposing.ring_due(at=at) == 1
    assert exposing.ring_due(at=at + exposing.TAKEN) == 3, "whoever was asked for and never came is asked for again"


def test_a_segment_that_is_read_elsewhere_is_asked_for_again_soon(vendors: Vendors) -> None:
    shop = Shop(vendors)
    at = timezone.now()
    busy = Pull.objects.create(
        segment=shop.buyers.segment,
        columns={"email": True, "phone": True, "country": "US", "flags": [], "traits": []},
        state="running",
        created_at=at,
        began_at=at,
        holder="other",
        fence=1,
        lease_until=at + MINUTE,
    )
    assert exposing.perform(shop.required.pk, holder="test") is None
    turn = ExposureTurn.objects.get()
    assert turn.next_at is not None
    assert turn.next_at - timezone.now() < MINUTE
    assert not Exposure.objects.exists()
    Pull.objects.filter(pk=busy.pk).update(state="failed", finished_at=at)
    assert shop.count().missing == 6


@pytest.mark.slow
def test_a_seed_leaks_nothing(vendors: Vendors) -> None:
    shop = Shop(vendors)
    shop.audience("Best customers", "lookalike", ["p0", "p1"])
    synced(shop.list(shop.cart))
    synced(Activation.objects.get(audience__name="Best customers"))
    assert Run.objects.filter(state=RunState.DONE).count() == 2
    assert shop.count().leaks == {str(shop.list(shop.cart).pk): 1}
