"""The pilot against the stand-ins: only the team arrives and leaves again, the evidence says so, and then it is put into use."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences import promoting, roster, segments
from audiences.models import Activation, Arrival, Audience, Definition, Lifecycle, RosterMember
from audiences.registering import NotPossible, revise
from audiences.roster import NotOnRoster
from muster.access import Role
from muster.models import Event, Person
from syncs import evidence, growing
from syncs.admission import held_by_production
from syncs.models import Run
from syncs.start import CannotStart, start
from syncs.states import RunState
from tests import factories
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]
AT = timezone.now()
NO_CONSENT_ASKED = {"*": {"require_true": [], "not_true": [], "not_unsubscribed": True, "basis": "Asked at sign-up"}}


@pytest.fixture
def team(vendors: Vendors, administrator: Person) -> list[str]:
    """Three of the team: people in Customer.io whose addresses are on the roster."""
    people = [
        {"id": f"t-{name}", "email": f"{name}@team.example", "phone": f"+1212555010{place}"}
        for place, name in enumerate(("ann.bell", "cy.dow", "eve.fox"))
    ]
    roster.allow_domain("team.example", by=administrator, at=AT)
    roster.add([str(one["email"]) for one in people], team="Retention", by=administrator, at=AT)
    return vendors.upsert(*people)


def approved(vendors: Vendors, members: list[str], owner: Person, manager: Person, **fields: Any) -> Definition:
    """An approved first version of an audience with 40 customers and these members."""
    vendors.people(40, plain=True)
    number = vendors.segment(name="Everybody", generated={"share": 1.0})
    vendors.change_segment(number, add=members)
    space = factories.workspace()
    row = segments.refresh(space, at=AT)[number]
    place = factories.destination(name="Meta US")
    pipe = factories.pipe("pilot-key", data_plane_url=vendors.rudder)
    vendors.source("pilot-key", "FB_CUSTOM_AUDIENCE")
    draft = factories.definition(
        factories.audience(name="Cart", segment=row, owner=owner),
        state="draft",
        destinations=[place],
        routes={str(place.pk): {"pipe": pipe.pk, "list_name": ""}},
        consent=NO_CONSENT_ASKED,
        **fields,
    )
    return factories.approved(draft, by=manager)


def pilot_of(version: Definition) -> Activation:
    return Activation.objects.get(audience=version.audience_id, kind="pilot")


def on_list(vendors: Vendors) -> set[str]:
    return set(vendors.membership("pilot-key")["refs"])


def cleared(made: Activation) -> Run:
    return work_off(start(made, trigger=Run.Trigger.BUTTON, at=timezone.now(), kind=Run.Kind.CLEAR))


def test_the_whole_pilot(vendors: Vendors, team: list[str], marketer: Person, manager: Person) -> None:
    version = approved(vendors, team, marketer, manager)
    vendors.mirror()
    made = pilot_of(version)
    production = Activation.objects.filter(kind="production")
    assert (made.lifecycle, production.filter(members__gt=0).exists()) == (Lifecycle.IN_PILOT, False)
    assert not evidence.proof_of(version).passed

    run = synced(made)

    assert (run.state, run.wanted, run.adds) == (RunState.DONE, 3, 3)
    assert run.in_segment == 43
    assert run.left_out == {"not_on_roster": 40}
    assert len(vendors.events("pilot-key")) == 3
    (found,) = evidence.of_version(version)
    states = {item.label: item.state for item in found.items}
    assert states == {
        "Identity resolved": "done",
        "Accepted by RudderStack": "done",
        "Removed again": "open",
        "Count at Meta US": "told",
    }
    assert "Too small to say: 3 people" in found.sentences[-1]
    with pytest.raises(NotPossible, match=r"The pilot of v1 has not passed. Meta US: Removing was not shown yet"):
        promoting.promote(version, evidence.proof_of(version), by=manager, at=AT)

    gone = cleared(Activation.objects.get(pk=made.pk))

    assert (gone.state, gone.removes, gone.accepted_removes) == (RunState.DONE, 3, 3)
    assert Activation.objects.get(pk=made.pk).members == 0
    proof = evidence.proof_of(version)
    assert proof.passed
    used = promoting.promote(version, proof, by=manager, at=AT, ramp=10)
    assert used.evidence == proof.sentences
    assert "3 removals accepted; nobody of the pilot is left on the list." in " ".join(used.evidence)
    live = Activation.objects.get(kind="production")
    assert (live.lifecycle, live.ramp) == (Lifecycle.LIVE, 10)
    first = synced(live)
    assert first.left_out["not_yet"] == 43 - (first.wanted or 0)
    assert 0 < (first.wanted or 0) < 20
    # Nobody judged the first tenth in time: whoever leaves is removed, and nobody is added.
    Run.objects.filter(pk=first.pk).update(finished_at=timezone.now() - timedelta(hours=73))
    number = version.audience.segment.number
    leaver = next(one["cio_id"] for one in vendors.members(number) if one["cio_id"] in on_list(vendors))
    vendors.change_segment(number, remove=[leaver])
    Activation.objects.filter(pk=live.pk).update(ramp=60)
    late = synced(Activation.objects.get(pk=live.pk))
    assert (late.state, late.reason, late.accepted_adds, late.accepted_removes) == (RunState.HELD, "not_judged", 0, 1)
    growing.grow(live, by=manager, reason="They match", at=timezone.now())
    assert synced(Activation.objects.get(pk=live.pk)).wanted == 42


def test_nobody_of_the_team_in_the_segment_is_said(
    vendors: Vendors, team: list[str], marketer: Person, manager: Person
) -> None:
    version = approved(vendors, [], marketer, manager)

    run = synced(pilot_of(version))

    assert (run.state, run.wanted, run.requests) == (RunState.DONE, 0, 0)
    assert vendors.events("pilot-key") == []
    assert "Nobody of the roster is in the segment" in " ".join(evidence.proof_of(version).lacks)


def test_a_pilot_of_a_list_that_knows_no_email_finds_the_team_by_it(
    vendors: Vendors, team: list[str], marketer: Person, manager: Person
) -> None:
    version = approved(vendors, team, marketer, manager, identifiers=["phone"])

    run = synced(pilot_of(version))

    assert (run.state, run.wanted) == (RunState.DONE, 3)


def test_a_new_version_is_proved_anew_and_removes_nobody_that_production_holds(
    vendors: Vendors, team: list[str], marketer: Person, manager: Person
) -> None:
    first = promoting.promote(approved(vendors, team, marketer, manager), factories.PROVED, by=manager, at=AT, ramp=100)
    live = Activation.objects.get(kind="production")
    assert synced(live).wanted == 43

    second = factories.approved(revise(first.audience, reason="Again", by=marketer, at=AT), by=manager)
    pilot = pilot_of(second)
    assert held_by_production(pilot)
    assert not evidence.proof_of(second).passed
    assert synced(pilot).wanted == 3
    RosterMember.objects.filter(initials="AB").delete()

    again = synced(Activation.objects.get(pk=pilot.pk))

    assert (again.state, again.reason, again.accepted_removes) == (RunState.HELD, "production_holds", 0)
    with pytest.raises(CannotStart, match="the pilot removes nobody from it"):
        start(pilot, trigger=Run.Trigger.BUTTON, at=AT, kind=Run.Kind.CLEAR)
    proof = evidence.proof_of(second)
    assert proof.passed
    assert any("Not exercised for 3 people" in sentence for sentence in proof.sentences)
    assert synced(Activation.objects.get(pk=live.pk)).definition == first  # the approved version keeps running
    promoting.promote(second, proof, by=manager, at=AT)
    run = synced(Activation.objects.get(pk=live.pk))
    assert (run.definition, run.removes) == (second, 0)


def test_an_edit_of_a_live_suppression_never_stops_or_empties_it(
    vendors: Vendors, team: list[str], marketer: Person, manager: Person
) -> None:
    version = approved(vendors, team, marketer, manager, purpose="suppress")
    vendors.mirror()
    first = promoting.promote(version, factories.PROVED, by=manager, at=AT, ramp=100)
    live = Activation.objects.get(kind="production")
    everybody = 43

    def still_suppressed(by: Definition) -> None:
        run = synced(Activation.objects.get(pk=live.pk))
        assert (run.state, run.definition, run.removes, run.held) == (RunState.DONE, by, 0, {})
        assert len(on_list(vendors)) == Activation.objects.get(pk=live.pk).members == everybody

    still_suppressed(first)
    draft = revise(first.audience, reason="A fresher list", by=marketer, at=AT)
    still_suppressed(first)
    Definition.objects.filter(pk=draft.pk).update(freshness_minutes=60)
    still_suppressed(first)
    second = factories.approved(Definition.objects.get(pk=draft.pk), by=manager)
    still_suppressed(first)
    assert synced(pilot_of(second)).state == RunState.DONE
    still_suppressed(first)
    promoting.promote(second, evidence.proof_of(second), by=manager, at=AT)
    still_suppressed(second)


# The gate: kind of list × state of the version, at enqueue and again inside the job

ADMITTED = {("production", "current"), ("pilot", "approved")}
STATES = ["draft", "approved", "current", "past"]


def in_state(state: str) -> Audience:
    made = factories.audience(name="Cart")
    place, pipe = factories.destination(), factories.pipe()
    factories.definition(made, state=state, destinations=[place])
    for kind in ("production", "pilot"):
        factories.activation(made, place, pipe, kind=kind)
    return made


@pytest.mark.parametrize("act", ["sync", "dry_run", "reassert"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["production", "pilot"])
def test_enqueued_is_only_what_passed(kind: str, state: str, act: str, team: list[str], marketer: Person) -> None:
    made = in_state(state).activations.get(kind=kind)

    if (kind, state) in ADMITTED:
        assert start(made, trigger=Run.Trigger.BUTTON, at=AT, kind=act).is_live
        return
    with pytest.raises(CannotStart) as refused:
        start(made, trigger=Run.Trigger.BUTTON, at=AT, kind=act)
    assert str(refused.value).endswith(".")
    assert not Run.objects.exists()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["production", "pilot"])
def test_inside_the_job_it_is_asked_again(kind: str, state: str, team: list[str], vendors: Vendors) -> None:
    """A run whose version moved after it was enqueued ends before anything is read."""
    made = in_state("current" if kind == "production" else "approved").activations.get(kind=kind)
    run = start(made, trigger=Run.Trigger.BUTTON, at=AT)
    if (kind, state) in ADMITTED:
        return
    moved: dict[str, Any] = {
        "draft": {"approved_at": None, "approved_by": None, "promoted_at": None},
        "approved": {"promoted_at": None},
        "current": {"promoted_at": AT},
        "past": {},
    }
    Definition.objects.update(state=state, **moved[state])

    ended = work_off(run)

    assert (ended.state, ended.reason, ended.pull, ended.requests) == (RunState.FAILED, "not_admitted", None, 0)
    assert "nothing was sent" in ended.words


def test_without_a_roster_no_pilot_starts(marketer: Person) -> None:
    made = in_state("approved").activations.get(kind="pilot")
    with pytest.raises(CannotStart, match=r"Nobody is on the roster.*Ask an administrator"):
        start(made, trigger=Run.Trigger.BUTTON, at=AT)


def test_a_production_list_is_not_emptied_by_the_button(marketer: Person) -> None:
    made = in_state("current").activations.get(kind="production")
    with pytest.raises(CannotStart, match="only from a list that is retired"):
        start(made, trigger=Run.Trigger.BUTTON, at=AT, kind=Run.Kind.CLEAR)


# The roster


def test_only_hashes_and_initials_are_kept(team: list[str]) -> None:
    one = RosterMember.objects.order_by("pk")[0]
    assert (one.initials, one.team, str(one)) == ("AB", "Retention", "AB at team.example")
    assert len(roster.digests()) == 3
    kept = " ".join(str(value) for row in RosterMember.objects.values() for value in row.values())
    logged = " ".join(f"{event} {event.detail} {event.reason}" for event in Event.objects.all())
    for text in ("ann", "ann.bell", "@team.example"):
        assert text not in kept
        assert text not in logged


@pytest.mark.parametrize(
    ("address", "words"),
    [("nobody", "Line 2 is not an email address"), ("x@shop.example", "at a domain that is not allowed")],
)
def test_one_wrong_line_and_nobody_is_added(address: str, words: str, administrator: Person) -> None:
    roster.allow_domain("team.example", by=administrator, at=AT)

    with pytest.raises(NotOnRoster, match=words) as refused:
        roster.add(["ok@team.example", address], team="", by=administrator, at=AT)

    assert address not in str(refused.value).replace("not an email address", "")
    assert not RosterMember.objects.exists()


def test_a_domain_takes_its_people_along(team: list[str], administrator: Person) -> None:
    member = RosterMember.objects.order_by("pk")[0]
    assert roster.add(["Ann.Bell@TEAM.example "], team="", by=administrator, at=AT) == 0  # she is there already
    roster.drop_domain(member.domain, by=administrator, at=AT)
    assert roster.digests() == frozenset()


# The page


def test_two_people_on_the_page(vendors: Vendors, team: list[str], marketer: Person, manager: Person) -> None:
    version = approved(vendors, team, marketer, manager)
    page = "/audiences/cart/definition/v1/pilot/"
    mine, theirs = Client(), Client()
    mine.force_login(marketer)
    theirs.force_login(manager)

    before = mine.get(page).content.decode()
    assert "The loop is not proven yet." in before
    assert "Run the pilot" in before
    assert (
        theirs.post("/audiences/cart/definition/v1/promote/", {"ramp": "100"}, follow=True)
        .content.decode()
        .count("Not put into use. The pilot of v1 has not passed.")
    )
    synced(pilot_of(version))
    assert "Remove the 3 again" in mine.get(page).content.decode()
    cleared(pilot_of(version))

    assert "You asked for v1, so somebody else puts it into use. Ask Grace Osei." in mine.get(page).content.decode()
    assert mine.post("/audiences/cart/definition/v1/promote/", {"ramp": "100"}).status_code == 403
    assert "Sign, and begin with 10%" in theirs.get(page).content.decode()
    wrong = theirs.post("/audiences/cart/definition/v1/promote/", {"ramp": "55"}, follow=True).content.decode()
    assert "Choose how many people are sent at first. Nothing was changed." in wrong
    done = theirs.post("/audiences/cart/definition/v1/promote/", {"ramp": "10"}, follow=True).content.decode()
    assert "v1 is in use and its lists are live." in done
    assert "Signed by Grace Osei" in mine.get(page).content.decode()


@pytest.mark.parametrize("role", [Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR])
def test_the_rosters_page_shows_no_address(role: str, team: list[str], client: Client) -> None:
    client.force_login(factories.person(role=role))
    page = client.get("/roster/").content.decode()
    assert "AB" in page
    assert "ann.bell" not in page
    answer = client.post("/roster/", {"addresses": "new.one@team.example\nx@elsewhere.example", "team": "Web"})
    if role != Role.ADMINISTRATOR:
        assert answer.status_code == 403
        return
    assert (
        "Line 2 is an address at a domain that is not allowed here (allowed: team.example)" in answer.content.decode()
    )
    client.post("/roster/", {"addresses": "new.one@team.example", "team": "Web"})
    assert RosterMember.objects.filter(initials="NO", team="Web").exists()
    assert timezone.now() - AT < timedelta(hours=1)


@pytest.mark.parametrize(
    ("readiness", "size", "state", "words"),
    [
        ("usable", (3, 3), "done", "Usable: 3 of 3 accepted. Ads can use it."),
        ("unknown", (None, None), "told", "Too small to say: 0 people; a size is shown from 1,000 on."),
    ],
)
def test_the_count_comes_from_what_the_platform_said(
    vendors: Vendors,
    team: list[str],
    marketer: Person,
    manager: Person,
    readiness: str,
    size: tuple[int | None, int | None],
    state: str,
    words: str,
) -> None:
    version = approved(vendors, team, marketer, manager)
    low, high = size
    Arrival.objects.create(
        activation=pilot_of(version),
        readiness=readiness,
        words="Ads can use it.",
        accepted=3,
        size_low=low,
        size_high=high,
        as_of=AT,
        read_at=AT,
    )

    (found,) = evidence.of_version(version)

    item = next(one for one in found.items if one.label == "Count at Meta US")
    assert (item.state, item.words, item.at) == (state, words, AT)
