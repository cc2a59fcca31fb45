"""Whatever a platform answers, a reader gives figures that can be kept or an error with words, and never trips."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as chances
from hypothesis import strategies as st

from muster.http import VendorError
from reconciliation.readers import google_ads, google_refusals, meta, meta_refusals
from reconciliation.readers.seen import ListSeen

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def rows_with(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects whose known fields hold anything, or are absent."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES))


META = rows_with(
    "id", "name", "approximate_count_lower_bound", "approximate_count_upper_bound", "delivery_status",
    "operation_status", "retention_days", "time_content_updated", "delete_time", "fields_violating_integrity_policy",
)  # fmt: skip
SESSIONS = rows_with("num_received", "num_matched", "num_invalid_entries")
AD_SETS = rows_with("id", "name", "effective_status", "end_time", "targeting")
TARGETING = rows_with("custom_audiences", "excluded_custom_audiences", "flexible_spec", "exclusions")
GOOGLE = rows_with(
    "id", "name", "sizeForSearch", "sizeForDisplay", "sizeRangeForSearch", "eligibleForSearch", "matchRatePercentage",
    "membershipStatus", "membershipLifeSpan", "crmBasedUserList",
)  # fmt: skip
OWNERS = rows_with("campaign", "adGroup", "campaignCriterion", "adGroupCriterion")
ERRORS = rows_with("code", "message", "error_subcode", "is_transient", "status", "details", "error_user_msg")


few = chances(max_examples=40)


def made(call: Callable[[], Any]) -> Any:
    """Return what a reader makes of an answer, None where it says that it cannot read it. Anything else trips the test."""
    try:
        return call()
    except VendorError:
        return None


def can_be_kept(seen: ListSeen) -> None:
    """Assert what the tables of readings demand."""
    assert 0 < len(seen.external_id) <= 120
    assert "\0" not in seen.external_id + seen.name
    for one in seen.figures:
        assert (one.low is None) == (one.high is None)
        assert one.low is None or (one.high is not None and 0 <= one.low <= one.high < 2**63)
    assert all(state.code and "\0" not in state.code + state.words for state in seen.states)


@few
@given(META, st.lists(SESSIONS, max_size=3))
def test_an_audience_of_meta(row: dict[str, Any], sessions: list[dict[str, Any]]) -> None:
    if seen := made(lambda: meta.seen(row, sessions)):
        can_be_kept(seen)


@few
@given(AD_SETS, TARGETING)
def test_an_ad_set_of_meta(row: dict[str, Any], targeting: dict[str, Any]) -> None:
    for one in (row, row | {"targeting": targeting}):
        seen = made(lambda one=one: meta.ad_set(one))  # type: ignore[misc]
        assert seen is None or "" not in seen.includes | seen.excludes
        assert meta.is_running(one, datetime(2026, 1, 1, tzinfo=UTC)) in {True, False}


@few
@given(GOOGLE)
def test_a_list_of_google(row: dict[str, Any]) -> None:
    if seen := made(lambda: google_ads.seen({"userList": row})):
        can_be_kept(seen)


@few
@given(st.lists(OWNERS, max_size=3))
def test_criteria_of_google(rows: list[dict[str, Any]]) -> None:
    above, below = google_ads.named(rows, "campaign"), google_ads.named(rows, "adGroup")
    for one in made(lambda: list(google_ads.used_in(rows, rows, above, below))) or []:
        assert one.external_id


@few
@given(st.sampled_from([400, 401, 403, 429, 500]), ERRORS | VALUES, st.binary(max_size=20) | VALUES)
def test_a_refusal(status: int, error: Any, header: Any) -> None:
    text = header if isinstance(header, bytes) else orjson.dumps({"x": [header], "call_count": header})
    headers = {meta_refusals.USAGE_HEADER: text.decode("latin-1"), "X-App-Usage": text.decode("latin-1")}
    for body in (orjson.dumps({"error": error}), orjson.dumps([{"error": error}]), orjson.dumps(error)):
        for found in (
            meta_refusals.error_of(status, headers, body, ["secret"]),
            google_refusals.error_of(status, body, ["secret"]),
            google_refusals.grant_error(status, body, ["secret"]),
        ):
            assert found is None or all(found.words)
    assert 0 <= meta_refusals.used(headers) <= 1000
    assert 0 < meta_refusals.regained_in(headers) <= 86_400


@pytest.mark.parametrize("minutes", ["1e400", "-5", "9" * 30, "true", '"5"', "null"])
def test_a_wait_is_never_longer_than_a_day(minutes: str) -> None:
    header = f'{{"1": [{{"estimated_time_to_regain_access": {minutes}, "call_count": {minutes}}}]}}'

    assert 0 < meta_refusals.regained_in({meta_refusals.USAGE_HEADER: header}) <= 86_400
    assert 0 <= meta_refusals.used({meta_refusals.USAGE_HEADER: header}) <= 1000
