"""A cadence that cannot serve its purpose is blocked, until a manager says for exactly these values that it may be."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences import acknowledging
from audiences.acknowledging import NothingToAcknowledge
from audiences.cadence import open_ones
from audiences.models import Definition
from audiences.terms_of import terms_of
from muster.models import Event, Person
from tests import factories

Sign = Callable[[Person], Client]
PAGE = "/audiences/cart/definition/"


def draft(**fields: Any) -> Definition:
    values = {"cadence": "every day", "freshness_minutes": 1440, "window_hours": 3, "use_case": "winback", **fields}
    return factories.definition(factories.audience(name="Cart"), state="draft", **values)


def names(one: Definition) -> list[str]:
    return [blocked.name for blocked in open_ones(terms_of(Definition.objects.get(pk=one.pk)))]


@pytest.mark.parametrize(
    ("fields", "blocked"),
    [
        ({}, ["dwell"]),
        ({"cadence": "by hand"}, []),
        ({"window_hours": None}, []),
        ({"window_hours": 24}, ["dwell"]),
        ({"window_hours": 25}, []),
        ({"use_case": "cart_1_4h", "window_hours": None}, ["target"]),
        ({"use_case": "cart_1_4h", "window_hours": None, "freshness_minutes": 60}, []),
        ({"use_case": "cart_1_4h"}, ["dwell", "target"]),
        ({"use_case": "", "purpose": "suppress", "window_hours": None}, ["target"]),
        ({"use_case": "", "purpose": "measure", "window_hours": None}, []),
    ],
)
def test_what_is_blocked(fields: dict[str, Any], blocked: list[str], db: None) -> None:
    assert names(draft(**fields)) == blocked


def test_a_word_holds_for_its_values_only(manager: Person) -> None:
    made = draft()
    acknowledging.acknowledge(made, "dwell", reason="A test of one week", by=manager, at=timezone.now())
    assert names(made) == []
    with pytest.raises(NothingToAcknowledge):
        acknowledging.acknowledge(made, "dwell", reason="Again", by=manager, at=timezone.now())

    Definition.objects.filter(pk=made.pk).update(window_hours=2)
    assert names(made) == ["dwell"]
    Definition.objects.filter(pk=made.pk).update(window_hours=3)
    assert names(made) == []


def test_only_managers_acknowledge_and_with_a_reason(manager: Person, marketer: Person, signed_in: Sign) -> None:
    made = draft()
    client = signed_in(marketer)
    page = client.get(PAGE).content.decode()
    assert "Blocked until a manager acknowledges it" in page
    assert "Ask Grace Osei to acknowledge it" in page
    address, said = f"{PAGE}acknowledge/", {"name": "dwell", "reason-dwell": "A test of one week"}
    assert client.post(address, said).status_code == 403

    client = signed_in(manager)
    refused = client.post(address, {"name": "dwell", "reason-dwell": ""}, follow=True).content.decode()
    assert "Say why it may be so, in one line. Nothing was acknowledged." in refused
    assert names(made) == ["dwell"]
    page = client.post(address, said, follow=True).content.decode()

    assert "It is acknowledged for exactly these values." in page
    assert "Blocked until" not in page
    assert Event.objects.get(verb="acknowledged for v1 of").reason == "A test of one week"
    assert "Nothing is blocked there any more." in client.post(address, said, follow=True).content.decode()


def test_the_word_is_told_in_the_definition(manager: Person, marketer: Person, signed_in: Sign) -> None:
    made = draft()
    acknowledging.acknowledge(made, "dwell", reason="A test of one week", by=manager, at=timezone.now())
    page = signed_in(marketer).get("/audiences/cart/").content.decode()
    assert "Acknowledged by Grace Osei: A test of one week" in page
