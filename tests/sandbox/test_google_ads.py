"""The stand-ins of Google Ads and of Google's token address."""

from typing import Any

import pytest

from tests.sandbox.uploads import upload
from tests.vendors import Vendors

CLIENT = {"client_id": "sandbox-client.apps.googleusercontent.com", "client_secret": "sandbox-client-secret"}
GRANT = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
FIELDS = "user_list.id, user_list.size_for_display, user_list.match_rate_percentage, user_list.membership_life_span"


@pytest.fixture
def google(vendors: Vendors) -> Vendors:
    vendors.source("g", "GOOGLE_ADWORDS_REMARKETING_LISTS", audienceId="501", customerId="1234567890")
    return vendors


def grant(vendors: Vendors, **form: str) -> Any:
    return vendors.session.post(f"{vendors.at('google_token')}/token", data={**CLIENT, **GRANT, **form}, timeout=30)


def ask(vendors: Vendors, query: str, *, token: str = "") -> Any:
    return vendors.session.post(
        f"{vendors.at('google_ads')}/v26/customers/1234567890/googleAds:searchStream",
        json={"query": query},
        headers={"Authorization": f"Bearer {token or grant(vendors).json()['access_token']}"},
        timeout=30,
    )


def test_numbers_of_64_bits_are_text_and_what_is_unset_is_left_out(google: Vendors) -> None:
    query = f"SELECT {FIELDS} FROM user_list WHERE user_list.id IN (501)"
    assert ask(google, query).json()[0]["results"] == [{"userList": {"id": "501", "membershipLifeSpan": "540"}}]

    upload(google, "g", 0, 1000)

    told = ask(google, query).json()[0]["results"][0]["userList"]
    truth = google.get(google.at("google_ads"), "/_sandbox/lists/501")
    assert isinstance(told["sizeForDisplay"], str)
    assert abs(int(told["sizeForDisplay"]) - truth["matched"]) <= 5
    assert told["matchRatePercentage"] == round(truth["matched"] / 10)


def test_criteria_are_those_of_campaigns_that_were_ordered(google: Vendors) -> None:
    google.order(
        google.at("google_ads"),
        "/_sandbox/campaigns/11",
        {"name": "Search DE", "excluded": ["501"], "ad_groups": {"21": {"included": ["502"]}}},
    )
    google.order(google.at("google_ads"), "/_sandbox/campaigns/12", {"status": "PAUSED", "excluded": ["501"]})

    live = ask(
        google,
        "SELECT campaign.id, campaign_criterion.negative, campaign_criterion.user_list.user_list FROM campaign_criterion "
        "WHERE campaign.status = 'ENABLED' AND campaign_criterion.type = 'USER_LIST'",
    ).json()
    lower = ask(google, "SELECT ad_group.id, ad_group_criterion.negative FROM ad_group_criterion").json()

    criterion = {"negative": True, "userList": {"userList": "customers/1234567890/userLists/501"}}
    assert live[0]["results"] == [{"campaign": {"id": "11"}, "campaignCriterion": criterion}]
    assert lower[0]["results"] == [{"adGroup": {"id": "21"}, "adGroupCriterion": {"negative": False}}]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("DROP TABLE user_list", "UNEXPECTED_INPUT"),
        ("SELECT user_list.shoe_size FROM user_list", "UNRECOGNIZED_FIELD"),
        ("SELECT shoe.size FROM shoe", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
    ],
)
def test_a_bad_question_is_refused(google: Vendors, query: str, code: str) -> None:
    answer = ask(google, query)

    [told] = answer.json()
    assert answer.status_code == told["error"]["code"] == 400
    assert told["error"]["details"][0]["errors"][0]["errorCode"] == {"queryError": code}


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"refresh_token": "another"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_bad_grant_is_refused(google: Vendors, form: dict[str, str], status: int, error: str) -> None:
    answer = grant(google, **form)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_an_access_token_ends(google: Vendors) -> None:
    token = grant(google).json()["access_token"]
    assert ask(google, "SELECT customer.id FROM customer", token=token).status_code == 200

    google.order(google.at("google_ads"), "/_sandbox/clock", {"seconds": 3600})

    assert ask(google, "SELECT customer.id FROM customer", token=token).status_code == 401
