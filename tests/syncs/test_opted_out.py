"""Who unsubscribes by an event is out of targeting at once, is removed by the next run, and comes back only by a reading."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from syncs.opted_out import BEHIND, FLAG, OptedOut, digests_of, note
from syncs.webhook_body import read
from tests import factories
from tests.syncs.events import action
from tests.syncs.shards import Someone, sha, staged
from tests.syncs.shards import key_of as made_key

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
AT = timezone.now()
LATER = AT + BEHIND
CONSENT = {"*": {"require_true": [], "not_true": [], "not_unsubscribed": True, "basis": "a test"}}


def people(*flags: int) -> Any:
    return staged(
        [
            Someone(key=made_key(number), email=f"{number}@x", phone="", id=f"c-{number}", flags={"unsubscribed": flag})
            for number, flag in enumerate(flags, 1)
        ]
    )


def flags(known: OptedOut, some: Any, **options: Any) -> list[bool]:
    return [bool(one) for one in known.flags(some, ["email"], **options)]


def test_by_key_and_by_identifier() -> None:
    space = factories.workspace()
    order = people(2, 2, 2)
    note(space.pk, order["key"][0], [], at=AT, received_at=AT)
    note(space.pk, b"", [order["email"][2].tobytes()], at=AT, received_at=AT)

    known = OptedOut(space)

    assert flags(known, order) == [True, False, True]
    assert flags(OptedOut(factories.workspace()), order) == [False] * 3
    assert flags(OptedOut(None), order) == [False] * 3


@pytest.mark.parametrize(
    ("flag", "began", "still_out"),
    [(2, LATER, False), (0, LATER, False), (1, LATER, True), (2, LATER - timedelta(seconds=1), True), (2, None, True)],
)
def test_only_a_reading_that_began_well_after_takes_it_back(flag: int, began: Any, still_out: bool) -> None:
    space = factories.workspace()
    order = people(flag)
    note(space.pk, order["key"][0], [order["email"][0].tobytes()], at=AT, received_at=AT)
    known = OptedOut(space)

    assert flags(known, order, began_at=began) == [still_out]

    lifted = known.lift(began or AT)
    assert lifted == (0 if still_out else 2)
    assert flags(OptedOut(space), order) == [still_out]


def test_a_reading_without_the_switch_takes_nothing_back() -> None:
    space = factories.workspace()
    order = people(2)
    note(space.pk, order["key"][0], [], at=AT, received_at=AT)
    del order[FLAG]

    assert flags(OptedOut(space), order, began_at=LATER) == [True]


def test_another_profile_with_the_address_takes_nothing_back() -> None:
    space = factories.workspace()
    order = people(2, 2)
    shared = order["email"][1].tobytes()
    note(space.pk, made_key(9), [shared], at=AT, received_at=AT)

    known = OptedOut(space)

    assert flags(known, order, began_at=LATER) == [False, True]
    assert known.lift(LATER) == 0


def test_saying_it_again_later_counts_and_an_old_event_does_not() -> None:
    space = factories.workspace()
    order = people(2)
    key = order["key"][0]
    assert note(space.pk, key, [], at=AT, received_at=AT)
    assert not note(space.pk, key, [], at=AT, received_at=LATER)
    known = OptedOut(space)
    flags(known, order, began_at=LATER)
    known.lift(LATER)

    assert not note(space.pk, key, [], at=AT + timedelta(minutes=1), received_at=LATER)
    assert flags(OptedOut(space), order) == [False]
    assert note(space.pk, key, [], at=LATER + timedelta(minutes=1), received_at=LATER + timedelta(minutes=2))
    assert flags(OptedOut(space), order) == [True]


def test_newer_ones_are_noticed() -> None:
    space = factories.workspace()
    known = OptedOut(space)
    assert known.is_current()
    note(space.pk, made_key(1), [], at=AT, received_at=AT)
    assert not known.is_current()
    assert OptedOut(space).is_current()


def test_every_form_of_an_identifier_is_known() -> None:
    told = read(orjson.dumps(action(email="Who.Is@gmail.com ", phone="+1 212 555 0123", id="u1")))

    assert digests_of(told) == sorted(
        sha(text) for text in ("who.is@gmail.com", "whois@gmail.com", "12125550123", "+12125550123", "u1")
    )


def test_an_empty_opt_out_is_none() -> None:
    space = factories.workspace()
    assert not note(space.pk, b"", [], at=AT, received_at=AT)
    assert OptedOut(space).newest is None
