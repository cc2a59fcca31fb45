"""How a definition moves: registered, edited, revised, discarded; and what each step leaves in the log."""

from typing import Any

import pytest
from django.utils import timezone

from audiences.archiving import archive
from audiences.models import Audience, Definition, Lifecycle
from audiences.models.definition import Locked
from audiences.registering import (
    EditedMeanwhile,
    NameTaken,
    NotPossible,
    discard,
    free_slug,
    register,
    revise,
    save_draft,
)
from muster.models import Event, Person
from syncs import pausing
from tests import factories
from tests.audiences.drafts import CART, again, complete

AT = timezone.now()
pytestmark = pytest.mark.engine


def begun(owner: Person, **fields: Any) -> Definition:
    """The first draft of an audience as the page registers it."""
    wanted = {"segment": factories.segment_row(), "name": "Cart", "purpose": "retarget", "owner": owner, "by": owner}
    made = register(**{**wanted, **fields}, at=AT)
    return made.definitions.get()


def verbs() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("verb", flat=True))


def test_registering_makes_a_first_draft_with_defaults_and_says_what_lacks(marketer: Person) -> None:
    draft = begun(marketer, segment=factories.segment_row(conditions=CART, fingerprint="f"))

    assert (draft.number, draft.state, draft.revision) == (1, "draft", 1)
    assert (draft.identifiers, draft.freshness_minutes) == (["email", "phone"], 120)
    assert (draft.logic, draft.fingerprint) == ("The event “cart” happened within the last hour.", "f")
    assert draft.review_date
    assert draft.review_date > timezone.localdate(AT)
    assert "Lists" in draft.lacking
    assert "Logic" not in draft.lacking
    (event,) = Event.objects.all()
    assert (event.verb, event.actor, event.audience_id) == ("registered", marketer, draft.audience_id)


@pytest.mark.parametrize(
    ("purpose", "unsubscribed", "has_basis"), [("retarget", True, False), ("suppress", False, True)]
)
def test_the_purpose_sets_the_first_consent_rule(
    purpose: str, unsubscribed: bool, has_basis: bool, marketer: Person
) -> None:
    space = factories.workspace(do_not_share="no_share")

    rule = begun(marketer, purpose=purpose, segment=factories.segment_row(space)).consent["*"]

    assert (rule["not_unsubscribed"], bool(rule["basis"]), rule["not_true"]) == (unsubscribed, has_basis, ["no_share"])


def test_a_name_that_somebody_took_since_the_form_was_checked_is_refused_in_words(marketer: Person) -> None:
    begun(marketer, name="Cart")

    with pytest.raises(NameTaken, match="Another audience has this name"):
        begun(marketer, name="Cart")

    assert Audience.objects.count() == 1
    assert verbs() == ["registered"]


def test_a_draft_is_not_renamed_to_a_name_that_was_taken_since_the_form_was_checked(marketer: Person) -> None:
    begun(marketer, name="Cart")
    draft = begun(marketer, name="Basket")
    draft.audience.name, draft.outcome = "Cart", "Bring them back"

    with pytest.raises(NameTaken, match="Another audience has this name"):
        save_draft(draft, revision=1, by=marketer, at=AT)

    kept = Definition.objects.get(pk=draft.pk)
    assert (kept.audience.name, kept.outcome, kept.revision) == ("Basket", "", 1)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Cart", "cart-3"), ("register", "register-2"), ("日本", "audience"), ("Wide Open!", "wide-open")],
)
def test_addresses_are_free_and_never_those_of_a_page(name: str, slug: str, db: None) -> None:
    for taken in ("cart", "cart-2"):
        factories.audience(slug=taken)
    assert free_slug(name) == slug


def test_saving_moves_the_revision_and_names_what_changed(marketer: Person, other_marketer: Person) -> None:
    draft = again(begun(marketer))
    draft.cadence, draft.audience.name = "every hour", "Cart renamed"

    changed = save_draft(draft, revision=1, by=other_marketer, at=AT)

    stored = again(draft)
    assert set(changed) == {"Cadence", "Name"}
    assert (stored.cadence, stored.revision, stored.edited_by) == ("every hour", 2, other_marketer)
    assert stored.audience.name == "Cart renamed"
    assert "Cadence" not in stored.lacking
    newest = Event.objects.order_by("pk").last()
    assert newest
    assert (newest.verb, newest.detail["changed"]) == ("edited v1 of", changed)


def test_nothing_changed_is_nothing_written(marketer: Person) -> None:
    draft = again(begun(marketer))

    assert save_draft(draft, revision=1, by=marketer, at=AT) == []

    assert again(draft).revision == 1
    assert verbs() == ["registered"]


def test_who_did_not_see_the_newest_saves_nothing(marketer: Person, other_marketer: Person) -> None:
    draft = again(begun(marketer))
    theirs = again(draft)
    theirs.cadence = "every hour"
    save_draft(theirs, revision=1, by=other_marketer, at=AT)
    draft.cadence = "by hand"

    with pytest.raises(EditedMeanwhile, match="Oskar Lind saved this draft while you had it open") as told:
        save_draft(draft, revision=1, by=marketer, at=AT)

    assert told.value.stored.cadence == "every hour"
    assert again(draft).cadence == "every hour"
    save_draft(draft, revision=2, by=marketer, at=AT)  # who has seen it may put theirs over it
    assert again(draft).cadence == "by hand"


def test_a_locked_version_is_never_changed(marketer: Person) -> None:
    draft = complete(marketer)
    open_elsewhere = again(draft)
    locked = factories.approved(draft)
    locked.cadence, open_elsewhere.cadence = "every hour", "every hour"

    with pytest.raises(Locked, match=r"v1 is locked and cannot be changed"):
        locked.save()
    with pytest.raises(Locked, match=r"v1 was approved meanwhile. Nothing was saved; edit makes v2"):
        save_draft(open_elsewhere, revision=1, by=marketer, at=AT)
    with pytest.raises(Locked):
        discard(open_elsewhere, by=marketer, at=AT)

    assert again(draft).cadence == "by hand"


def test_the_next_version_is_a_copy_and_replaces_only_when_it_is_in_use(marketer: Person) -> None:
    first = factories.in_use(complete(marketer))
    audience = first.audience

    draft = revise(audience, reason="A slower cadence", by=marketer, at=AT)

    assert (draft.number, draft.state, draft.reason, draft.approved_by) == (2, "draft", "A slower cadence", None)
    assert (draft.routes, draft.outcome) == (first.routes, first.outcome)
    assert again(first).state == "current"
    with pytest.raises(NotPossible, match="v2 is being edited already"):
        revise(audience, reason="Again", by=marketer, at=AT)
    factories.in_use(draft)
    assert list(audience.definitions.order_by("number").values_list("number", "state")) == [
        (1, "past"),
        (2, "current"),
    ]
    newest = Event.objects.order_by("pk").last()
    assert newest
    assert (newest.detail["replaces"], newest.reason) == ("v1", "A slower cadence")


def test_a_list_the_next_version_drops_is_retired_when_it_is_in_use(marketer: Person) -> None:
    first = factories.in_use(complete(marketer))
    dropped = first.audience.activations.get(kind="production")
    draft = again(revise(first.audience, reason="Another place", by=marketer, at=AT))
    place, pipe = factories.destination(), factories.pipe()
    draft.destinations, draft.routes = [place.pk], {str(place.pk): {"pipe": pipe.pk, "list_name": ""}}

    save_draft(draft, revision=1, by=marketer, at=AT)
    dropped.refresh_from_db()
    assert dropped.lifecycle == Lifecycle.LIVE  # v1 goes on until v2 is in use
    factories.in_use(draft)

    dropped.refresh_from_db()
    assert dropped.lifecycle == Lifecycle.RETIRED
    assert first.audience.activations.get(destination=place, kind="production").lifecycle == Lifecycle.LIVE


@pytest.mark.parametrize("archived", [True, False])
def test_there_must_be_an_approved_version_to_start_from(archived: bool, marketer: Person) -> None:
    audience = factories.audience(archived_at=AT if archived else None)
    factories.definition(audience, state="current" if archived else "draft")

    with pytest.raises(
        NotPossible, match=r"There is no approved version to start from.|is retired, so nothing was changed."
    ):
        revise(audience, reason="Why not", by=marketer, at=AT)

    assert audience.definitions.count() == 1


def test_discarding_the_only_draft_takes_the_audience_along(marketer: Person) -> None:
    draft = again(complete(marketer))
    draft.outcome = "Changed, so that it is saved with its lists"
    save_draft(draft, revision=1, by=marketer, at=AT)
    assert draft.audience.activations.count() == 1

    assert discard(draft, by=marketer, at=AT) is False

    assert not Audience.objects.exists()
    assert verbs()[-1] == "discarded v1 of"
    with pytest.raises(NotPossible, match=r"This draft was discarded meanwhile. Nothing was saved."):
        save_draft(draft, revision=2, by=marketer, at=AT)


def test_discarding_a_later_draft_keeps_the_locked_version_and_its_lists(marketer: Person) -> None:
    first = factories.in_use(complete(marketer))
    draft = again(revise(first.audience, reason="One more place", by=marketer, at=AT))
    place = factories.destination()
    draft.destinations = [*draft.destinations, place.pk]
    save_draft(draft, revision=1, by=marketer, at=AT)
    assert first.audience.activations.filter(kind="production").count() == 2

    assert discard(draft, by=marketer, at=AT) is True

    assert again(first).state == "current"
    assert first.audience.activations.get(kind="production").lifecycle == Lifecycle.LIVE


def test_what_a_pause_names_is_not_thrown_away_but_can_be_archived(marketer: Person) -> None:
    draft = complete(marketer)
    pausing.pause(by=marketer, reason="Wait for legal", at=AT, audience=draft.audience)

    with pytest.raises(NotPossible, match="Retire it instead"):
        discard(draft, by=marketer, at=AT)

    assert again(draft).state == "draft"
    assert "discarded v1 of" not in verbs()
    assert archive(draft.audience, by=marketer, at=AT, reason="Not needed")
