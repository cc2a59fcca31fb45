"""What goes wrong behind RudderStack: the sender hears nothing of it, and the platform shows it or does not."""

from typing import Any

import pytest

from tests.sandbox.uploads import upload
from tests.vendors import Vendors

LIST = "9001"


@pytest.fixture
def meta(vendors: Vendors) -> Vendors:
    vendors.source("wk", audienceId=LIST)
    vendors.order(vendors.at("meta"), f"/_sandbox/lists/{LIST}", {"match": 1.0})
    upload(vendors, "wk", 0, 400)
    assert truth(vendors)["people"] == 400, "what came is carried on when somebody looks"
    return vendors


def trouble(vendors: Vendors, **config: Any) -> None:
    vendors.source("wk", audienceId=LIST, **config)


def truth(vendors: Vendors) -> dict[str, Any]:
    return dict(vendors.get(vendors.at("meta"), f"/_sandbox/lists/{LIST}"))


def sessions(vendors: Vendors) -> list[tuple[str, str]]:
    answer = vendors.session.get(
        f"{vendors.at('meta')}/v26.0/{LIST}/sessions",
        headers={"Authorization": "Bearer sandbox-meta-token"},
        timeout=30,
    )
    return [(one["num_received"], one["num_invalid_entries"]) for one in answer.json()["data"]]


def test_an_expired_token_changes_nothing_at_the_platform(meta: Vendors) -> None:
    before = truth(meta)
    trouble(meta, token="expired")
    upload(meta, "wk", 400, 450)
    upload(meta, "wk", 0, 50, action="delete")
    after = truth(meta)
    assert (after["people"], after["changed"]) == (400, before["changed"])
    assert sessions(meta) == [("400", "0")]
    trouble(meta)
    upload(meta, "wk", 450, 500)
    assert truth(meta)["people"] == 450


def test_an_emptied_mapping_is_seen_as_invalid_rows(meta: Vendors) -> None:
    before = truth(meta)
    trouble(meta, unmapped=True)
    upload(meta, "wk", 400, 450)
    after = truth(meta)
    assert (after["people"], after["changed"]) == (400, before["changed"])
    assert sessions(meta) == [("50", "50"), ("400", "0")]


def test_removals_that_are_dropped_leave_everybody_there(meta: Vendors) -> None:
    trouble(meta, drops=["delete"])
    upload(meta, "wk", 0, 50, action="delete")
    upload(meta, "wk", 400, 450)
    assert truth(meta)["people"] == 450


def test_a_share_of_the_additions_is_aborted_the_same_each_time(meta: Vendors) -> None:
    trouble(meta, loses=0.3)
    upload(meta, "wk", 400, 600)
    people = truth(meta)["people"]
    assert 520 < people < 560
    assert sessions(meta)[0] == (str(people - 400), "0")
    upload(meta, "wk", 0, 50, action="delete")
    assert truth(meta)["people"] == people - 50
