"""The gate: no list that targets people goes live at an account whose required suppressions are not in place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences import gating, promoting, requiring
from audiences.gate import Line, lacks
from audiences.gating import NothingToOverride
from audiences.models import Activation, Arrival, Audience, Definition, Destination, GateOverride, RequiredSuppression
from audiences.registering import Incomplete, revise
from muster.models import Event, Person
from reconciliation.report_events import overrides
from tests import factories
from tests.audiences.drafts import complete

Sign = Callable[[Person], Client]
AT = timezone.now()
IN_PLACE = Line(1, "Buyers", "Meta", "Purchased in last 7 days", "live", True, readiness="usable", ask=("Mara Keller",))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"readiness": "settling"}, ""),
        ({"readiness": "too_small"}, ""),
        ({"readiness": ""}, ""),
        ({"health": "drifting"}, ""),
        ({"audience": ""}, "no audience fulfils it yet."),
        ({"lifecycle": ""}, "Purchased in last 7 days has no live list there."),
        ({"lifecycle": "draft"}, "has no live list there."),
        ({"lifecycle": "retired"}, "has no live list there."),
        ({"lifecycle": "paused"}, "is paused."),
        ({"stopped": "Key refused."}, "is stopped. Key refused."),
        ({"arrived": False}, "nobody has arrived"),
        ({"readiness": "blocked", "readiness_words": "Deleted there."}, "cannot use the list"),
        ({"health": "broken", "health_words": "Half is missing."}, "is broken. Half is missing."),
    ],
)
def test_what_is_not_in_place(fields: dict[str, Any], why: str) -> None:
    found = lacks([replace(IN_PLACE, **fields)])
    assert bool(found) == bool(why)
    if found:
        assert why in found[0].why
        assert found[0].sentence.startswith("“Buyers” is not in place at Meta: ")
        assert found[0].sentence.endswith("Ask Mara Keller.")


@pytest.fixture
def version(marketer: Person, manager: Person) -> Definition:
    """An approved version of a targeting audience with one list at Meta."""
    return factories.approved(complete(marketer), by=manager)


def place_of(version: Definition) -> Destination:
    return Destination.objects.get(pk=version.destinations[0])


def required(place: Destination, by: Person, audience: Audience | None = None) -> RequiredSuppression:
    line = RequiredSuppression(
        destination=place, label="Purchased in last 7 days", audience=audience, target_minutes=60, basis="x"
    )
    return requiring.require(line, by=by, at=AT)


def fulfilled(place: Destination, **fields: Any) -> Activation:
    made = factories.audience(name="Buyers", owner=factories.person(full_name="Priya Raman"))
    factories.definition(made, purpose="suppress", destinations=[place])
    return factories.activation(made, place, **{"members": 90, **fields})


@pytest.mark.django_db
def test_a_version_goes_live_where_everything_is_in_place(version: Definition, manager: Person) -> None:
    place = place_of(version)
    required(place, manager, fulfilled(place).audience)

    assert promoting.promote(version, factories.PROVED, by=manager, at=AT).state == "current"


@pytest.mark.django_db
def test_a_version_that_is_refused_says_exactly_what_is_missing_and_whom_to_ask(
    version: Definition, manager: Person
) -> None:
    place = place_of(version)
    one = fulfilled(place, members=0)
    required(place, manager, one.audience)

    with pytest.raises(Incomplete) as refused:
        promoting.promote(version, factories.PROVED, by=manager, at=AT)

    assert str(refused.value) == (
        f"“Purchased in last 7 days” is not in place at {place.name}: nobody has arrived on the list of Buyers yet. "
        "Ask Priya Raman."
    )
    assert not Activation.objects.filter(audience=version.audience, lifecycle="live").exists()
    Arrival.objects.create(activation=one, accepted=0)
    assert gating.closed(version) == []  # it arrived, and nobody is in the segment


@pytest.mark.django_db
def test_what_was_taken_off_or_is_another_accounts_keeps_nobody_out(version: Definition, manager: Person) -> None:
    place = place_of(version)
    requiring.take_off(required(place, manager), reason="x", by=manager, at=AT)
    required(factories.destination(), manager)

    assert gating.closed(version) == []


@pytest.mark.django_db
def test_suppressions_and_lists_that_are_live_already_pass(marketer: Person, manager: Person) -> None:
    first = factories.in_use(complete(marketer), by=manager)
    second = factories.approved(revise(first.audience, reason="Slower", by=marketer, at=AT), by=manager)
    required(place_of(first), manager)
    assert gating.closed(second) == []

    other = factories.destination()
    Definition.objects.filter(pk=second.pk).update(destinations=[*second.destinations, other.pk])
    required(other, manager)
    added = Definition.objects.get(pk=second.pk)
    assert [gate.place for gate in gating.gates(added) if not gate.is_open] == [other]

    Definition.objects.filter(pk=first.pk).update(purpose="suppress")
    assert len(gating.closed(added)) == 2  # what kept people away until now begins to target them
    Definition.objects.filter(pk=second.pk).update(purpose="suppress")
    assert gating.gates(Definition.objects.get(pk=second.pk)) == []


@pytest.mark.django_db
def test_a_managers_word_holds_for_what_was_missing_then(version: Definition, manager: Person) -> None:
    place = place_of(version)
    line = required(place, manager)

    gating.override(version, place, reason="Sale ends tonight", by=manager, at=AT)

    assert gating.closed(version) == []
    with pytest.raises(NothingToOverride):
        gating.override(version, place, reason="Again", by=manager, at=AT)
    line.label = "Recent buyers"
    requiring.change(line, by=manager, at=AT)
    assert gating.closed(version) == []
    line.pk, line.label = None, "Refunded"
    requiring.require(line, by=manager, at=AT)
    assert len(gating.closed(version)) == 2
    gating.override(version, place, reason="That too", by=manager, at=AT)
    assert promoting.promote(version, factories.PROVED, by=manager, at=AT).state == "current"


@pytest.mark.django_db
def test_the_word_is_in_the_log_and_on_the_report(version: Definition, manager: Person) -> None:
    place = place_of(version)
    required(place, manager)
    gating.override(version, place, reason="Sale ends tonight", by=manager, at=AT)

    event = Event.objects.get(verb="overrode the suppressions for v1 of")
    assert (event.actor, event.audience_id, event.reason) == (manager, version.audience_id, "Sale ends tonight")
    assert event.detail["now"] == GateOverride.objects.get().lacked
    (told,) = overrides(AT - timedelta(days=1), AT + timedelta(days=1), UTC)
    assert told.words == (
        f"Grace Osei overrode the suppressions for v1 of {version.audience} at {place.name}. “Sale ends tonight”"
    )
    assert overrides(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 8, tzinfo=UTC), UTC) == ()


@pytest.mark.django_db
def test_the_gate_is_seen_before_somebody_runs_into_it(
    version: Definition, manager: Person, marketer: Person, signed_in: Sign
) -> None:
    place, slug = place_of(version), version.audience.slug
    required(place, manager)
    factories.activation(version.audience, place, lifecycle="draft")
    pilot = f"/audiences/{slug}/definition/v1/pilot/"
    client = signed_in(marketer)
    for address in (pilot, f"/audiences/{slug}/", f"/audiences/{slug}/readiness/"):
        assert "o audience fulfils it yet." in client.get(address).content.decode(), address
    assert "Ask Grace Osei to override it" in client.get(pilot).content.decode()
    factories.sign_in(client, manager)
    override = f"/audiences/{slug}/definition/v1/override/{place.pk}/"
    shown = client.get(pilot).content.decode()
    assert override in shown
    assert "Name its audience in the policy" in shown  # who can mend it is not told to ask themselves
    assert "Ask Grace Osei" not in shown

    assert "Say why it may go live without them." in client.post(override, follow=True).content.decode()
    said = client.post(override, {"reason": "Sale ends tonight"}, follow=True).content.decode()
    assert f"It may go live at {place.name}." in said
    assert "“Sale ends tonight”" in said
    assert "is missing any more" in client.post(override, {"reason": "Twice"}, follow=True).content.decode()
    assert client.post(override.replace("/v1/", "/v2/"), {"reason": "x"}).status_code == 404
