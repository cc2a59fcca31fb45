"""Use cases as data: what each fills in, what it expects of the draft, and the tiers that are made at once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audiences import core_cohorts, registering
from audiences.beginning import begin
from audiences.cohorts import BUYERS, COHORTS, HELD_OUT
from audiences.definition import missing
from audiences.expected import expected
from audiences.models import Audience, Definition, Segment, Workspace
from audiences.terms import CADENCES, IDENTIFIERS
from audiences.terms_of import terms_of
from audiences.use_cases import CASES, USE_CASES, Case, size_band
from muster.models import Person
from tests import factories
from tests.vendors import Vendors

Sign = Callable[[Person], Client]
PAGE = "/audiences/register/"
TARGETS = {
    "cart_1_4h": 30,
    "cart_4_24h": 120,
    "cart_1_3d": 360,
    "post_purchase": 60,
    "winback": 1440,
    "vip_seed": 1440,
    "refund_risk": 1440,
    "support_sensitive": 720,
    "holdout": 1440,
}


@pytest.fixture
def shop(vendors: Vendors, db: None) -> Workspace:
    """A workspace with a segment for each tier, and for each core cohort."""
    space = factories.workspace(name="Shop US")
    for number, name in enumerate(("Cart 1-4 h", "Cart 4–24 h", "Cart 1–3 d"), start=1):
        factories.segment_row(space, number=number, name=name, size=1000 * number)
    for number, cohort in enumerate(COHORTS.values(), start=10):
        factories.segment_row(space, number=number, name=f"Cohort {cohort.key}", size=50)
    return space


def named(shop: Workspace, *but: str) -> None:
    """Say which segment each core cohort is, except some."""
    manager = factories.person(role="manager")
    for key in COHORTS.keys() - set(but):
        segment = shop.segments.get(name=f"Cohort {key}")
        core_cohorts.choose(shop, key, segment, by=manager, at=timezone.now())


def tiers(shop: Workspace, owner: Person) -> list[Audience]:
    chosen = {
        case.key: (shop.segments.get(number=number), case.name)
        for number, case in enumerate(USE_CASES["cart"].cases, start=1)
    }
    return begin(USE_CASES["cart"], chosen, owner=owner, threshold="$80", by=owner, at=timezone.now())


def draft_of(audience: Audience) -> Definition:
    return Definition.objects.select_related("audience__segment__workspace", "audience__owner").get(audience=audience)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.key)
def test_a_case_is_complete_and_keeps_its_own_target(case: Case) -> None:
    assert case.freshness_minutes == TARGETS[case.key]
    assert CADENCES[case.cadence] <= case.freshness_minutes
    assert set(case.identifiers) <= set(IDENTIFIERS)
    assert set(case.excludes) <= set(COHORTS)
    assert case.cohort in {"", *COHORTS}
    assert "" not in (case.outcome, case.measure, case.entry_rule, case.exit_rule)
    assert re.compile(case.finds)
    # Suppression keeps people from ads, so nobody is left out of it; targeting always leaves somebody out.
    assert bool(case.excludes) == (case.purpose not in ("suppress", "measure"))


def test_no_case_that_may_go_to_ads_ticks_a_trait() -> None:
    """An ad list refuses traits: they are told as of use, and ticked only where there is never an ad list."""
    assert {case.key for case in CASES.values() if case.ticked_traits} == {"holdout"}
    assert all(case.traits for case in CASES.values() if case.key.startswith("cart"))


SIZES = {
    # fewest people of use at an ad account, and the largest share of the workspace
    **dict.fromkeys(("cart_1_4h", "cart_4_24h", "cart_1_3d"), (300, 0.3)),
    "winback": (300, 0.5),
    "vip_seed": (100, 0.1),
    **dict.fromkeys(("post_purchase", "refund_risk", "support_sensitive", "holdout"), (0, 0.5)),
}
NOT_NOW = ["recent_buyers", "unsubscribed", "refunded", "support_sensitive"]
EXCLUDED = {
    **dict.fromkeys(("cart_1_4h", "cart_4_24h", "cart_1_3d"), NOT_NOW),
    "winback": [*NOT_NOW, "held_out"],
    "vip_seed": NOT_NOW[1:],
}


@pytest.mark.parametrize("key", CASES)
def test_each_knows_its_target_exclusions_identifiers_traits_and_sizes(key: str, shop: Workspace) -> None:
    """A draft of each, as one click makes it: filled in so far that only what people alone know is missing."""
    named(shop)
    for name in ("orders", "ltv_tier", "cart_value"):
        factories.trait(name)
    case, owner = CASES[key], factories.person()
    use_case = next(one for one in USE_CASES.values() if case in one.cases)
    segment = factories.segment_row(shop, number=900, name="Of its own", size=1_000)

    draft = draft_of(
        begin(use_case, {key: (segment, case.name)}, owner=owner, threshold="$80", by=owner, at=timezone.now())[0]
    )

    assert draft.freshness_minutes == TARGETS[key]
    ticked = {shop.segments.get(number=one["segment"]).name: one["reason"] for one in draft.exclusions}
    wanted = [f"Cohort {name}" for name in EXCLUDED.get(key, [])]
    # Held-out people are left out of targeting wherever the company has some.
    wanted += ["Cohort held_out"] if key.startswith(("cart", "vip")) else []
    assert sorted(ticked) == sorted(wanted)
    assert all(ticked.values())
    assert draft.identifiers == (["external_id"] if key == "holdout" else ["email", "phone"])
    assert [one["name"] for one in draft.traits] == (["orders"] if key == "holdout" else [])
    assert (draft.size_low, draft.size_high) == (800, 1_200)
    assert (case.smallest, case.largest_share) == SIZES[key]
    if not case.ads:
        return
    draft.destinations = [factories.destination(name="Meta US").pk]
    assert not [one for one in missing(terms_of(draft), timezone.localdate()) if "trait" in one.lower()]


def test_a_trait_that_the_registry_does_not_allow_is_not_ticked(shop: Workspace, marketer: Person) -> None:
    factories.trait("orders", sensitive=True)
    segment = shop.segments.get(number=1)
    use_case = USE_CASES["holdout"]
    made = begin(use_case, {"holdout": (segment, "H")}, owner=marketer, threshold="", by=marketer, at=timezone.now())
    assert draft_of(made[0]).traits == []


@given(st.integers(0, 10**9))
def test_the_size_band_holds_the_people_there_are(people: int) -> None:
    low, high = size_band(people)
    assert low is not None
    assert high is not None
    assert low <= people <= high
    assert high <= people * 1.4 + 2


def test_nobody_counted_makes_no_band() -> None:
    assert size_band(None) == (None, None)


def test_three_tiers_are_made_at_once_and_leave_each_other_out(shop: Workspace, marketer: Person) -> None:
    named(shop)

    made = tiers(shop, marketer)

    drafts = [draft_of(one) for one in made]
    assert [one.use_case for one in drafts] == ["cart_1_4h", "cart_4_24h", "cart_1_3d"]
    assert len({one.family for one in made}) == 1
    excluded = [{row["segment"] for row in one.exclusions} for one in drafts]
    assert [numbers & {1, 2, 3} for numbers in excluded] == [set(), {1}, {1, 2}]
    cohorts = {shop.segments.get(name=f"Cohort {key}").number for key in (BUYERS, "unsubscribed", HELD_OUT)}
    assert all(numbers >= cohorts for numbers in excluded)
    assert (drafts[0].size_low, drafts[0].size_high, drafts[0].threshold) == (800, 1200, "$80")
    assert [one.freshness_minutes for one in drafts] == [30, 120, 360]


def test_one_name_that_is_taken_makes_none_of_the_three(shop: Workspace, marketer: Person) -> None:
    factories.audience(name="Cart abandoners 1–3 d")

    with pytest.raises(registering.NameTaken):
        tiers(shop, marketer)

    assert Audience.objects.count() == 1


def test_a_cohort_without_a_segment_asks_for_it_or_for_a_reason(shop: Workspace, marketer: Person) -> None:
    named(shop, BUYERS, HELD_OUT)
    draft = draft_of(tiers(shop, marketer)[0])

    said = [one for one in missing(terms_of(draft), timezone.localdate()) if "Recent buyers" in one]
    assert said == [
        "Nobody has said which segment is Recent buyers in this company, so they cannot be excluded. Ask a manager to "
        "choose it under Core cohorts, or say why they are left in."
    ]
    # Held-out people are expected only where the company has some, or where the use case lives from them.
    assert HELD_OUT not in {one.key for one in expected(draft)}
    draft.left_out = {BUYERS: "Sold out anyway"}
    assert not [one for one in missing(terms_of(draft), timezone.localdate()) if "Recent buyers" in one]


def test_winback_always_asks_for_the_holdout(shop: Workspace) -> None:
    named(shop, HELD_OUT)
    audience = factories.audience(segment=shop.segments.get(number=1))
    draft = factories.definition(audience, state="draft", use_case="winback", purpose="winback")
    assert HELD_OUT in {one.key for one in expected(draft)}


def test_a_holdout_never_goes_to_ads(shop: Workspace) -> None:
    place = factories.destination(name="Meta US")
    audience = factories.audience(segment=shop.segments.get(number=1))
    draft = factories.definition(
        audience, state="draft", use_case="holdout", purpose="measure", destinations=[place], identifiers=["email"]
    )
    assert "Meta US is an ad account, and held-out people are never sent to ads. Take this list off." in missing(
        terms_of(draft), timezone.localdate()
    )


def test_a_threshold_is_asked_for_and_told(shop: Workspace, marketer: Person) -> None:
    draft = draft_of(tiers(shop, marketer)[0])
    assert not [one for one in missing(terms_of(draft), timezone.localdate()) if "cart value" in one]
    draft.threshold = ""
    assert "Say above which cart value people are in." in missing(terms_of(draft), timezone.localdate())


# The pages


def test_one_click_fills_the_form_and_registers_the_three(shop: Workspace, marketer: Person, signed_in: Sign) -> None:
    named(shop)
    client = signed_in(marketer)
    page = client.get(PAGE, {"use_case": "cart"}).content.decode()
    assert 'value="Cart 1-4 h (1)"' in page
    assert 'value="Cart 4–24 h (2)"' in page
    assert 'value="Cart abandoners 1–3 d"' in page

    fields = {"owner": marketer.pk, "threshold": "$80"}
    for number, case in enumerate(USE_CASES["cart"].cases, start=1):
        fields |= {f"segment-{case.key}": str(number), f"name-{case.key}": case.name}
    page = client.post(f"{PAGE}?use_case=cart", fields, follow=True).content.decode()

    assert "Cart abandoners 1–4 h, Cart abandoners 4–24 h and Cart abandoners 1–3 d are drafts" in page
    assert "<h1>Cart abandoners 1–4 h, v1</h1>" in page
    assert "Filled in from the use case" in page
    assert Audience.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose at least one segment. Nothing was registered."),
        ({"segment-cart_1_4h": "1", "segment-cart_1_3d": "1"}, "Another of these audiences has this segment."),
        ({"segment-cart_1_4h": "1", "name-cart_1_4h": ""}, "Give this audience a name."),
        ({"segment-cart_1_4h": "1", "name-cart_1_4h": "TAKEN"}, "Another audience has this name."),
        ({"segment-cart_1_4h": "999"}, "Customer.io lists no such segment."),
    ],
)
def test_what_cannot_be_registered_is_said(
    fields: dict[str, str], sentence: str, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    factories.audience(name="Taken")
    names = {f"name-{case.key}": case.name for case in USE_CASES["cart"].cases}
    sent = {"owner": marketer.pk, "threshold": "$80", **names, **fields}

    page = signed_in(marketer).post(f"{PAGE}?use_case=cart&workspace={shop.pk}", sent).content.decode()

    assert sentence in page
    assert Audience.objects.count() == 1


def test_a_tier_may_be_left_out_and_an_unknown_use_case_is_none(
    shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    fields = {"owner": marketer.pk, "threshold": "$80", "segment-cart_4_24h": "2", "name-cart_4_24h": "Only one"}
    client.post(f"{PAGE}?use_case=cart", fields)
    assert Audience.objects.get().family == ""
    assert "Start empty" in client.get(PAGE, {"use_case": "nothing"}).content.decode()


def test_an_unticked_exclusion_needs_a_reason_and_keeps_it(shop: Workspace, marketer: Person, signed_in: Sign) -> None:
    named(shop)
    made = tiers(shop, marketer)[0]
    client, address = signed_in(marketer), f"/audiences/{made.slug}/definition/"
    page = client.get(address).content.decode()
    assert re.search(r'name="expected-recent_buyers-use"[^>]*checked', page)

    def save(**fields: object) -> Definition:
        draft = draft_of(made)
        boxes = {f"expected-{one.key}-shown": "True" for one in expected(draft)}
        ticked = {f"expected-{one.key}-use": "on" for one in expected(draft) if one.key != BUYERS}
        sent = {"name": made.name, "purpose": "retarget", "owner": marketer.pk, "revision": draft.revision}
        client.post(address, {**sent, **boxes, **ticked, **fields})
        return draft_of(made)

    draft = save()
    bought = shop.segments.get(name=f"Cohort {BUYERS}").number
    assert bought not in {row["segment"] for row in draft.exclusions}
    assert "Recent buyers is not excluded. Tick it again, or say why." in missing(terms_of(draft), timezone.localdate())
    draft = save(**{f"expected-{BUYERS}-why_not": "They buy again within days"})
    assert draft.left_out == {BUYERS: "They buy again within days"}
    assert "They buy again within days" in client.get(address).content.decode()
    draft = save(**{f"expected-{BUYERS}-use": "on", f"expected-{BUYERS}-why_not": "They buy again within days"})
    assert draft.left_out == {}
    assert bought in {row["segment"] for row in draft.exclusions}


def test_a_form_without_the_boxes_leaves_them_as_they_are(shop: Workspace, marketer: Person, signed_in: Sign) -> None:
    named(shop)
    made = tiers(shop, marketer)[0]
    before = draft_of(made).exclusions
    sent = {"name": made.name, "purpose": "retarget", "owner": marketer.pk, "revision": 1, "outcome": "Another"}
    signed_in(marketer).post(f"/audiences/{made.slug}/definition/", sent)
    draft = draft_of(made)
    assert (draft.outcome, draft.exclusions) == ("Another", before)


# Core cohorts


def test_managers_say_which_segment_a_cohort_is_and_others_ask(
    shop: Workspace, manager: Person, marketer: Person, paid_media: Person, signed_in: Sign
) -> None:
    for somebody in (marketer, paid_media):
        page = signed_in(somebody).get("/cohorts/").content.decode()
        assert "7 of 7 have no segment yet" in page
        assert "Ask Grace Osei" in page
        assert signed_in(somebody).post(f"/cohorts/{shop.pk}/vip/", {"vip-segment": "15"}).status_code == 403
    client = signed_in(manager)
    page = client.post(f"/cohorts/{shop.pk}/vip/", {"vip-segment": "1"}, follow=True).content.decode()
    assert "VIP means Cart 1-4 h (1) from now on." in page
    assert "Set by Grace Osei" in page
    for wrong, sentence in (("", "Choose the segment. Nothing was changed."), ("77", "lists no such segment")):
        assert sentence in client.post(f"/cohorts/{shop.pk}/vip/", {"vip-segment": wrong}).content.decode()
    assert client.post(f"/cohorts/{shop.pk}/nothing/", {}).status_code == 404
    assert "Shop US" in client.get("/cohorts/", {"workspace": "9" * 30}).content.decode()


def test_two_meanings_of_a_cohort_stand_side_by_side(shop: Workspace, manager: Person, signed_in: Sign) -> None:
    condition = {"event": {"type": "event", "name": "order"}, "times": 5}
    Segment.objects.filter(name="Cohort vip").update(conditions={"and": [condition]})
    named(shop)
    other = factories.audience(name="Seed", segment=shop.segments.get(number=1))
    draft = factories.definition(other, state="draft", use_case="vip_seed", purpose="lookalike")

    page = signed_in(manager).get("/cohorts/").content.decode()

    assert "1 audience means something else by a cohort than the company does." in page
    assert "means it otherwise: Cart 1-4 h (1)" in page
    assert "Only the company: The event “order” happened at least 5 times." in page
    assert "VIP means Cohort vip" in terms_of(draft).other_meaning


def test_without_a_workspace_the_page_says_what_comes_first(marketer: Person, signed_in: Sign) -> None:
    assert "Customer.io is not connected yet" in signed_in(marketer).get("/cohorts/").content.decode()


def test_choosing_the_same_again_changes_nothing(shop: Workspace, manager: Person) -> None:
    segment, at = shop.segments.get(number=1), timezone.now()
    assert core_cohorts.choose(shop, "vip", segment, by=manager, at=at)
    assert not core_cohorts.choose(shop, "vip", segment, by=manager, at=at + timedelta(hours=1))
