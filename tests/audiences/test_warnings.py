"""What deserves a second look before a definition is locked."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audiences.models import Lifecycle, Segment
from audiences.terms import ListTerms, Reasoned, Rule, Terms
from audiences.terms_of import terms_of
from audiences.warnings import warnings
from muster.models import Person
from tests import factories

Signed = Callable[[Person], Client]
META = ListTerms("Meta, NW US", "meta", True, ("email",))
GOOGLE = ListTerms("Google Ads", "google_ads", True, ("email",), rule=Rule(("ad_user_data",)))


def terms(**fields: Any) -> Terms:
    """Return terms that nothing is said of."""
    values: dict[str, Any] = {
        "purpose": "retarget",
        "purpose_label": "Retarget",
        "segment": "Carts (7)",
        "owner": "Priya Raman",
        "checker": "Grace Adeyemi",
        "name": "Cart abandoners",
        "share": 0.1,
        "lists": (META,),
        "identifiers": ("email",),
        "exclusions": (Reasoned("Buyers (3)", "They bought"),),
        "cadence": "every 30 minutes",
        "window_hours": 4,
    }
    return Terms(**{**values, **fields})


def test_an_ordinary_definition_needs_no_second_look() -> None:
    assert warnings(terms()) == []


@pytest.mark.parametrize(
    ("fields", "begins"),
    [
        ({"checker": "Priya Raman"}, "Priya Raman owns this audience and also checks its drift."),
        ({"share": 0.51}, "51% of the workspace are in Carts (7)."),
        ({"exclusions": ()}, "Nobody is excluded from this targeting audience"),
        ({"segment_kind": "manual"}, "Carts (7) is a manual segment"),
        ({"name": "Diabetes refill"}, "The name says “diabetes”"),
        (
            {"lists": (ListTerms("Meta", "meta", True, ("email",), list_name="Low income 2"),)},
            "The name says “low income”",
        ),
        ({"cadence": "every 2 hours"}, "People stay 4 h in this segment and the lists are refreshed every 2 hours"),
        ({"first_in_draft": "Buyers"}, "Buyers was registered before and nothing is live yet."),
        ({"identifiers": ("email", "phone")}, "Phone numbers without a country code are left out"),
        ({"people": 40, "smallest": 300}, "40 people are in Carts (7), and ad accounts use a list from about 300"),
        ({"people": 40, "size": (50, 60)}, "40 people are in Carts (7) now, outside the 50–60 that you expect."),
        ({"other_meaning": "VIP means Best (3) in this company."}, "VIP means Best (3) in this company."),
        ({"logic": "“tier” is “gold”."}, "The whole logic is one condition without a time"),
        (
            {"logic": "A cart over 50 in 4 hours.", "threshold": "$80"},
            "The threshold is $80, and the segment's conditions",
        ),
        (
            {"traits": (Reasoned("color"),), "useful_traits": ("orders",)},
            "color is sent, and this use case does not need",
        ),
        (
            {"use_case": "Cart", "freshness_minutes": 60, "target_asked": 30},
            "The newest person may be 60 min old; this use case works best with 30 min.",
        ),
        ({"share": 0.2, "share_allowed": 0.1}, "20% of the workspace are in Carts (7)."),
        ({"lists": (GOOGLE,)}, "For people in the European Economic Area, Google wants two consents"),
    ],
)
def test_each_is_said_alone_with_its_reason(fields: dict[str, Any], begins: str) -> None:
    (said,) = warnings(terms(**fields))

    assert said.startswith(begins)
    assert said.endswith(".")


@pytest.mark.parametrize(
    "fields",
    [
        {"share": 0.5},
        {"share": None},
        {"people": 40, "smallest": 300, "lists": ()},
        {"people": 55, "size": (50, 60)},
        {"logic": "An order happened within the last 7 days."},
        {"logic": "A cart over 1,200 in 4 hours.", "threshold": "$1,200"},
        {"threshold": "a full basket", "logic": "A cart in 4 hours."},
        {"traits": (Reasoned("orders"),), "useful_traits": ("orders",)},
        {"traits": (Reasoned("orders"),)},
        {"use_case": "Cart", "freshness_minutes": 30, "target_asked": 30},
        {"purpose": "suppress", "exclusions": ()},
        {"name": "Healthy snacks"},
        {"cadence": "every hour"},
        {"cadence": "every day", "window_hours": None},
        {"cadence": "by hand"},
        {"identifiers": ("email", "phone"), "phone_country": "US"},
        {"lists": (GOOGLE,), "purpose": "suppress", "exclusions": ()},
    ],
)
def test_what_is_ordinary_is_not_warned_of(fields: dict[str, Any]) -> None:
    assert warnings(terms(**fields)) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("people", "size", "share"), [(4_000, 3_000, 0.75), (999, 900, None), (None, 5, None)])
def test_the_share_is_of_the_workspace(people: int | None, size: int, share: float | None) -> None:
    made = factories.definition(factories.audience(segment=factories.segment_row(factories.workspace(people=people))))
    Segment.objects.update(size=size)
    made.audience.segment.refresh_from_db()

    assert terms_of(made).share == share


@pytest.mark.django_db
def test_a_second_use_case_is_warned_of_until_the_first_is_live() -> None:
    first, second = (factories.definition(factories.audience(name=name), state="draft") for name in ("First", "Second"))

    assert terms_of(second).first_in_draft == "First"
    assert terms_of(first).first_in_draft == ""
    factories.activation(lifecycle=Lifecycle.LIVE)
    assert terms_of(second).first_in_draft == ""


@pytest.mark.django_db
def test_the_draft_page_says_it(signed_in: Signed, marketer: Person) -> None:
    draft = factories.definition(factories.audience(name="Cancer patients"), state="draft")

    html = signed_in(marketer).get(f"/audiences/{draft.audience.slug}/definition/").content.decode()

    assert "Worth a second look" in html
    assert "“cancer”, “patients”" in html
