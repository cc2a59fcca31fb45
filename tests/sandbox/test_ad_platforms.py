"""Ad platforms behind the RudderStack stand-in: people with several identifiers, and what becomes of each row."""

from hashlib import sha256
from typing import Any

import pytest

from tests.sandbox.conftest import Ask
from tests.vendors import Vendors

META, GOOGLE = "FB_CUSTOM_AUDIENCE", "GOOGLE_ADWORDS_REMARKETING_LISTS"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def record(action: str, message: str = "m", **fields: str) -> dict[str, Any]:
    hashed = {name: digest(value) for name, value in fields.items()}
    return {"type": "record", "action": action, "fields": hashed, "messageId": message, "userId": message}


def rows(*values: str, field: str = "EMAIL") -> list[dict[str, str]]:
    return [{field: digest(value)} for value in values]


def audience_list(add: Any = None, remove: Any = None) -> dict[str, Any]:
    lists = {name: given for name, given in (("add", add), ("remove", remove)) if given is not None}
    return {"type": "audiencelist", "userId": "list", "messageId": "m", "properties": {"listData": lists}}


@pytest.fixture
def known(vendors: Vendors) -> Vendors:
    """The platforms know Ann (two emails, one phone), Bo (one email, Ann's phone) and Cy (one email)."""
    vendors.order(
        vendors.rudder,
        "/_sandbox/platform/people",
        {
            "people": [
                {"ref": "ann", "identifiers": [digest("ann@x"), digest("ann@home"), digest("1212")]},
                {"ref": "bo", "identifiers": [digest("bo@x"), digest("1212")]},
                {"ref": "cy", "identifiers": [digest("cy@x")]},
            ]
        },
    )
    vendors.source("wk", META)
    vendors.source("g", GOOGLE)
    return vendors


@pytest.fixture
def send(gateway: Ask) -> Any:
    def post(*events: dict[str, Any], key: str = "wk") -> None:
        assert gateway("/v1/batch", {"batch": events}, key=key).status_code == 200

    return post


def refs(vendors: Vendors, key: str = "wk") -> list[str]:
    return list(vendors.membership(key)["refs"])


@pytest.mark.parametrize("email", ["ann@x", "ann@home"])
def test_an_addition_by_any_identifier_adds_the_person(known: Vendors, send: Any, email: str) -> None:
    send(record("insert", EMAIL=email))

    told = known.membership("wk")
    assert (told["refs"], told["people"], told["strangers"]) == (["ann"], 1, 0)
    assert told["identifiers"] == [digest(email)]


def test_a_removal_by_an_identifier_that_was_never_uploaded_removes_the_person(known: Vendors, send: Any) -> None:
    send(record("insert", EMAIL="ann@x"), record("delete", EMAIL="ann@home"))

    told = known.membership("wk")
    assert (told["people"], told["identifiers"]) == (0, [])


def test_a_shared_identifier_adds_and_removes_both(known: Vendors, send: Any) -> None:
    send(record("insert", PHONE="1212"))
    assert refs(known) == ["ann", "bo"]

    send(record("insert", EMAIL="cy@x"), record("delete", PHONE="1212"))
    assert refs(known) == ["cy"]


def test_a_row_with_two_identifiers_is_whoever_has_one_of_them(known: Vendors, send: Any) -> None:
    send(record("insert", EMAIL="cy@x", PHONE="1212"))

    assert refs(known) == ["ann", "bo", "cy"]


def test_an_update_only_adds(known: Vendors, send: Any) -> None:
    send(record("insert", EMAIL="ann@x"), record("update", EMAIL="ann@home"))

    assert known.membership("wk")["identifiers"] == sorted([digest("ann@x"), digest("ann@home")])


def test_strangers_are_counted(known: Vendors, send: Any) -> None:
    send(
        record("insert", EMAIL="new@x"), record("insert", EMAIL="new@x", PHONE="77"), record("insert", EMAIL="other@x")
    )

    told = known.membership("wk")
    assert (told["people"], told["strangers"], told["refs"]) == (2, 2, [])


def test_a_stranger_is_removed_by_what_they_were_added_by(known: Vendors, send: Any) -> None:
    send(record("insert", EMAIL="new@x", PHONE="77"))
    send(record("delete", PHONE="77"))

    assert known.membership("wk")["people"] == 0


def test_destinations_hold_lists_of_their_own(known: Vendors, send: Any) -> None:
    send(record("insert", EMAIL="ann@x"))
    send(record("insert", email="cy@x"), key="g")

    assert (refs(known), refs(known, "g")) == (["ann"], ["cy"])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (record("upsert", EMAIL="a@x"), "Invalid action type in record event"),
        (record("insert"), "no identifier"),
        (record("insert", email="a@x"), "no identifier"),
        ({"type": "record", "action": "insert", "fields": {"EMAIL": "a@x.example"}}, "not hashed"),
        ({"type": "record", "action": "insert", "fields": {"EMAIL": ""}}, "no identifier"),
        ({"type": "record", "action": "insert"}, "no identifier"),
        (audience_list(), "listData is empty"),
        (audience_list(add=[], remove=[]), "listData is empty"),
        ({"type": "audiencelist", "userId": "u", "properties": {}}, "listData is missing"),
        ({"type": "audiencelist", "userId": "u"}, "listData is missing"),
    ],
)
def test_what_the_platform_cannot_use_is_lost_without_a_word(
    known: Vendors, send: Any, event: dict[str, Any], reason: str
) -> None:
    send(event)

    told = known.membership("wk")
    assert (told["people"], told["adds"], len(told["failed"])) == (0, 0, 1)
    assert reason in told["failed"][0]["reason"]


def test_only_the_bad_record_of_a_batch_is_lost(known: Vendors, send: Any) -> None:
    send(record("insert", "1", EMAIL="ann@x"), record("insert", "2"), record("insert", "3", EMAIL="cy@x"))

    told = known.membership("wk")
    assert told["refs"] == ["ann", "cy"]
    assert [failure["message_id"] for failure in told["failed"]] == ["2"]


def test_a_bad_row_loses_the_whole_list_at_meta_and_only_itself_at_google(known: Vendors, send: Any) -> None:
    send(audience_list(add=[*rows("ann@x"), {}]))
    send(audience_list(add=[*rows("ann@x", field="email"), {}]), key="g")

    assert known.membership("wk")["people"] == 0
    assert (refs(known, "g"), known.membership("g")["failed"]) == (["ann"], [])


def test_meta_removes_first_and_google_adds_first(known: Vendors, send: Any) -> None:
    send(audience_list(add=rows("ann@x"), remove=rows("ann@x")))
    send(audience_list(add=rows("ann@x", field="email"), remove=rows("ann@x", field="email")), key="g")

    assert (refs(known), refs(known, "g")) == (["ann"], [])


def test_values_are_hashed_by_the_destination_where_it_is_set_so(vendors: Vendors, send: Any) -> None:
    vendors.source("raw", META, isHashRequired=True)
    raw = {"EMAIL": " Ann@X.example ", "PHONE": "+1 (212) 555-0100"}
    send({"type": "record", "action": "insert", "fields": raw}, key="raw")
    send(record("insert", EMAIL="ann@x.example"), key="raw")

    told = vendors.membership("raw")
    assert told["identifiers"] == sorted([digest("ann@x.example"), digest("12125550100")])
    assert "hashed" in told["failed"][0]["reason"]


@pytest.mark.parametrize(
    ("integrations", "arrives"),
    [
        ({"All": True}, True),
        ({"All": False}, False),
        ({"All": False, "Facebook Custom Audience": True}, True),
        ({"All": True, "Facebook Custom Audience": False}, False),
        ({}, True),
        (None, True),
    ],
)
def test_integrations_choose_by_display_name(known: Vendors, send: Any, integrations: Any, arrives: bool) -> None:
    send(record("insert", EMAIL="ann@x") | {"integrations": integrations})

    told = known.membership("wk")
    assert (told["people"], told["filtered"]) == ((1, 0) if arrives else (0, 1))


def test_other_types_of_event_are_filtered(known: Vendors, send: Any) -> None:
    send({"type": "identify", "userId": "u"}, {"type": "track", "userId": "u", "event": "x"})

    assert known.membership("wk")["filtered"] == 2


def test_a_disabled_destination_gets_nothing(known: Vendors, send: Any) -> None:
    place = {"type": META, "name": META, "enabled": False}
    known.order(known.rudder, "/_sandbox/sources", {"write_key": "wk", "destinations": [place]})
    send(record("insert", EMAIL="ann@x"))

    assert (known.membership("wk")["people"], known.membership("wk")["filtered"]) == (0, 1)


def test_a_purged_list_is_empty_and_fills_again(known: Vendors, send: Any) -> None:
    send(record("insert", EMAIL="ann@x"), record("insert", EMAIL="cy@x"))
    known.order(known.rudder, "/_sandbox/sources/wk/empty")
    assert known.membership("wk")["people"] == 0

    send(record("insert", EMAIL="cy@x"))
    assert refs(known) == ["cy"]


def test_a_source_with_two_destinations_must_be_asked_which(known: Vendors, send: Any) -> None:
    known.source("wk", GOOGLE, name="second")
    send(record("insert", EMAIL="ann@x", email="cy@x"))

    assert known.membership("wk", destination=META)["refs"] == ["ann"]
    assert known.membership("wk", destination="second")["refs"] == ["cy"]
    with pytest.raises(AssertionError, match="Say which destination"):
        known.membership("wk")


def test_the_fingerprint_is_of_the_identifiers(known: Vendors, send: Any) -> None:
    send(record("insert", EMAIL="ann@x"), record("insert", EMAIL="cy@x"))

    told = known.membership("wk")
    lines = "".join(f"{identifier}\n" for identifier in told["identifiers"])
    assert told["fingerprint"] == digest(lines)
    assert "identifiers" not in known.membership("wk", identifiers=0)


def test_the_platforms_know_the_people_of_customerio_by_their_own_forms(vendors: Vendors, send: Any) -> None:
    [somebody] = vendors.upsert(
        {"email": " J.Doe+shop@Gmail.com", "phone": "(212) 555-0100", "country": "US", "id": "u"}
    )
    vendors.source("wk", META)
    vendors.source("g", GOOGLE)
    assert vendors.mirror() == 1

    send(record("insert", EMAIL="j.doe+shop@gmail.com"))
    send(record("insert", email="jdoe@gmail.com"), key="g")
    assert (refs(vendors), refs(vendors, "g")) == ([somebody], [somebody])

    send(record("delete", PHONE="12125550100"))
    send(record("delete", phone="+12125550100"), key="g")
    assert (refs(vendors), refs(vendors, "g")) == ([], [])

    send(record("insert", EMAIL="jdoe@gmail.com"), record("insert", PHONE="+12125550100"))
    assert (refs(vendors), vendors.membership("wk")["strangers"]) == ([], 2)


def test_without_strictness_each_form_is_good_everywhere(vendors: Vendors, send: Any) -> None:
    [somebody] = vendors.upsert({"email": "j.doe@gmail.com", "id": "u"})
    vendors.source("wk", META)
    vendors.mirror(strict=False)

    send(record("insert", EMAIL="jdoe@gmail.com"))

    assert refs(vendors) == [somebody]


def test_a_mirror_of_nobody_says_why(vendors: Vendors) -> None:
    with pytest.raises(AssertionError, match="could not be read"):
        vendors.order(vendors.rudder, "/_sandbox/platform/mirror", {"customerio": "http://127.0.0.1:9"})
