"""The clause that says who is held out: what it says, what it lacks, how it is edited, compared and handed on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.definition import clauses, differences
from audiences.models import Definition
from audiences.registering import revise
from audiences.settings_sheet import sheet
from audiences.terms_of import terms_of
from audiences.warnings import warnings
from muster.models import Person
from tests import factories
from tests.audiences.drafts import again, complete

Sign = Callable[[Person], Client]
WINBACK: dict[str, Any] = {"holdout_attribute": "exp_winback", "holdout_arm": "control"}
NAME_IT = "This use case is measured against held-out people: name the attribute that says the arm, or say why"


def clause(draft: Definition) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the clause says, and what it lacks."""
    found = next(one for one in clauses(terms_of(draft), timezone.localdate()) if one.label == "Holdout")
    return found.told, found.missing


def drafted(owner: Person, **fields: Any) -> Definition:
    draft = complete(owner)
    for name, value in fields.items():
        setattr(draft, name, value)
    return draft


@pytest.mark.parametrize(
    ("fields", "told", "lacks"),
    [
        ({}, ["None"], []),
        (WINBACK, ["exp_winback says the arm; who is in “control” is held out", "left out of every ad list"], []),
        (
            {"holdout_arm": "control"},
            ["An attribute says the arm"],
            ["Name the attribute that says who is in “control”"],
        ),
        ({"holdout_attribute": "exp"}, ["who is in “?” is held out"], ["Say which value of exp means held out"]),
        (
            {**WINBACK, "holdout_targets": True},
            ["all the same: no reason yet"],
            ["Say why held-out people are targeted"],
        ),
        (
            {**WINBACK, "holdout_targets": True, "holdout_reason": "It ends on Friday"},
            ["all the same: It ends on Friday"],
            [],
        ),
        ({**WINBACK, "holdout_attribute": "email"}, ["email says the arm"], ["email cannot hold the arm"]),
        ({**WINBACK, "holdout_attribute": "exp winback"}, ["exp winback"], ["exp winback cannot hold the arm"]),
        (
            {**WINBACK, "traits": [{"name": "exp_winback", "reason": "r"}]},
            ["exp_winback"],
            ["exp_winback is sent along as the arm already: leave it out of the traits."],
        ),
        (
            {**WINBACK, "consent": {"*": {"require_true": ["exp_winback"], "basis": "b"}}},
            ["exp_winback"],
            ["exp_winback says who consents, so it cannot say the arm"],
        ),
        ({"use_case": "winback"}, ["None"], [NAME_IT]),
        ({"use_case": "winback", "holdout_reason": "The test is over"}, ["None: The test is over"], []),
        ({"use_case": "winback", **WINBACK}, ["exp_winback says the arm"], []),
        ({"purpose": "suppress", **WINBACK}, ["None"], []),
    ],
)
def test_it_says_who_is_held_out_and_what_is_missing(
    marketer: Person, fields: dict[str, Any], told: list[str], lacks: list[str]
) -> None:
    said, missing = clause(drafted(marketer, **fields))

    assert all(part in " | ".join(said) for part in told), said
    assert len(missing) == len(lacks), missing
    assert all(part in sentence for part, sentence in zip(lacks, missing, strict=True)), missing


def test_lists_that_are_told_of_arms_are_named_and_their_absence_is_warned_of(marketer: Person) -> None:
    draft = drafted(marketer, **WINBACK)
    assert any("nobody tells analytics or the warehouse who is held out" in one for one in warnings(terms_of(draft)))

    draft.destinations = [*draft.destinations, factories.destination(platform="warehouse", name="Lake").pk]

    assert "The arm, and each assignment, go to Lake" in clause(draft)[0]
    assert not any("who is held out" in one for one in warnings(terms_of(draft)))


def test_a_change_is_told_as_sentences_and_a_new_version_keeps_it(marketer: Person) -> None:
    draft = drafted(marketer, **WINBACK)
    draft.save()
    factories.in_use(again(draft))

    after = revise(draft.audience, reason="Another test", by=marketer, at=timezone.now())

    assert (after.holdout_attribute, after.holdout_arm) == ("exp_winback", "control")
    after.holdout_arm = "none"
    changed, _ = differences(terms_of(again(draft)), terms_of(after))
    (difference,) = [one for one in changed if one.label == "Holdout"]
    assert difference.was == ("exp_winback says the arm; who is in “control” is held out",)
    assert difference.now == ("exp_winback says the arm; who is in “none” is held out",)


def test_the_settings_sheet_names_event_and_trait_where_they_are_sent(marketer: Person) -> None:
    draft = drafted(marketer, **WINBACK)
    event = {
        platform: next(
            line.value for line in sheet(draft, factories.destination(platform=platform)) if line.label == "Event"
        )
        for platform in ("meta", "warehouse")
    }

    assert "Holdout" not in event["meta"]
    assert event["warehouse"].endswith("track “Holdout Assigned”, and the arm as trait exp_winback")


def sent(client: Client, draft: Definition, **fields: object) -> str:
    posted = {
        "name": draft.audience.name,
        "purpose": draft.purpose,
        "owner": draft.audience.owner_id,
        "revision": Definition.objects.get(pk=draft.pk).revision,
        **fields,
    }
    address = f"/audiences/{draft.audience.slug}/definition/"
    return client.post(address, posted, follow=True).content.decode()


def test_it_is_typed_on_the_draft_s_page_and_kept_in_lower_case(marketer: Person, signed_in: Sign) -> None:
    draft = complete(marketer)
    client = signed_in(marketer)
    assert "Attribute that says the arm" in client.get(f"/audiences/{draft.audience.slug}/definition/").content.decode()

    page = sent(client, draft, holdout_attribute=" exp_winback ", holdout_arm="Control", holdout_targets="on")

    now = again(draft)
    assert (now.holdout_attribute, now.holdout_arm, now.holdout_targets) == ("exp_winback", "control", True)
    assert "Say why held-out people are targeted all the same." in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("holdout_attribute", "exp-winback", "This cannot hold the arm"),
        ("holdout_attribute", "email", "This cannot hold the arm"),
        ("holdout_arm", "ann@shop.example", "An arm has a short name of letters and digits, like control."),
    ],
)
def test_what_can_be_no_arm_is_refused_where_it_stands(
    marketer: Person, signed_in: Sign, field: str, value: str, sentence: str
) -> None:
    draft = complete(marketer)

    page = sent(signed_in(marketer), draft, **{field: value})

    assert sentence in page
    assert getattr(again(draft), field) == ""


def test_a_suppression_is_not_asked_and_keeps_none(marketer: Person, signed_in: Sign) -> None:
    draft = complete(marketer)
    client = signed_in(marketer)

    sent(client, draft, purpose="suppress", holdout_attribute="exp_winback", holdout_arm="control")

    now = again(draft)
    assert (now.purpose, now.holdout_attribute, now.holdout_arm) == ("suppress", "", "")
    page = client.get(f"/audiences/{draft.audience.slug}/definition/").content.decode()
    assert "Attribute that says the arm" not in page
