"""What happens to people between two syncs, case by case: who is then on the list, at the stand-in, person by person.

Each case runs on a targeting and on a suppression list, and on each kind of destination and payload. An ad platform knows
people by every identifier they ever had; a removal by any of them takes the person off, so a case fails when a removal
carries what somebody who stays carries too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Activation, Audience, Definition, Workspace
from syncs.erased import identifier_hint, identifier_value
from syncs.models import Pull, Run, Tombstone
from syncs.states import RunState
from syncs.verify import verify
from tests import factories
from tests.person_keys import key_of
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

NAMES = ("anna", "ben", "cara", "dora")
EVERYBODY = frozenset(NAMES)
PURPOSES = ("retarget", "suppress")
KINDS = (("meta", "record"), ("google_ads", "record"), ("meta", "audiencelist"), ("amplitude", "identify_track"))
ANALYTICS = "amplitude"
EXCLUSION_READ_AGAIN = timedelta(minutes=16)


def plain(name: str) -> dict[str, str]:
    """Return somebody who has everything and refuses nothing."""
    return {
        "id": f"shop-{name}",
        "email": f"{name}@shop.example",
        "phone": f"+1212867530{NAMES.index(name)}",
        "ad_consent": "true",
    }


@dataclass
class World:
    """A workspace with four people in one segment, and an audience of it with one list."""

    vendors: Vendors
    space: Workspace
    ids: dict[str, str]
    others: int
    """Number of a segment with nobody in it, for exclusions."""
    audience: Audience = field(init=False)

    @property
    def list(self) -> Activation:
        return self.audience.activations.select_related("destination", "pipe").get()

    def change(self, name: str, **attributes: str | None) -> None:
        self.vendors.upsert({"cio_id": self.ids[name], **attributes})

    def leave(self, name: str) -> None:
        self.vendors.change_segment(self.audience.segment.number, remove=[self.ids[name]])

    def merge(self, name: str, into: str) -> None:
        order = {"from": self.ids[name], "into": self.ids[into]}
        self.vendors.order(self.vendors.us, "/_sandbox/people/merge", order)

    def exclude(self, name: str, *, excluded: bool = True) -> None:
        """Let somebody enter or leave the excluded segment, so long ago that it is read again."""
        change: dict[str, Any] = {"add" if excluded else "remove": [self.ids[name]]}
        self.vendors.change_segment(self.others, **change)
        Pull.objects.filter(segment__number=self.others).update(began_at=timezone.now() - EXCLUSION_READ_AGAIN)

    def erase(self, name: str, *identifiers: str) -> None:
        """Leave tombstones of somebody and of identifiers in normal form, as an erasure does."""
        self._bury(Tombstone.Kind.KEY, key_of(self.space.pk, self.ids[name]))
        for one in identifiers:
            digest = sha256(one.encode()).digest()
            self._bury(Tombstone.Kind.IDENTIFIER, identifier_value(digest), identifier_hint(digest))

    def _bury(self, kind: str, value: bytes, hint: int = 0) -> None:
        Tombstone.objects.create(workspace=self.space, kind=kind, value=value, hint=hint, at=timezone.now())

    def define(self, **clauses: Any) -> None:
        """Lock a new version of the definition that differs in these clauses."""
        known = self.audience.definitions.get(state=Definition.State.CURRENT)
        self.audience.definitions.update(state=Definition.State.PAST)
        kept = {"purpose": known.purpose, "consent": known.consent, "exclusions": known.exclusions}
        factories.definition(self.audience, destinations=[self.list.destination], **{**kept, **clauses})

    def on_list(self) -> set[str]:
        """Return who is on the list at the stand-in; somebody whom nobody knows is told as `?`."""
        made = self.list
        assert made.pipe is not None
        if made.destination.platform == ANALYTICS:
            trait = f"muster_aud_{self.audience.slug.replace('-', '_')}"
            told = self.vendors.membership(made.pipe.write_key, trait=trait)["user_ids"]
            return {user.removeprefix("shop-") for user in told}
        held = self.vendors.membership(made.pipe.write_key)
        names = {cio_id: name for name, cio_id in self.ids.items()}
        return {names[ref] for ref in held["refs"]} | ({"?"} if held["strangers"] else set())

    def sync(self) -> Run:
        """Let the ad platforms learn who people are by now, and sync the list to its end."""
        self.vendors.mirror()
        return synced(self.list)


@dataclass(frozen=True)
class Ends:
    """Who is on the list: of an ad platform when targeting, when suppressing, and at an analytics tool likewise."""

    targeting: frozenset[str] = EVERYBODY
    suppression: frozenset[str] = EVERYBODY
    analytics: tuple[frozenset[str], frozenset[str]] | None = None

    def of(self, platform: str, purpose: str) -> frozenset[str]:
        if platform == ANALYTICS and self.analytics is not None:
            return self.analytics[PURPOSES.index(purpose)]
        return self.suppression if purpose == "suppress" else self.targeting


def without(*names: str) -> frozenset[str]:
    return EVERYBODY - set(names)


def both(ads: frozenset[str], analytics: frozenset[str] | None = None) -> Ends:
    """Return ends that do not depend on the purpose."""
    return Ends(ads, ads, None if analytics is None else (analytics, analytics))


def in_turn(*steps: Callable[[World], None]) -> Callable[[World], None]:
    def happens(world: World) -> None:
        for step in steps:
            step(world)

    return happens


@dataclass(frozen=True)
class Case:
    """People who differ from the plain ones, what happens, and who is on the list before and after."""

    happens: Callable[[World], None]
    people: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    before: Ends = Ends()
    after: Ends = Ends()
    consent: Mapping[str, Any] = field(default_factory=dict)
    excludes: bool = False
    excluded_first: tuple[str, ...] = ()
    in_ledger: Ends | None = None
    """Whom we believe to be on the list, where it is not who is there: two who share a mailbox cannot be told apart."""


PHONE, MAILBOX = "+12128675399", "family@shop.example"
SHARED_PHONE = {"anna": {"phone": PHONE}, "ben": {"phone": PHONE}}
SHARED_MAILBOX = {"anna": {"email": MAILBOX, "phone": None}, "ben": {"email": MAILBOX, "phone": None}}
WITH_BENS_PHONE = {"anna": {"phone": plain("ben")["phone"]}}

CASES = {
    "email change": Case(lambda world: world.change("anna", email="anna.new@shop.example")),
    "somebody takes an address over": Case(
        in_turn(
            lambda world: world.change("anna", email="anna.new@shop.example"),
            lambda world: world.change("ben", email="anna@shop.example"),
        )
    ),
    "shared phone of which one leaves": Case(
        lambda world: world.leave("anna"), people=SHARED_PHONE, after=both(without("anna"))
    ),
    "shared phone of which one gets another": Case(
        lambda world: world.change("anna", phone="+12128675398"), people=SHARED_PHONE
    ),
    "shared mailbox of which one leaves": Case(
        lambda world: world.leave("anna"),
        people=SHARED_MAILBOX,
        after=both(EVERYBODY, without("anna")),
        in_ledger=both(without("anna")),
    ),
    "shared mailbox of which both leave": Case(
        in_turn(
            lambda world: world.leave("anna"),
            lambda world: world.leave("ben"),
        ),
        people=SHARED_MAILBOX,
        after=both(without("anna", "ben")),
    ),
    "merge": Case(lambda world: world.merge("anna", into="ben"), after=both(without("anna"))),
    "merge that brings a phone along": Case(
        # The platform knows Anna by the phone that is Ben's now: his addition brings her back where it comes last.
        lambda world: world.merge("anna", into="ben"),
        people={"ben": {"phone": None}},
        after=Ends(EVERYBODY, without("anna"), (without("anna"), without("anna"))),
        in_ledger=both(without("anna")),
    ),
    "identifier order change": Case(lambda world: world.define(identifiers=["phone", "email"])),
    "phones are not sent any more": Case(
        lambda world: world.define(identifiers=["email"]),
        people={"anna": {"email": None}},
        after=both(without("anna"), EVERYBODY),
    ),
    "one identifier of two lost": Case(lambda world: world.change("anna", phone=None)),
    "the only identifier lost": Case(
        lambda world: world.change("anna", email=None),
        people={"anna": {"phone": None}},
        after=both(without("anna"), EVERYBODY),
    ),
    "consent withdrawn": Case(
        lambda world: world.change("anna", ad_consent="false"),
        consent={"require_true": ["ad_consent"]},
        after=Ends(without("anna")),
    ),
    "consent withdrawn by one of two who share a phone": Case(
        lambda world: world.change("anna", ad_consent="false"),
        people=SHARED_PHONE,
        consent={"require_true": ["ad_consent"]},
        after=Ends(without("anna", "ben"), analytics=(without("anna"), EVERYBODY)),
    ),
    "consent given back": Case(
        lambda world: world.change("anna", ad_consent="true"),
        people={"anna": {"ad_consent": "false"}},
        consent={"require_true": ["ad_consent"]},
        before=Ends(without("anna")),
    ),
    "unsubscribed": Case(
        lambda world: world.change("anna", unsubscribed="true"),
        consent={"not_unsubscribed": True},
        after=Ends(without("anna")),
    ),
    "sharing forbidden": Case(
        lambda world: world.change("anna", do_not_share="true"),
        consent={"not_true": ["do_not_share"]},
        after=both(without("anna")),
    ),
    "exclusion gained": Case(lambda world: world.exclude("anna"), excludes=True, after=both(without("anna"))),
    "exclusion gained by the phone of another": Case(
        lambda world: world.exclude("ben"),
        people=WITH_BENS_PHONE,
        excludes=True,
        after=both(without("anna", "ben"), without("ben")),
    ),
    "exclusion lost": Case(
        lambda world: world.exclude("anna", excluded=False),
        excludes=True,
        excluded_first=("anna",),
        before=both(without("anna")),
    ),
    "erased person still in the segment": Case(lambda world: world.erase("anna"), after=both(without("anna"))),
    "erased person under a new profile": Case(
        # The key is another's by now: the address tells who it was. On analytics there is no address to tell by.
        in_turn(
            lambda world: world.leave("anna"),
            lambda world: world.change("anna", email=None),
            lambda world: world.change("ben", email="anna@shop.example"),
            lambda world: world.erase("anna", "anna@shop.example"),
        ),
        after=both(without("anna", "ben"), without("anna")),
    ),
}


def built(vendors: Vendors, case: Case, platform: str, payload: str, purpose: str) -> World:
    """Return the world of a case before anything was sent."""
    space = factories.workspace()
    made = factories.registered_audience(vendors, [], space=space, platform=platform, payload=payload, purpose=purpose)
    ids = dict(zip(NAMES, vendors.upsert(*map(plain, NAMES)), strict=True))
    vendors.upsert(*({"cio_id": ids[name], **other} for name, other in case.people.items()))
    vendors.change_segment(made.segment.number, add=list(ids.values()))
    others = vendors.segment(name="Buyers", members=[ids[name] for name in case.excluded_first])
    factories.segment_row(space, number=others, name="Buyers")
    world = World(vendors, space, ids, others)
    world.audience = made
    consent = {"require_true": [], "not_true": [], "not_unsubscribed": False, "basis": "test", **case.consent}
    excluded = [{"segment": others, "reason": "They bought"}] if case.excludes else []
    made.definitions.all().delete()
    identifiers = ["external_id"] if platform == ANALYTICS else ["email", "phone"]
    places = [world.list.destination]
    factories.definition(
        made,
        purpose=purpose,
        destinations=places,
        consent={"*": consent},
        exclusions=excluded,
        identifiers=identifiers,
    )
    return world


def rows() -> list[Any]:
    """Return every case by kind; on the other kinds than the first, two of three are left to the long matrices."""
    found = []
    for place, name in enumerate(CASES):
        for number, kind in enumerate(KINDS):
            now = number == 0 or (place + number) % 3 == 0
            found.append(
                pytest.param(name, *kind, id=f"{name}-{'-'.join(kind)}", marks=[] if now else pytest.mark.slow)
            )
    return found


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize(("name", "platform", "payload"), rows())
def test_who_is_on_the_list_afterwards(vendors: Vendors, name: str, platform: str, payload: str, purpose: str) -> None:
    case = CASES[name]
    world = built(vendors, case, platform, payload, purpose)

    first = world.sync()

    assert (first.state, first.words) == (RunState.DONE, "")
    assert world.on_list() == case.before.of(platform, purpose)

    case.happens(world)
    second = world.sync()

    assert (second.state, second.words) == (RunState.DONE, "")
    assert world.on_list() == case.after.of(platform, purpose)
    assert world.list.members == len((case.in_ledger or case.after).of(platform, purpose))

    again = world.sync()

    assert (again.state, again.requests) == (RunState.DONE, 0), "a third sync finds nothing to change"
    assert [finding for finding in verify() if not finding.holds] == []
