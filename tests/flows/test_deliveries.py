"""Webhook deliveries with replays, reordering, forged signatures, and a receiver and a forwarder that die at random.

Every event that was answered with 200 is forwarded once in effect; none is lost.
"""

import random

import pytest
from django.db import connection
from pytest_django import Settings

from tests.flows.deliveries import (
    Dying,
    World,
    assert_once_in_effect,
    drawn,
    forward_the_rest,
    forwarding_all_along,
    sent_all,
)
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


def delivered(vendors: Vendors, settings: Settings, count: int) -> World:
    """Send so many events and prove that each arrived once in effect."""
    settings.LEASE_SECONDS, settings.RENEW_SECONDS, settings.REQUEST_TIMEOUT = 0.6, 0.1, 0.3
    draw = random.Random(7)
    world = World.built(vendors)
    events = list(drawn(count, draw))
    receivers, forwarders = Dying(random.Random(8), 0.001), Dying(random.Random(9), 0.005)
    for kind, times in (("store_then_504", 3), ("503", 2), ("cut_after", 3)):
        vendors.fault(vendors.rudder, kind, {"path": "/v1/batch"}, times=times, after=2)

    with forwarding_all_along(world, forwarders), connection.execute_wrapper(receivers):
        sent_all(world, events, draw, lost=0.02)
    forward_the_rest(world)

    assert receivers.deaths > count / 1000
    assert forwarders.deaths > 3
    assert world.refused > count / 50
    assert world.unanswered > count / 100
    assert_once_in_effect(world, events)
    return world


def test_five_thousand_deliveries(vendors: Vendors, settings: Settings) -> None:
    world = delivered(vendors, settings, 4300)

    assert world.requests > 5000


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_deliveries(vendors: Vendors, settings: Settings) -> None:
    world = delivered(vendors, settings, 86_000)

    assert world.requests > 100_000
