"""A switch of identifiers at the stand-in: whoever is suppressed stays suppressed at every moment until both are over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Definition
from audiences.switching_back import go_back
from muster.models import Person
from syncs import pre_flight
from syncs.jobs import make_pre_flight
from syncs.models import Run
from syncs.states import RunState
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]
Sign = Callable[[Person], Client]

PEOPLE: list[dict[str, Any]] = [
    *({"id": f"both-{n}", "email": f"both{n}@shop.example", "phone": f"+1212867530{n}"} for n in range(4)),
    *({"id": f"mail-{n}", "email": f"mail{n}@shop.example"} for n in range(3)),
    *({"id": f"phone-{n}", "phone": f"+1212867531{n}"} for n in range(2)),
    {"id": "nothing"},
]


class Shop:
    """A list that was synced by email, and the version that switches it to phone."""

    def __init__(self, vendors: Vendors, purpose: str) -> None:
        self.vendors = vendors
        self.audience = factories.registered_audience(vendors, PEOPLE, purpose=purpose, identifiers=["email"])
        self.ids = {one["cio_id"]: one["id"] for one in vendors.members(self.audience.segment.number)}
        vendors.mirror()
        assert synced(self.made).state == RunState.DONE

    @property
    def made(self) -> Activation:
        return self.audience.activations.select_related("destination", "pipe").get()

    @property
    def current(self) -> Definition:
        return self.audience.definitions.select_related("audience__segment__workspace").get(state="current")

    def switched(self, *, days_ago: int, days: int = 14) -> Definition:
        """Put the version with phones into use as of so many days ago."""
        before = self.current
        Definition.objects.filter(pk=before.pk).update(state="past")
        day = timezone.localdate() - timedelta(days=days_ago)
        return factories.definition(
            self.audience,
            purpose=before.purpose,
            destinations=[self.made.destination],
            identifiers=["phone"],
            switch_from=["email"],
            switch_on=day,
            switch_days=days,
            promoted_at=timezone.now() - timedelta(days=max(0, days_ago)),
        )

    def on_list(self) -> set[str]:
        made = self.made
        assert made.pipe is not None
        return {self.ids[ref] for ref in self.vendors.membership(made.pipe.write_key)["refs"]}

    @contextmanager
    def watched(self) -> Iterator[list[set[str]]]:
        """Look at the stand-in whenever a batch changed its state, and yield what was seen."""
        seen: list[set[str]] = []

        def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            result = execute(sql, *rest)
            if sql.startswith('UPDATE "syncs_batch"'):
                made = Run.objects.latest("pk").activation
                assert made.pipe is not None
                seen.append({self.ids[ref] for ref in self.vendors.membership(made.pipe.write_key)["refs"]})
            return result

        with connection.execute_wrapper(look):
            yield seen


BY_EMAIL = {f"both-{n}" for n in range(4)} | {f"mail-{n}" for n in range(3)}
BY_PHONE = {f"both-{n}" for n in range(4)} | {f"phone-{n}" for n in range(2)}


def test_nobody_suppressed_is_unprotected_at_any_moment_of_the_switch(vendors: Vendors, settings: Any) -> None:
    settings.BATCH_PEOPLE, settings.SENDERS = 1, 1
    shop = Shop(vendors, "suppress")
    assert shop.on_list() == BY_EMAIL

    shop.switched(days_ago=0)
    with shop.watched() as seen:
        run = synced(shop.made)

    assert run.state == RunState.DONE
    assert (run.adds, run.changes, run.removes) == (2, 7, 0)
    assert len(seen) >= 9
    assert all(moment >= BY_EMAIL for moment in seen)
    assert shop.on_list() == BY_EMAIL | BY_PHONE

    Definition.objects.filter(state="current").update(
        switch_on=timezone.localdate() - timedelta(days=14), promoted_at=timezone.now() - timedelta(days=14)
    )
    with shop.watched() as seen:
        run = synced(shop.made)
    assert (run.state, run.removes) == (RunState.DONE, 3)
    assert all(moment >= BY_PHONE for moment in seen)
    assert shop.on_list() == BY_PHONE


def test_before_the_day_the_old_ones_are_sent_and_going_back_takes_nobody_off(
    vendors: Vendors, manager: Person
) -> None:
    shop = Shop(vendors, "suppress")
    shop.switched(days_ago=-3)
    assert (run := synced(shop.made)).unchanged == 7, run.words

    Definition.objects.filter(state="current").update(switch_on=timezone.localdate())
    synced(shop.made)
    assert shop.on_list() == BY_EMAIL | BY_PHONE
    go_back(shop.current, by=manager, at=timezone.now(), reason="Match fell")
    with shop.watched() as seen:
        synced(shop.made)
    assert all(moment >= BY_EMAIL for moment in seen)
    assert shop.on_list() == BY_EMAIL


def test_a_targeting_list_changes_on_the_day(vendors: Vendors) -> None:
    shop = Shop(vendors, "retarget")
    shop.switched(days_ago=0)
    synced(shop.made)
    assert shop.on_list() == BY_PHONE


@pytest.mark.parametrize("purpose", ["suppress", "retarget"])
def test_the_dry_runs_say_what_the_runs_then_do(purpose: str, vendors: Vendors, redis: Any) -> None:
    shop = Shop(vendors, purpose)
    draft = factories.definition(
        shop.audience,
        state="draft",
        purpose=purpose,
        destinations=[shop.made.destination],
        identifiers=["phone"],
        switch_on=timezone.localdate(),
    )
    flight = pre_flight.ask(draft, by=draft.audience.owner, at=timezone.now())
    make_pre_flight(flight.pk)
    flight.refresh_from_db()

    assert flight.words == ""
    told = flight.counts["switch"]
    assert told["reach"] == {"both": 4, "before": 3, "after": 2, "neither": 1, "left_out": 0}
    (one,) = told["lists"]
    assert one["old"] == {"adds": 0, "changes": 0, "removes": 0, "dropped": 0, "unchanged": 7}
    draft.delete()
    shop.switched(days_ago=0)
    run = synced(shop.made)
    assert (one["day"]["adds"], one["day"]["changes"], one["day"]["removes"]) == (run.adds, run.changes, run.removes)
    if purpose == "retarget":
        assert one["over"] is None
        return
    assert (one["over"]["removes"], one["day"]["removes"]) == (3, 0)


def test_the_page_plans_the_day_compares_and_goes_back(
    vendors: Vendors, redis: Any, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    shop = Shop(vendors, "suppress")
    draft = factories.definition(
        shop.audience, state="draft", purpose="suppress", destinations=[shop.made.destination], identifiers=["phone"]
    )
    client, address = signed_in(marketer), f"/audiences/{shop.audience.slug}/definition/v2/switch/"
    page = client.get(address).content.decode()
    assert "Email → phone" in page
    assert "The day is not chosen yet." in page
    assert "Make both dry runs" in page
    assert "Nothing is sent." in page
    late = client.post(f"{address}plan/", {"on": "2020-01-01", "days": "7", "revision": "1"}).content.decode()
    assert "This day is past. Choose today or a later one." in late
    day = timezone.localdate() + timedelta(days=1)
    page = client.post(
        f"{address}plan/", {"on": day.isoformat(), "days": "7", "revision": "1"}, follow=True
    ).content.decode()
    assert "Whoever approves the draft approves the day with it." in page
    assert Definition.objects.get(pk=draft.pk).switch_on == day
    assert (
        "Somebody saved the draft meanwhile"
        in client.post(
            f"{address}plan/", {"on": day.isoformat(), "days": "9", "revision": "1"}, follow=True
        ).content.decode()
    )
    page = client.post(f"{address}dry-run/", follow=True).content.decode()
    assert 'hx-trigger="every 2s"' in page
    make_pre_flight(shop.audience.pre_flights.latest("pk").pk)
    page = client.get(address).content.decode()
    assert "Reached by both" in page
    assert "<strong>2</strong> added, <strong>7</strong> sent again, <strong>0</strong> removed" in page
    assert "<strong>3</strong> removed" in page
    assert "Old and new side by side" in client.get(address.removesuffix("switch/")).content.decode()

    Definition.objects.filter(pk=draft.pk).delete()
    shop.switched(days_ago=1)
    page = client.get(address).content.decode()
    assert "Go back to email" not in page
    assert "Possible until" in page
    assert client.post(f"{address}back/", {"reason": "No"}).status_code == 403
    boss = signed_in(manager)
    assert "Say why" in boss.post(f"{address}back/", {}, follow=True).content.decode()
    page = boss.post(f"{address}back/", {"reason": "Match fell"}, follow=True).content.decode()
    assert "The next run of each list goes by the old identifiers again." in page
    assert "Gone back to email." in page
    assert "Nothing is switched." in boss.get(address.replace("v2", "v1")).content.decode()
