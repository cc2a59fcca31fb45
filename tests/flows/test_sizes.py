"""Audiences of every size arrive exactly: what the stand-in holds is the segment without those who are not eligible.

Both sides of what one page of Customer.io gives (30,000 people) are here, and one by export. Lists are compared by the
SHA-256 over all identifiers in order, which the model below works out from the people's attributes by its own means.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from pytest_django import Settings

from audiences.models import Activation, Audience, Definition
from sandbox.digests import international, meta_email
from syncs.models import Run
from syncs.states import RunState
from syncs.verify import verify
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db(transaction=True)

ASKS: dict[str, Any] = {
    "require_true": ["ad_consent"],
    "not_true": ["do_not_share"],
    "not_unsubscribed": True,
    "basis": "test",
}
ASKS_NOTHING: dict[str, Any] = {"require_true": [], "not_true": [], "not_unsubscribed": False, "basis": "test"}


@dataclass(frozen=True)
class Rule:
    """A definition as the model sees it."""

    identifiers: tuple[str, ...] = ("email",)
    asks: bool = False
    excludes: int = 0
    """How many people, the first of the population, the excluded segment has."""


@dataclass(frozen=True)
class Size:
    people: int
    first: Rule = field(default_factory=Rule)
    then: Rule = field(default_factory=Rule)
    via: str = "membership"


WITH_PHONE = Rule(identifiers=("email", "phone"))
SIZES = [
    pytest.param(Size(0, then=WITH_PHONE), id="0"),
    pytest.param(Size(1, then=WITH_PHONE), id="1"),
    pytest.param(Size(1_000, WITH_PHONE, Rule(("email", "phone"), asks=True)), id="1,000"),
    pytest.param(Size(30_000, then=Rule(excludes=3_000)), id="30,000"),
    pytest.param(Size(30_001, Rule(asks=True), Rule(asks=True, excludes=3_000), via="export"), id="30,001"),
    pytest.param(
        Size(1_000_000, Rule(asks=True), Rule(asks=True, excludes=100_000), via="export"),
        id="1,000,000",
        marks=[pytest.mark.slow, pytest.mark.timeout(1800)],
    ),
]


def may_be_sent(one: dict[str, str], asks: bool) -> bool:
    refuses = one.get("unsubscribed") == "true" or one.get("do_not_share") == "true"
    return not asks or (one.get("ad_consent") == "true" and not refuses)


def forms(one: dict[str, str], identifiers: tuple[str, ...]) -> Iterator[str]:
    """Return the normal forms that Meta is to get of somebody."""
    if "email" in identifiers and (email := meta_email(one.get("email", ""))):
        yield email
    if "phone" in identifiers and (phone := international(one.get("phone", ""), "US")):
        yield phone.lstrip("+")


@dataclass
class List:
    """A list of an audience with one page's or one export's worth of people, and the model of it."""

    vendors: Vendors
    audience: Audience
    vendors_know_everybody: bool
    """Whether the platform knows whose email and phone belong together; without, it takes each row for a person."""
    excluded: int = 0

    @property
    def activation(self) -> Activation:
        return self.audience.activations.get()

    def define(self, rule: Rule) -> None:
        """Lock a version of the definition that follows a rule."""
        self.audience.definitions.update(state=Definition.State.PAST)
        if rule.excludes:
            self.excluded = self.vendors.segment(name="Buyers", generated={"to": rule.excludes})
            factories.segment_row(self.audience.segment.workspace, number=self.excluded, name="Buyers")
        factories.definition(
            self.audience,
            destinations=[self.activation.destination],
            identifiers=list(rule.identifiers),
            consent={"*": ASKS if rule.asks else ASKS_NOTHING},
            exclusions=[{"segment": self.excluded, "reason": "They bought"}] if rule.excludes else [],
        )

    def wanted(self, rule: Rule) -> list[list[str]]:
        """Return the digests of everybody who is to be on the list."""
        outside = {one["cio_id"] for one in self.vendors.members(self.excluded)} if rule.excludes else set()
        found = []
        for one in self.vendors.members(self.audience.segment.number):
            if one["cio_id"] not in outside and may_be_sent(one, rule.asks):
                found.append([sha256(form.encode()).hexdigest() for form in forms(one, rule.identifiers)])
        return [digests for digests in found if digests]

    def sync(self, rule: Rule) -> Run:
        """Sync, and check that everybody is there and nobody else."""
        if self.vendors_know_everybody:
            self.vendors.mirror()
        run = synced(self.activation)
        assert (run.state, run.words) == (RunState.DONE, "")
        wanted = self.wanted(rule)
        pipe = self.activation.pipe
        assert pipe is not None
        there = self.vendors.membership(pipe.write_key, identifiers=0)
        assert (there["people"], self.activation.members) == (len(wanted), len(wanted))
        listing = "".join(f"{digest}\n" for digest in sorted({one for digests in wanted for one in digests}))
        assert there["fingerprint"] == sha256(listing.encode()).hexdigest()
        assert there["failed"] == []
        return run


@pytest.mark.parametrize("size", SIZES)
def test_everybody_arrives_and_nobody_else(vendors: Vendors, settings: Settings, size: Size) -> None:
    settings.REQUEST_TIMEOUT = 30
    vendors.people(size.people, twins=False, shares={"national_phone": 0.0, "bad_phone": 0.0})
    audience = factories.registered_audience(vendors, [])
    number = audience.segment.number
    vendors.segment(id=number, name=audience.segment.name, generated={"share": 1.0})
    made = List(vendors, audience, vendors_know_everybody=size.people <= 1_000)
    made.define(size.first)

    first = made.sync(size.first)

    assert first.pull is not None
    assert (first.in_segment, first.pull.via) == (size.people, size.via)
    assert first.adds == made.activation.members
    assert size.people < 2 or made.activation.members < size.people, "some are not eligible"

    vendors.churn(number, 0.01)
    churned = made.sync(size.first)

    left = size.people // 100
    assert churned.adds <= left
    assert churned.removes <= left
    assert (churned.requests > 0) == (left > 0)

    assert made.sync(size.first).requests == 0, "nothing has changed, so nothing is sent"

    made.define(size.then)
    changed = made.sync(size.then)

    assert changed.definition.number == first.definition.number + 1
    assert (changed.requests > 0) == (size.people > 0)
    assert [finding for finding in verify() if not finding.holds] == []
