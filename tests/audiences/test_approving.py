"""A second person: who may approve what, to what a request is bound, how long it lives, and what putting into use does."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audiences import approving, promoting, working_days
from audiences.approving import NeedsSomebodyElse, approve, approvers, ask, decline, refusal, waiting_for, withdraw
from audiences.content_hash import STANDING, content_hash
from audiences.models import ApprovalRequest, Audience, Definition, Lifecycle
from audiences.models.definition import Locked
from audiences.registering import EditedMeanwhile, Incomplete, NotPossible, revise, save_draft
from muster.access import Role
from muster.models import Event, Person
from tests import factories
from tests.audiences.drafts import CART, again, complete

AT = timezone.now()
LATER = AT + timedelta(hours=1)
pytestmark = pytest.mark.engine


@pytest.fixture
def asked(marketer: Person, manager: Person) -> ApprovalRequest:
    """A marketer asked the manager about a complete draft of their own."""
    return ask(complete(marketer), of=manager, by=marketer, at=AT, words="For Black Friday")


def stored(request: ApprovalRequest) -> ApprovalRequest:
    return ApprovalRequest.objects.select_related("definition").get(pk=request.pk)


def test_asking_names_whom_and_leaves_the_draft_a_draft(asked: ApprovalRequest, manager: Person) -> None:
    assert (asked.state, asked.asked_of, asked.words) == ("waiting", manager, "For Black Friday")
    assert asked.definition.state == "draft"
    (event,) = Event.objects.all()
    assert (event.verb, event.detail["asked"]) == ("asked to approve v1 of", "Grace Osei")


def test_approving_locks_it_and_sends_nothing(asked: ApprovalRequest, manager: Person, marketer: Person) -> None:
    version = approve(asked, by=manager, at=LATER, words="Go")

    assert (version.state, version.approved_by, version.approved_at, version.lacking) == (
        "approved",
        manager,
        LATER,
        [],
    )
    assert not version.audience.activations.filter(lifecycle=Lifecycle.LIVE).exists()
    version.cadence = "every hour"
    with pytest.raises(Locked, match="v1 is locked and cannot be changed"):
        version.save()
    with pytest.raises(Locked):
        ask(again(version), of=manager, by=marketer, at=LATER)


def test_an_incomplete_draft_is_not_asked_for_and_every_gap_is_a_sentence(marketer: Person, manager: Person) -> None:
    draft = complete(marketer)
    Definition.objects.filter(pk=draft.pk).update(destinations=[], entry_rule="")

    with pytest.raises(Incomplete) as refused:
        ask(draft, of=manager, by=marketer, at=AT)

    assert "Choose at least one list." in refused.value.sentences
    assert all(sentence.endswith(".") for sentence in refused.value.sentences)
    assert not ApprovalRequest.objects.exists()


def test_what_was_seen_is_what_is_asked_for(marketer: Person, other_marketer: Person, manager: Person) -> None:
    draft = complete(marketer)
    theirs = again(draft)
    theirs.cadence = "every hour"
    save_draft(theirs, revision=1, by=other_marketer, at=AT)

    with pytest.raises(EditedMeanwhile):
        ask(draft, of=manager, by=marketer, at=AT, revision=1)


def test_nobody_is_asked_twice(asked: ApprovalRequest, manager: Person, marketer: Person) -> None:
    with pytest.raises(NotPossible, match=r"Mara Keller asked Grace Osei already"):
        ask(asked.definition, of=manager, by=marketer, at=LATER)


def test_an_edit_voids_the_request_and_the_next_one_counts(
    asked: ApprovalRequest, marketer: Person, manager: Person
) -> None:
    draft = again(asked.definition)
    draft.size_high = 5_000_000
    save_draft(draft, revision=1, by=marketer, at=LATER)

    with pytest.raises(NotPossible, match=r"The draft was edited by Mara Keller after it was asked for"):
        approve(asked, by=manager, at=LATER)

    assert again(draft).state == "draft"
    anew = ask(again(draft), of=manager, by=marketer, at=LATER)
    assert approve(anew, by=manager, at=LATER).size_high == 5_000_000


def test_saving_without_a_change_leaves_the_request(asked: ApprovalRequest, marketer: Person) -> None:
    assert save_draft(again(asked.definition), revision=1, by=marketer, at=LATER) == []
    assert stored(asked).state == "waiting"


FIELDS = [field.name for field in Definition._meta.concrete_fields if field.name not in STANDING | {"audience"}]
OTHER: dict[str, Any] = {
    "number": 7,
    "purpose": "winback",
    "conditions": CART,
    "freshness_minutes": 61,
    "window_hours": 9,
    "identifiers": ["phone"],
    "switch_on": date(2027, 1, 9),
    "switch_days": 9,
    "phone_country": "DE",
    "traits": [{"name": "ltv", "reason": "x"}],
    "exclusions": [{"segment": 1, "reason": "x"}],
    "consent": {},
    "holdout_targets": True,
    "destinations": [],
    "routes": {},
    "size_low": 1,
    "size_high": 2,
    "match_low": 1.5,
    "match_high": 2.5,
    "tolerance": 3.5,
    "review_date": timezone.localdate() + timedelta(days=9),
}


@pytest.mark.parametrize("field", FIELDS)
def test_the_hash_is_of_everything_that_a_version_says(
    field: str, asked: ApprovalRequest, manager: Person, marketer: Person
) -> None:
    """Whatever is put into the row behind Muster's back, the approval is of what was asked for and nothing else."""
    Definition.objects.filter(pk=asked.definition_id).update(**{field: OTHER.get(field, "other")})

    with pytest.raises((NotPossible, Incomplete)):
        approve(asked, by=manager, at=LATER)

    assert content_hash(again(asked.definition)) != asked.content_hash
    assert again(asked.definition).state == "draft"


def test_the_owner_is_part_of_what_is_approved(asked: ApprovalRequest, manager: Person, other_marketer: Person) -> None:
    Audience.objects.update(owner=other_marketer)

    with pytest.raises(NotPossible, match=r"no longer says what Mara Keller asked for"):
        approve(asked, by=manager, at=LATER)


def test_a_segment_changed_since_is_not_approved(asked: ApprovalRequest, manager: Person) -> None:
    segment = asked.definition.audience.segment
    segment.conditions, segment.fingerprint = CART, "changed"
    segment.save()

    with pytest.raises(Incomplete, match=r"The segment was changed in Customer.io after v1 was saved"):
        approve(asked, by=manager, at=LATER)


# Who may decide: asked or not, written or not, by role


ROLES = {
    "marketer": False,
    "manager": True,
    "paid_media": False,
    "administrator": False,
    "deputy": True,
    "inactive manager": False,
}


def somebody(role: str, manager: Person) -> Person:
    if role == "deputy":
        deputy = factories.person(role=Role.MARKETER)
        Person.objects.filter(pk=manager.pk).update(deputy=deputy)
        return deputy
    active = not role.startswith("inactive")
    return factories.person(role=role.removeprefix("inactive "), is_active=active)


@pytest.mark.parametrize("hand", ["none", "asked", "edited"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", [approve, decline], ids=["approve", "decline"])
def test_who_may_decide(
    act: Callable[..., object], role: str, hand: str, manager: Person, marketer: Person, other_marketer: Person
) -> None:
    who = somebody(role, manager)
    draft = complete(marketer)
    Definition.objects.filter(pk=draft.pk).update(edited_by=who if hand == "edited" else other_marketer)
    request = ask(again(draft), of=manager, by=who if hand == "asked" else marketer, at=AT)
    words = {"words": "Because"}

    if ROLES[role] and hand == "none":
        act(request, by=who, at=LATER, **words)
        assert stored(request).state == ("approved" if act is approve else "declined")
        assert stored(request).decided_for == (manager if role == "deputy" else None)
        return
    with pytest.raises(NeedsSomebodyElse, match=r"Ask .*Grace Osei") as refused:
        act(request, by=who, at=LATER, **words)
    assert str(refused.value).endswith(".")
    assert stored(request).state == "waiting"
    assert again(draft).state == "draft"


@pytest.mark.parametrize("state", [one for one in ApprovalRequest.State.values if one != "waiting"])
@pytest.mark.parametrize("act", [approve, decline, withdraw], ids=["approve", "decline", "withdraw"])
def test_what_ended_is_not_decided_again(
    act: Callable[..., object], state: str, asked: ApprovalRequest, manager: Person
) -> None:
    ApprovalRequest.objects.update(state=state)

    with pytest.raises(NotPossible, match=r"already\. Nothing was changed|Ask again"):
        act(asked, by=manager, at=LATER, **({"words": "x"} if act is decline else {}))

    assert stored(asked).state == state


def test_declined_with_words_it_can_be_edited_and_asked_for_again(
    asked: ApprovalRequest, marketer: Person, manager: Person
) -> None:
    decline(asked, by=manager, at=LATER, words="Too many people")

    assert (stored(asked).decided_words, again(asked.definition).state) == ("Too many people", "draft")
    assert Event.objects.latest("pk").reason == "Too many people"
    assert ask(again(asked.definition), of=manager, by=marketer, at=LATER).state == "waiting"


def test_a_withdrawn_request_is_no_longer_shown_to_the_approver(
    asked: ApprovalRequest, marketer: Person, manager: Person
) -> None:
    assert waiting_for(manager, LATER) == [asked]
    withdraw(asked, by=marketer, at=LATER)
    assert waiting_for(manager, LATER) == []


def test_only_who_may_decide_is_shown_that_it_waits(
    asked: ApprovalRequest, marketer: Person, administrator: Person, paid_media: Person
) -> None:
    another = factories.person(role="manager")
    assert [waiting_for(who, LATER) for who in (marketer, administrator, paid_media)] == [[], [], []]
    assert waiting_for(another, LATER) == [asked]
    Definition.objects.update(edited_by=another)
    assert waiting_for(another, LATER) == []


def test_after_three_working_days_it_lapses(asked: ApprovalRequest, marketer: Person, manager: Person) -> None:
    assert waiting_for(manager, asked.until - timedelta(seconds=1)) == [asked]
    assert waiting_for(manager, asked.until) == []
    with pytest.raises(NotPossible, match=r"lapsed after 3 working days. Ask Mara Keller to ask again"):
        approve(asked, by=manager, at=asked.until)

    ask(again(asked.definition), of=manager, by=marketer, at=asked.until)
    assert stored(asked).state == "lapsed"


def test_where_nobody_else_may_approve_it_says_whom_to_invite(manager: Person, administrator: Person) -> None:
    draft = complete(manager)

    assert approvers(draft, manager) == []
    with pytest.raises(NeedsSomebodyElse, match=r"Ask Ada Novak to invite a manager"):
        ask(draft, of=manager, by=manager, at=AT)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-23 09:00", "2026-11-26 09:00"),  # Monday
        ("2026-11-26 17:00", "2026-12-01 17:00"),  # Thursday, over a weekend
        ("2026-11-27 17:00", "2026-12-02 17:00"),
        ("2026-11-28 10:00", "2026-12-02 10:00"),  # Saturday: three whole working days
        ("2026-11-29 10:00", "2026-12-02 10:00"),
    ],
)
def test_working_days(start: str, end: str) -> None:
    zone = ZoneInfo("America/New_York")
    first, last = (datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone) for text in (start, end))
    assert working_days.after(first, 3, zone) == last


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(0, 40))  # noqa: DTZ001
def test_a_span_of_working_days_ends_on_one(at: datetime, days: int) -> None:
    start = at.replace(tzinfo=UTC)
    end = working_days.after(start, days, UTC)
    between = [start + timedelta(days=one) for one in range(1, (end - start).days + 1)]
    assert end.weekday() < 5
    assert sum(one.weekday() < 5 for one in between) - (start.weekday() >= 5 and days == 0) == days


# Putting into use


def test_promoting_makes_it_current_and_its_lists_live(marketer: Person, manager: Person) -> None:
    version = factories.approved(complete(marketer), by=manager)
    place = version.destinations[0]

    used = promoting.promote(version, factories.PROVED, by=manager, at=LATER)

    assert (used.state, used.promoted_by, used.promoted_at) == ("current", manager, LATER)
    made = used.audience.activations.get(kind="production")
    assert (made.destination_id, made.lifecycle, made.list_name) == (place, Lifecycle.LIVE, "Cart people")
    assert made.pipe_id == version.routes[str(place)]["pipe"]
    assert Event.objects.latest("pk").verb == "put into use v1 of"


def test_the_old_version_runs_until_the_new_one_is_put_into_use(marketer: Person, manager: Person) -> None:
    first = factories.in_use(complete(marketer), by=manager)
    second = factories.approved(revise(first.audience, reason="Slower", by=marketer, at=AT), by=manager)
    assert [again(one).state for one in (first, second)] == ["current", "approved"]

    promoting.promote(second, factories.PROVED, by=manager, at=LATER)

    assert [again(one).state for one in (first, second)] == ["past", "current"]


def test_an_approved_version_that_never_ran_gives_way_to_the_next(marketer: Person, manager: Person) -> None:
    first = factories.approved(complete(marketer), by=manager)
    second = revise(first.audience, reason="A mistake", by=marketer, at=AT)
    assert second.outcome == first.outcome
    factories.approved(second, by=manager)

    assert [again(one).state for one in (first, second)] == ["past", "approved"]
    with pytest.raises(NotPossible, match=r"v1 is past, not approved. Nothing was changed."):
        promoting.promote(first, factories.PROVED, by=manager, at=LATER)


@pytest.mark.parametrize("state", ["draft", "approved", "current", "past"])
@pytest.mark.parametrize("hand", ["none", "asked", "edited"])
@pytest.mark.parametrize("role", ROLES)
def test_who_may_put_what_into_use(
    role: str, hand: str, state: str, marketer: Person, other_marketer: Person, manager: Person
) -> None:
    who = somebody(role, manager)
    draft = complete(marketer)
    Definition.objects.filter(pk=draft.pk).update(edited_by=who if hand == "edited" else other_marketer)
    version = factories.approved(again(draft), by=manager, asked_by=who if hand == "asked" else marketer)
    moved: dict[str, Any] = {
        "draft": {"approved_at": None, "approved_by": None},
        "current": {"promoted_at": AT, "promoted_by": manager},
    }
    Definition.objects.filter(pk=version.pk).update(state=state, **moved.get(state, {}))

    if ROLES[role] and hand == "none" and state == "approved":
        assert promoting.promote(version, factories.PROVED, by=who, at=LATER).state == "current"
        return
    wrong = NeedsSomebodyElse if state == "approved" else NotPossible
    with pytest.raises(wrong) as refused:
        promoting.promote(version, factories.PROVED, by=who, at=LATER)
    assert str(refused.value).endswith(".")
    assert again(version).state == state


def test_a_pipe_two_drafts_chose_goes_to_the_first(marketer: Person, manager: Person) -> None:
    one, two = complete(marketer, name="One"), complete(marketer, name="Two")
    (pipe,) = [route["pipe"] for route in one.routes.values()]
    Definition.objects.filter(pk=two.pk).update(
        routes={str(place): {"pipe": pipe, "list_name": ""} for place in two.destinations}
    )
    factories.in_use(one, by=manager)

    with pytest.raises(Incomplete, match="already serves One at"):
        ask(again(two), of=manager, by=marketer, at=AT)


def test_an_archived_audience_is_neither_approved_nor_put_into_use(asked: ApprovalRequest, manager: Person) -> None:
    version = factories.approved(complete(factories.person(), name="Other"), by=manager)
    Audience.objects.update(archived_at=AT)

    with pytest.raises(Incomplete, match=r"The audience is retired."):
        approve(asked, by=manager, at=LATER)
    with pytest.raises(Incomplete, match=r"The audience is retired."):
        promoting.promote(version, factories.PROVED, by=manager, at=LATER)
    assert waiting_for(manager, LATER) == []


def test_a_refusal_is_a_sentence_with_a_name(asked: ApprovalRequest, marketer: Person, paid_media: Person) -> None:
    assert refusal(asked, marketer) == "You asked for this approval, so somebody else decides. Ask Grace Osei."
    assert refusal(asked, paid_media) == "Approving takes a manager, or a manager's deputy. Ask Grace Osei."
    assert approving.nobody_else().startswith("A second person has to approve it, and nobody else here may")
