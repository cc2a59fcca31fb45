"""Google Ads read back over HTTP: sizes as bands, states, criteria, and every refusal in the sentences a person sees."""

from typing import Any

import pytest

from muster.http import BadCredentials, RateLimited, Rejected, Unreachable, Unreadable, VendorError
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers import google_refusals
from reconciliation.readers.google_access import NoGrant
from reconciliation.readers.google_ads import RANGES, GoogleAdsReader, range_of, rounded
from reconciliation.readers.opening import reader_for
from reconciliation.readers.seen import AdSetSeen, Figure, ListSeen
from sandbox.google_ads import SIZES
from tests.sandbox.uploads import upload
from tests.vendors import Vendors

CLIENT = "sandbox-client.apps.googleusercontent.com"
SECRETS = {"client_secret": "sandbox-client-secret", "refresh_token": "sandbox-refresh-token"}


@pytest.fixture
def google(vendors: Vendors) -> Vendors:
    vendors.source(
        "g", "GOOGLE_ADWORDS_REMARKETING_LISTS", audienceId="501", customerId="1234567890", audienceName="Buyers"
    )
    return vendors


def opened(manager: str = "", **secrets: str) -> GoogleAdsReader:
    given = {"customer": "123-456-7890", "client_id": CLIENT, "manager": manager}
    found = reader_for("google_ads", given, {**SECRETS, **secrets})
    assert isinstance(found, GoogleAdsReader)
    return found


def options(vendors: Vendors, **wanted: Any) -> None:
    vendors.order(vendors.at("google_ads"), "/_sandbox/options", wanted)


def shown(vendors: Vendors, **wanted: Any) -> ListSeen:
    vendors.order(vendors.at("google_ads"), "/_sandbox/lists/501", wanted)
    return opened().lists(["501"])["501"]


def figures(seen: ListSeen) -> dict[str, Figure]:
    return {one.axis: one for one in seen.figures}


def states(seen: ListSeen) -> dict[str, str]:
    return {state.axis: state.code for state in seen.states}


def failure(vendors: Vendors, kind: str, at: str = "google_ads", **details: Any) -> VendorError:
    vendors.fault(vendors.at(at), kind, **details)
    with pytest.raises(VendorError) as caught:
        opened().lists(["501"])
    return caught.value


def asked(vendors: Vendors, at: str = "google_ads") -> list[int]:
    return [row["status"] for row in vendors.get(vendors.at(at), "/_sandbox/requests")["requests"]]


# Figures and states


def test_a_list_is_read_with_both_sizes_its_rate_and_its_states(google: Vendors) -> None:
    upload(google, "g", 0, 2000)
    truth = google.get(google.at("google_ads"), "/_sandbox/lists/501")

    seen = opened().lists(["501"])["501"]

    found = figures(seen)
    display = found["size_for_display"]
    assert (display.quantity, display.basis) == (Quantity.DISPLAY, Basis.ROUNDED)
    assert display.low is not None
    assert display.high is not None
    assert display.low <= truth["matched"] <= display.high
    assert display.high - display.low == 100
    assert found["size_range_for_display"] == Figure(
        Quantity.DISPLAY, 1000, 10_000, Basis.RANGE, "size_range_for_display"
    )
    assert found["size_for_search"].quantity == Quantity.SEARCH
    rate = round(truth["matched"] / 20)
    assert found["match_rate_percentage"] == Figure(
        Quantity.MATCH_RATE, 10 * rate, 10 * rate, Basis.REPORTED, "match_rate_percentage"
    )
    assert found["membership_life_span"].low == 540
    assert states(seen) == {
        "eligible_for_search": "true",
        "eligible_for_display": "true",
        "membership_status": "OPEN",
        "account_user_list_status": "ENABLED",
        "access_reason": "OWNED",
        "upload_key_type": "CONTACT_INFO",
    }
    assert (seen.name, seen.version, seen.gone, seen.as_of) == ("Buyers", "v26", False, None)


@pytest.mark.parametrize(
    "wanted",
    [
        {"fields": {"size_for_search": 0, "size_for_display": 0, "match_rate_percentage": 0}},
        {"omit": ["size_for_search", "size_for_display", "match_rate_percentage", "size_range_for_search"]},
        {"fields": {"size_for_search": -1, "size_for_display": "few", "match_rate_percentage": 130}},
    ],
)
def test_0_and_what_is_absent_are_unknown(google: Vendors, wanted: dict[str, Any]) -> None:
    seen = shown(google, **wanted)

    found = figures(seen)
    for axis in ("size_for_search", "size_for_display", "match_rate_percentage"):
        assert (found[axis].low, found[axis].high) == (None, None)
    assert not any(axis.startswith("size_range") for axis in found)


def test_states_are_kept_as_google_words_them_also_new_ones(google: Vendors) -> None:
    told = {
        "membership_status": "CLOSED",
        "closing_reason": "UNUSED",
        "account_user_list_status": "DISABLED",
        "access_reason": "SHARED",
        "eligible_for_search": False,
        "crm_based_user_list.upload_key_type": "SOMETHING_NEW",
    }

    assert states(shown(google, fields=told)).items() >= {
        ("membership_status", "CLOSED"),
        ("closing_reason", "UNUSED"),
        ("account_user_list_status", "DISABLED"),
        ("access_reason", "SHARED"),
        ("eligible_for_search", "false"),
        ("upload_key_type", "SOMETHING_NEW"),
    }


@pytest.mark.parametrize(
    ("size", "band"),
    [
        (None, (None, None)),
        (7, (7, 7)),
        (99, (99, 99)),
        (840, (835, 845)),
        (8400, (8350, 8450)),
        (1_200_000, (1_150_000, 1_250_000)),
    ],
)
def test_a_rounded_size_is_a_band(size: int | None, band: tuple[int | None, int | None]) -> None:
    assert rounded(size) == band


def test_every_size_range_has_its_numbers() -> None:
    assert [RANGES[word][1] for _, word in SIZES] == [below for below, _ in SIZES]
    assert range_of("LESS_THAN_FIVE_HUNDRED", None) is None
    assert range_of("LESS_THAN_FIVE_HUNDRED", 120) == (0, 500)
    assert range_of("OVER_FIFTY_MILLION", 60_000_000) is None


def test_a_name_with_an_address_in_it_is_redacted(google: Vendors) -> None:
    assert shown(google, name="Leads of ann@example.com").name == "Leads of [email]"


def test_a_removed_list_is_gone_and_so_is_what_is_no_id(google: Vendors) -> None:
    google.order(google.at("google_ads"), "/_sandbox/lists/501", {"deleted": True})
    google.order(google.at("google_ads"), "/_sandbox/lists/502", {"members": 900})

    seen = opened().lists(["501", "502", "1) OR user_list.id IN (502"])

    assert [one.gone for one in seen.values()] == [True, False, True]
    assert len(asked(google)) == 1


def test_every_customer_list_is_seen_over_all_batches(google: Vendors) -> None:
    options(google, batch=2)
    for number in range(602, 607):
        google.order(google.at("google_ads"), f"/_sandbox/lists/{number}", {"members": 1000})
    google.order(google.at("google_ads"), "/_sandbox/lists/606", {"fields": {"type": "RULE_BASED"}})

    assert [one.external_id for one in opened().everything()] == ["501", "602", "603", "604", "605"]


def test_ad_groups_take_over_what_their_campaign_excludes(google: Vendors) -> None:
    def campaign(number: int, **wanted: Any) -> None:
        google.order(google.at("google_ads"), f"/_sandbox/campaigns/{number}", wanted)

    groups = {"21": {"name": "Shoes", "included": ["502"]}, "22": {"excluded": ["503"]}, "23": {"status": "PAUSED"}}
    campaign(11, name="Search DE", excluded=["501"], ad_groups=groups)
    campaign(12, name="Performance Max", excluded=["501"])
    campaign(13, name="Old", serving_status="ENDED", ad_groups={"24": {}})
    campaign(14, name="Off", status="PAUSED", excluded=["501"])
    campaign(15, name="Mail ann@example.com")

    seen = {(one.kind, one.external_id): one for one in opened().ad_sets()}

    assert set(seen) == {("ad group", "21"), ("ad group", "22"), ("campaign", "12"), ("campaign", "15")}
    assert seen["ad group", "21"] == AdSetSeen(
        "ad group", "21", "Search DE, Shoes", frozenset({"502"}), frozenset({"501"})
    )
    assert seen["ad group", "22"].excludes == {"501", "503"}
    assert seen["campaign", "12"].excludes == {"501"}
    assert seen["campaign", "15"].name == "Mail [email]"


# Access


def test_the_access_is_granted_once_and_kept(google: Vendors) -> None:
    reader = opened()
    for _ in range(3):
        reader.lists(["501"])

    assert asked(google, "google_token") == [200]


def test_a_refused_access_is_renewed_once(google: Vendors) -> None:
    reader = opened()
    reader.lists(["501"])
    google.order(google.at("google_ads"), "/_sandbox/revoke")

    assert reader.lists(["501"])["501"].gone is False
    assert asked(google) == [200, 401, 200]

    google.fault(google.at("google_ads"), "401", times=0)
    with pytest.raises(google_refusals.TokenRefused):
        reader.lists(["501"])
    assert asked(google)[3:] == [401, 401]
    assert asked(google, "google_token") == [200, 200, 200]


def test_without_ids_only_the_access_is_tried(google: Vendors) -> None:
    assert opened().lists([]) == {}
    options(google, customers={"1234567890": "denied"})
    with pytest.raises(google_refusals.NotPermitted):
        opened().lists([])


def test_a_manager_account_is_named(google: Vendors) -> None:
    options(google, manager="9876543210")

    assert opened("987-654-3210").lists([]) == {}
    with pytest.raises(google_refusals.NotPermitted) as caught:
        opened().lists([])
    assert "manager id" in caught.value.words.next_step


@pytest.mark.parametrize("lacking", ["client_secret", "refresh_token"])
def test_nothing_is_asked_without_access(google: Vendors, lacking: str) -> None:
    with pytest.raises(NoGrant):
        opened(**{lacking: ""})
    with pytest.raises(NoGrant):
        reader_for("google_ads", {"client_id": CLIENT}, SECRETS)


@pytest.mark.parametrize(
    ("details", "error", "words"),
    [
        ({"status": 403, "code": "USER_PERMISSION_DENIED"}, google_refusals.NotPermitted, "read-only role"),
        ({"status": 403, "code": "CUSTOMER_NOT_ENABLED"}, google_refusals.CustomerOff, "closed it"),
        (
            {"status": 403, "code": "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION"},
            google_refusals.ProjectNotApproved,
            "Explorer access",
        ),
        ({"status": 403, "code": "DEVELOPER_TOKEN_NOT_APPROVED"}, google_refusals.ProjectNotApproved, "Cloud project"),
        (
            {"status": 403, "family": "", "code": "SERVICE_DISABLED"},
            google_refusals.ApiOff,
            "enable the Google Ads API",
        ),
        (
            {"status": 403, "family": "", "code": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"},
            google_refusals.ScopeMissing,
            "scope adwords",
        ),
        ({"status": 403, "code": "SOMETHING_NEW"}, google_refusals.NotPermitted, "read-only role"),
        ({"status": 400, "code": "INVALID_CUSTOMER_ID"}, google_refusals.NoCustomer, "ten digits"),
        (
            {"status": 400, "family": "queryError", "code": "UNRECOGNIZED_FIELD"},
            google_refusals.QuestionRefused,
            "Update",
        ),
        ({"status": 400, "code": "UNSUPPORTED_VERSION"}, google_refusals.QuestionRefused, "Update Muster"),
        ({"status": 400, "code": "SOMETHING_NEW"}, Rejected, "refused the request"),
        ({"status": 429}, google_refusals.QuotaSpent, "quota"),
        ({"status": 400, "family": "quotaError", "code": "RESOURCE_EXHAUSTED"}, RateLimited, "quota"),
        ({"status": 500}, Unreachable, "did not answer"),
        ({"status": 503}, Unreachable, "did not answer"),
        ({"status": 504}, Unreachable, "did not answer"),
        ({"status": 429, "body": "slow down"}, RateLimited, "asked to wait"),
    ],
)
def test_each_refusal_has_its_error_and_its_words(
    google: Vendors, details: dict[str, Any], error: type[VendorError], words: str
) -> None:
    found = failure(google, "status", **details)

    assert isinstance(found, error)
    told = found.words
    assert words in " ".join(told)
    assert all(part.endswith(".") for part in told)
    assert "Google" in told.happened or "Cloud project" in told.happened
    assert not any(secret in repr(found) + str(found) + " ".join(told) for secret in (*SECRETS.values(), "ya29"))
    assert found.retryable == issubclass(error, RateLimited | Unreachable)


def test_a_quota_says_when_it_is_over(google: Vendors) -> None:
    found = failure(google, "429", retry_delay="930s")

    assert isinstance(found, RateLimited)
    assert found.retry_after == 930


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"refresh_tokens": {"sandbox-refresh-token": "revoked"}}, google_refusals.GrantRefused, "seven days"),
        ({"clients": {CLIENT: "another"}}, google_refusals.ClientRefused, "OAuth client"),
        ({"clients": {}}, google_refusals.ClientRefused, "OAuth client"),
        ({"project": "unapproved"}, google_refusals.ProjectNotApproved, "test accounts only"),
        ({"project": "no_scope"}, google_refusals.ScopeMissing, "scope adwords"),
        ({"customers": {"1234567890": "not_enabled"}}, google_refusals.CustomerOff, "serve no ads"),
        ({"versions": ["v30"]}, google_refusals.QuestionRefused, "Update Muster"),
    ],
)
def test_a_state_of_the_account_is_told(
    google: Vendors, wanted: dict[str, Any], error: type[VendorError], words: str
) -> None:
    options(google, **wanted)

    with pytest.raises(error) as caught:
        opened().lists(["501"])

    assert words in " ".join(caught.value.words)
    assert issubclass(error, BadCredentials | Rejected)


@pytest.mark.parametrize("at", ["google_ads", "google_token"])
@pytest.mark.parametrize(
    ("kind", "details", "error"),
    [
        ("cut_before", {}, Unreachable),
        ("truncate", {}, Unreachable),
        ("truncate", {"clean": True}, Unreadable),
        ("html", {}, Unreadable),
        ("status", {"status": 503, "body": "<html>"}, Unreachable),
        ("status", {"status": 200, "body": "{}"}, Unreadable),
        ("status", {"status": 200, "body": "null"}, Unreadable),
        ("status", {"status": 200, "body": '[{"results": [{"userList": {}}]}]'}, Unreadable),
    ],
)
def test_what_goes_wrong_on_the_way_is_never_a_figure(
    google: Vendors, at: str, kind: str, details: dict[str, Any], error: type[VendorError]
) -> None:
    found = failure(google, kind, at=at, **details)

    assert type(found) is error
    assert not any(secret in repr(found) + str(found) for secret in SECRETS.values())


def test_an_error_in_the_middle_of_a_stream_is_no_half_of_an_account(google: Vendors) -> None:
    body = (
        '[{"results": [{"userList": {"id": "501"}}]}, {"error": {"code": 14, "status": "UNAVAILABLE", "message": "x"}}]'
    )
    assert type(failure(google, "status", status=200, body=body)) is Unreachable


def test_a_slow_answer_is_given_up(google: Vendors, settings: Any) -> None:
    settings.REQUEST_TIMEOUT = 0.3
    assert "time limit" in failure(google, "delay", seconds=0.8).detail
