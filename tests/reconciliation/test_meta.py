"""Meta read back over HTTP: every state in words and figures, every refusal in the sentences a person sees."""

from typing import Any

import pytest

from muster.http import BadCredentials, Gone, RateLimited, Rejected, Unreachable, Unreadable, VendorError
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers import meta_refusals
from reconciliation.readers.meaning import Kind
from reconciliation.readers.meta import MetaReader, NoToken
from reconciliation.readers.meta_codes import DELIVERY, OPERATION, meaning
from reconciliation.readers.opening import NoReader, reader_for
from reconciliation.readers.seen import AdSetSeen, Figure, ListSeen
from tests.sandbox.uploads import upload
from tests.vendors import Vendors

TOKEN = "sandbox-meta-token"
SIZE = Figure(Quantity.MEMBERS, None, None, Basis.RANGE, "approximate_count")


@pytest.fixture
def meta(vendors: Vendors) -> Vendors:
    vendors.source("wk", "FB_CUSTOM_AUDIENCE", audienceId="9001", adAccountId="77", audienceName="Buyers")
    return vendors


def opened(**secrets: str) -> MetaReader:
    found = reader_for("meta", {"account": "act_77"}, {"token": TOKEN, **secrets})
    assert isinstance(found, MetaReader)
    return found


def options(vendors: Vendors, **wanted: Any) -> None:
    vendors.order(vendors.at("meta"), "/_sandbox/options", wanted)


def shown(vendors: Vendors, **wanted: Any) -> ListSeen:
    """Return the list as the reader sees it after an order."""
    vendors.order(vendors.at("meta"), "/_sandbox/lists/9001", wanted)
    return opened().lists(["9001"])["9001"]


def figure(seen: ListSeen, quantity: Quantity) -> tuple[int | None, int | None] | None:
    return next(((one.low, one.high) for one in seen.figures if one.quantity == quantity), None)


def states(seen: ListSeen) -> dict[str, str]:
    return {state.axis: state.code for state in seen.states}


def failure(vendors: Vendors, kind: str, path: str = "/9001", **details: Any) -> VendorError:
    vendors.fault(vendors.at("meta"), kind, {"path": path}, **details)
    with pytest.raises(VendorError) as caught:
        opened().lists(["9001"])
    return caught.value


# Figures and states


def test_a_list_is_read_with_its_range_its_states_and_its_uploads(meta: Vendors) -> None:
    options(meta, life_span_days=180)
    upload(meta, "wk", 0, 1000)
    truth = meta.get(meta.at("meta"), "/_sandbox/lists/9001")

    seen = opened().lists(["9001"])["9001"]

    low, high = figure(seen, Quantity.MEMBERS) or (None, None)
    assert low is not None
    assert high is not None
    assert low < truth["matched"] < high
    assert next(one.basis for one in seen.figures if one.quantity == Quantity.MEMBERS) == Basis.RANGE
    assert figure(seen, Quantity.LIFE_SPAN) == (180, 180)
    assert figure(seen, Quantity.RECEIVED) == (1000, 1000)
    assert figure(seen, Quantity.MATCHED) == (truth["matched"],) * 2
    assert figure(seen, Quantity.INVALID) == (0, 0)
    assert states(seen) == {"delivery_status": "200", "operation_status": "200", "oldest_session": "1"}
    assert (seen.name, seen.version, seen.gone) == ("Buyers", "v26.0", False)
    assert seen.changed_at is not None
    assert abs(seen.changed_at.timestamp() - truth["changed"]) <= 1
    assert seen.as_of is None


@pytest.mark.parametrize(
    "wanted",
    [
        {"low": -1, "high": -1},
        {"low": None, "high": None},
        {"low": 900, "high": -1},
        {"low": 900, "high": 800},
        {"low": "many", "high": True},
        {"omit": ["approximate_count_lower_bound"]},
    ],
)
def test_a_size_that_is_not_told_is_unknown_and_never_zero(meta: Vendors, wanted: dict[str, Any]) -> None:
    upload(meta, "wk", 0, 10)

    seen = shown(meta, **wanted)

    assert next(one for one in seen.figures if one.quantity == Quantity.MEMBERS) == SIZE


def test_while_it_settles_the_size_is_unknown_and_the_state_says_why(meta: Vendors) -> None:
    options(meta, settle_seconds=3600)
    upload(meta, "wk", 0, 10)

    seen = opened().lists(["9001"])["9001"]

    assert next(one for one in seen.figures if one.quantity == Quantity.MEMBERS) == SIZE
    assert meaning("operation_status", states(seen)["operation_status"]).kind == Kind.SETTLING


@pytest.mark.parametrize("code", [*OPERATION, "777"])
def test_every_operation_status_comes_through_and_has_a_meaning(meta: Vendors, code: str) -> None:
    seen = shown(meta, operation_status=[int(code), "In Meta's words"])

    [state] = [state for state in seen.states if state.axis == "operation_status"]
    assert (state.code, state.words) == (code, "In Meta's words")
    told = meaning(state.axis, state.code, state.words)
    assert told.words.endswith(".") is (code != "777")
    assert (told.words == "In Meta's words", told.kind == Kind.UNKNOWN) == (code == "777", told.kind == Kind.UNKNOWN)


@pytest.mark.parametrize(
    ("axis", "code", "kind"),
    [
        ("delivery_status", "200", Kind.USABLE),
        ("delivery_status", "300", Kind.TOO_SMALL),
        ("delivery_status", "400", Kind.BLOCKED),
        ("delivery_status", "433", Kind.BLOCKED),
        ("delivery_status", "17", Kind.UNKNOWN),
        ("operation_status", "100", Kind.STALE),
        ("operation_status", "411", Kind.LOW_MATCH),
        ("operation_status", "414", Kind.SETTLING),
        ("operation_status", "422", Kind.UNKNOWN),
        ("operation_status", "441", Kind.SETTLING),
        ("operation_status", "450", Kind.STALE),
        ("operation_status", "471", Kind.BLOCKED),
        ("operation_status", "500", Kind.BLOCKED),
    ],
)
def test_codes_become_the_products_words(axis: str, code: str, kind: Kind) -> None:
    assert meaning(axis, code).kind == kind


def test_every_meaning_that_is_not_well_says_what_to_do() -> None:
    lacking = [code for code, told in {**DELIVERY, **OPERATION}.items() if told.kind != Kind.USABLE and not told.do]
    assert lacking == []


def test_what_meta_adds_or_leaves_out_does_not_stop_the_reading(meta: Vendors) -> None:
    upload(meta, "wk", 0, 10)
    seen = shown(
        meta,
        omit=["name", "operation_status", "delivery_status", "time_content_updated", "subtype"],
        fields={"new_field": {"a": 1}, "retention_days": "soon", "delete_time": 1_900_000_000},
        sessions=[{"num_received": "5", "num_matched": "-1", "num_invalid_entries": "0"}, {"stage": "x"}],
    )

    assert (seen.name, seen.changed_at) == ("", None)
    assert states(seen) == {"delete_time": "2030-03-17"}
    assert {one.quantity for one in seen.figures} == {Quantity.MEMBERS}


def test_a_name_with_an_address_in_it_is_redacted(meta: Vendors) -> None:
    assert shown(meta, name="Leads of ann@example.com").name == "Leads of [email]"


def test_a_deleted_audience_is_gone_and_the_others_are_read(meta: Vendors) -> None:
    meta.source("other", "FB_CUSTOM_AUDIENCE", audienceId="9002")
    meta.order(meta.at("meta"), "/_sandbox/lists/9001", {"deleted": True})

    seen = opened().lists(["9001", "9002"])

    assert (seen["9001"].gone, seen["9001"].figures) == (True, ())
    assert seen["9002"].gone is False


@pytest.mark.parametrize("wrong", ["me", "..", "9001/users", "", "1"])
def test_an_id_of_something_else_does_not_stop_the_others(meta: Vendors, wrong: str) -> None:
    meta.order(meta.at("meta"), "/_sandbox/ad_sets/1", {"name": "Not a list"})

    seen = opened().lists([wrong, "9001"])

    assert [seen[wrong].gone, seen["9001"].gone] == [True, False]


def test_that_metas_version_ends_stands_with_the_list(meta: Vendors) -> None:
    options(meta, version_warning="The call was auto-upgraded to v27.0")

    [told] = [state for state in opened().lists(["9001"])["9001"].states if state.axis == "api_version"]
    assert (told.code, told.words) == ("v26.0", "The call was auto-upgraded to v27.0")


def test_sessions_that_cannot_be_read_do_not_spoil_the_size(meta: Vendors) -> None:
    upload(meta, "wk", 0, 1000)
    meta.fault(meta.at("meta"), "status", {"path": "/sessions"}, status=400, code=100)

    seen = opened().lists(["9001"])["9001"]

    assert figure(seen, Quantity.MEMBERS) != (None, None)
    assert figure(seen, Quantity.RECEIVED) is None


# The account


def test_every_list_that_uploads_fill_is_seen_over_all_pages(meta: Vendors) -> None:
    for number in range(45):
        meta.order(meta.at("meta"), f"/_sandbox/lists/{8000 + number}", {"members": 500, "name": f"List {number}"})
    meta.order(meta.at("meta"), "/_sandbox/lists/8000", {"fields": {"subtype": "LOOKALIKE"}})

    seen = opened().everything()

    assert [one.external_id for one in seen] == [str(8001 + number) for number in range(44)] + ["9001"]
    assert figure(seen[0], Quantity.MEMBERS) == (490, 510)


def test_active_ad_sets_tell_which_lists_they_include_and_exclude(meta: Vendors) -> None:
    base = meta.at("meta")
    meta.order(base, "/_sandbox/ad_sets/1", {"name": "Prospecting DE", "excluded": ["9001", "9002"]})
    meta.order(base, "/_sandbox/ad_sets/2", {"name": "Ask ann@example.com", "included": ["9003"]})
    meta.order(base, "/_sandbox/ad_sets/3", {"effective_status": "CAMPAIGN_PAUSED", "excluded": ["9001"]})
    meta.order(base, "/_sandbox/ad_sets/4", {"end_time": "2026-01-01T00:00:00+0000", "excluded": ["9001"]})
    meta.order(base, "/_sandbox/ad_sets/5", {"end_time": "2999-01-01T00:00:00+0000"})
    nested = {
        "flexible_spec": [{"custom_audiences": [{"id": "9004"}]}],
        "exclusions": {"custom_audiences": [{"id": 9001}]},
    }
    meta.order(base, "/_sandbox/ad_sets/6", {"targeting": nested})

    seen = {one.external_id: one for one in opened().ad_sets()}

    assert set(seen) == {"1", "2", "5", "6"}
    assert seen["1"] == AdSetSeen("ad set", "1", "Prospecting DE", excludes=frozenset({"9001", "9002"}))
    assert seen["2"] == AdSetSeen("ad set", "2", "Ask [email]", includes=frozenset({"9003"}))
    assert seen["6"] == AdSetSeen("ad set", "6", "6", frozenset({"9004"}), frozenset({"9001"}))


def test_pages_that_never_end_are_no_account(meta: Vendors) -> None:
    body = '{"data": [], "paging": {"cursors": {"after": "1"}, "next": "https://x"}}'
    meta.fault(meta.at("meta"), "status", {"path": "/adsets"}, times=0, status=200, body=body)

    with pytest.raises(Unreadable):
        opened().ad_sets()


# Who asks


def test_the_app_secret_is_proved_and_never_sent(meta: Vendors) -> None:
    options(meta, app_secret="app-secret-1234")

    assert opened(app_secret="app-secret-1234").lists(["9001"])["9001"].gone is False
    [asked, _] = meta.get(meta.at("meta"), "/_sandbox/requests")["requests"]
    assert "app-secret-1234" not in asked["query"]
    assert TOKEN not in asked["query"]
    for wrong in ({}, {"app_secret": "another-secret"}):
        with pytest.raises(meta_refusals.ProofRefused):
            opened(**wrong).lists(["9001"])


def test_without_ids_only_the_access_is_tried(meta: Vendors) -> None:
    assert opened().lists([]) == {}
    options(meta, tokens={TOKEN: "no_permission"})
    with pytest.raises(meta_refusals.NotPermitted):
        opened().lists([])


def test_nothing_is_asked_without_a_token_and_of_no_unknown_platform(meta: Vendors) -> None:
    with pytest.raises(NoToken):
        reader_for("meta", {"account": "77"}, {})
    with pytest.raises(NoReader) as caught:
        reader_for("snapchat", {}, {})
    assert caught.value.words.happened == "Muster cannot read snapchat back."


def test_a_budget_that_is_nearly_used_up_is_left_to_whoever_uploads(meta: Vendors) -> None:
    options(meta, usage=96, regain_minutes=12)

    with pytest.raises(meta_refusals.BudgetSpent) as caught:
        opened().lists(["9001"])

    assert caught.value.retry_after == 720
    assert len(meta.get(meta.at("meta"), "/_sandbox/requests")["requests"]) == 1


@pytest.mark.parametrize(
    ("details", "error", "words"),
    [
        ({"code": 190, "subcode": 463}, BadCredentials, "no longer accepts the access token"),
        ({"code": 102}, BadCredentials, "no longer accepts the access token"),
        ({"code": 200}, BadCredentials, "permission ads_read"),
        ({"code": 10}, BadCredentials, "permission ads_read"),
        ({"code": 294}, BadCredentials, "permission ads_read"),
        ({"code": 275}, BadCredentials, "permission ads_read"),
        ({"code": 200, "subcode": 1870090}, BadCredentials, "Custom Audience terms"),
        ({"code": 270}, BadCredentials, "development access"),
        ({"code": 100}, Rejected, "refused the request"),
        ({"code": 2500}, Rejected, "refused the request"),
        ({"code": 2635}, Rejected, "Update Muster"),
        ({"code": 4}, RateLimited, "hourly budget"),
        ({"code": 17}, RateLimited, "hourly budget"),
        ({"code": 32}, RateLimited, "hourly budget"),
        ({"code": 613}, RateLimited, "hourly budget"),
        ({"code": 80003}, RateLimited, "hourly budget"),
        ({"code": 80004}, RateLimited, "hourly budget"),
        ({"code": 1}, Unreachable, "did not answer"),
        ({"code": 2}, Unreachable, "did not answer"),
        ({"code": 4711, "is_transient": True}, Unreachable, "did not answer"),
        ({"code": 4711, "is_transient": False}, Rejected, "refused the request"),
        ({"status": 429, "body": "slow down"}, RateLimited, "asked to wait"),
        ({"status": 401, "body": "{}"}, BadCredentials, "refused the key"),
    ],
)
def test_each_refusal_has_its_error_and_its_words(
    meta: Vendors, details: dict[str, Any], error: type[VendorError], words: str
) -> None:
    found = failure(meta, "status", **({"status": 400} | details))

    assert isinstance(found, error)
    told = found.words
    assert words in " ".join(told)
    assert all(part.endswith(".") for part in told)
    assert "Meta" in told.happened or "ad account" in told.happened
    assert TOKEN not in repr(found) + str(found) + " ".join(told)
    assert found.retryable == (error in {RateLimited, Unreachable})
    if "code" in details:
        assert str(details["code"]) in found.detail


def test_a_limit_says_when_it_is_over_or_an_hour_is_waited(meta: Vendors) -> None:
    found = failure(meta, "status", status=400, code=17)
    assert isinstance(found, RateLimited)
    assert found.retry_after == 3600


@pytest.mark.parametrize(
    ("kind", "details", "error"),
    [
        ("500", {}, Unreachable),
        ("503", {}, Unreachable),
        ("502", {"body": "<html>Bad gateway</html>"}, Unreachable),
        ("cut_before", {}, Unreachable),
        ("cut_after", {}, Unreachable),
        ("truncate", {}, Unreachable),
        ("truncate", {"clean": True}, Unreadable),
        ("html", {}, Unreadable),
        ("status", {"status": 200, "body": "[]"}, Unreadable),
        ("status", {"status": 200, "body": "{}"}, Unreadable),
        ("status", {"status": 200, "body": '{"id": "9999"}'}, Unreadable),
        ("404", {"body": "nothing"}, None),
    ],
)
def test_what_goes_wrong_on_the_way_is_never_a_figure(
    meta: Vendors, kind: str, details: dict[str, Any], error: type[VendorError] | None
) -> None:
    if error is None:
        meta.fault(meta.at("meta"), kind, {"path": "/9001"}, **details)
        assert opened().lists(["9001"])["9001"].gone
        return
    assert type(failure(meta, kind, **details)) is error


def test_a_slow_answer_is_given_up(meta: Vendors, settings: Any) -> None:
    settings.REQUEST_TIMEOUT = 0.3
    found = failure(meta, "delay", seconds=0.8)

    assert type(found) is Unreachable
    assert "time limit" in found.detail


def test_that_something_is_gone_may_also_mean_that_it_may_not_be_seen(meta: Vendors) -> None:
    meta.fault(meta.at("meta"), "status", {"path": "/customaudiences"}, status=400, code=100, subcode=33)

    with pytest.raises(Gone) as caught:
        opened().everything()

    assert "may not see it" in caught.value.words.happened
