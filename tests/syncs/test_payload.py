"""The events: valid JSON that says what is meant, of text from anybody, and the same bytes for the same people."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.columns import Array
from syncs.arms import ASSIGNED, TAKEN_AWAY
from syncs.payload import (
    ACTIONS,
    AUDIENCELIST,
    EVENTS,
    RECORD,
    Arms,
    Spec,
    add_rows,
    arm_traits,
    body,
    event_texts,
    remove_rows,
    trait_text,
    typed,
    with_arms,
)
from syncs.plan import ADD, CHANGE, REASSERT
from syncs.removal_rows import removal_rows
from syncs.row_bytes import Rows, joined
from tests.syncs.shards import NOTHING, digests, key_of, keys, sha

SPEC = Spec(
    kind=RECORD,
    activation_id=7,
    run_id=12,
    pass_name="additions",
    secret=b"s" * 32,
    fields={1: "EMAIL", 2: "PHONE"},
    audience_id=3,
    audience_name='Cart "now"',
    audience_slug="cart-now",
    definition=4,
)
people = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6)


def events_of(sent: bytes) -> list[dict[str, Any]]:
    return list(json.loads(sent)["batch"])


def columns(carried: list[tuple[bool, bool]]) -> tuple[Array, dict[int, Array]]:
    """Return keys, and digests by identifier code; the flags say who has an email, who a phone."""
    made = keys(sorted(key_of(number) for number in range(len(carried))))
    found = {
        code: digests([sha(f"{code}:{place}") if one[code - 1] else NOTHING for place, one in enumerate(carried)])
        for code in (1, 2)
    }
    return made, found


@given(people, st.sampled_from([ADD, CHANGE, REASSERT]))
def test_a_record_adds_each_person_with_what_they_have(carried: list[tuple[bool, bool]], op: int) -> None:
    made, found = columns(carried)

    rows = add_rows(SPEC, made, np.full(len(carried), op, np.uint8), found)
    sent = body(SPEC, [rows], made[:1].tobytes())

    events = events_of(sent)
    assert rows.events.tolist() == [1] * len(carried)
    for place, (event, one) in enumerate(zip(events, carried, strict=True)):
        wanted = {SPEC.fields[code]: sha(f"{code}:{place}").hex() for code, has in zip((1, 2), one, strict=True) if has}
        assert (event["type"], event["action"], event["fields"]) == ("record", ACTIONS[op], wanted)
        assert event["userId"] == made[place : place + 1].tobytes().hex()
    assert len({event["messageId"] for event in events}) == len(carried)


@given(people)
def test_an_audiencelist_is_one_event_for_all(carried: list[tuple[bool, bool]]) -> None:
    spec = replace(SPEC, kind=AUDIENCELIST)
    made, found = columns(carried)
    rows = add_rows(spec, made, np.full(len(carried), ADD, np.uint8), found)

    (event,) = events_of(body(spec, [rows], made[:1].tobytes()))

    assert (event["type"], event["userId"]) == ("audiencelist", "muster-list-7")
    assert len(event["properties"]["listData"]["add"]) == len(carried)
    removal = replace(spec, pass_name="removals")
    (event,) = events_of(body(removal, [rows], made[:1].tobytes()))
    assert set(event["properties"]["listData"]) == {"remove"}


@given(st.lists(st.sampled_from([1, 2]), max_size=5))
def test_a_removal_carries_every_identifier_once_and_each_field_once_an_event(codes: list[int]) -> None:
    taken = [(code, sha(str(place))) for place, code in enumerate(codes)]

    rows = remove_rows(SPEC, keys([key_of(1)]), [0], [taken])

    events = events_of(body(SPEC, [rows], key_of(1))) if len(rows.data) else []
    told = sorted((name, digest) for event in events for name, digest in event["fields"].items())
    assert told == sorted((SPEC.fields[code], digest.hex()) for code, digest in taken)
    assert rows.events.tolist() == [max(map(codes.count, codes), default=0)]
    assert {event["action"] for event in events} <= {"delete"}
    assert len({event["messageId"] for event in events}) == len(events)


@given(
    st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from([1, 2]), max_size=3)), max_size=8),
    st.sampled_from([RECORD, AUDIENCELIST]),
)
def test_removals_of_many_are_made_at_once_and_are_those_of_each(gone: list[tuple[bool, list[int]]], kind: str) -> None:
    spec = replace(SPEC, kind=kind)
    made = keys([key_of(number) for number in range(len(gone))])
    taken = [[(code, sha(f"{number}:{at}")) for at, code in enumerate(one)] for number, (_, one) in enumerate(gone)]
    flat = [(owner, *carried) for owner, one in enumerate(taken) for carried in one]

    rows = removal_rows(
        spec,
        made,
        np.array([drops for drops, _ in gone], np.uint8),
        np.array([owner for owner, _, _ in flat], np.int64),
        np.array([code for _, code, _ in flat], np.uint8),
        digests([digest for _, _, digest in flat]),
    )

    each = remove_rows(spec, made, [drops for drops, _ in gone], taken)
    assert rows.data.tobytes() == each.data.tobytes()
    assert (rows.ends.tolist(), rows.events.tolist()) == (each.ends.tolist(), each.events.tolist())


def ids(spec: Spec, *, drops: int = 0) -> set[str]:
    made, found = columns([(True, True)])
    rows = [
        add_rows(spec, made, np.array([ADD], np.uint8), found),
        remove_rows(spec, made, [drops], [[(1, sha("a"))]]),
    ]
    return {event["messageId"] for event in events_of(body(spec, rows, b""))}


def test_message_ids_are_the_same_at_every_try_and_of_nothing_else() -> None:
    others = (
        {"activation_id": 8},
        {"run_id": 13},
        {"pass_name": "removals"},
        {"secret": b"t" * 32},
    )
    assert ids(SPEC) == ids(SPEC)
    assert len(ids(SPEC)) == 2
    for other in others:
        assert not ids(SPEC) & ids(replace(SPEC, **other)), other
    assert len(ids(SPEC) & ids(SPEC, drops=1)) == 1, "an addition's stays, a dropped identifier's is another"


@given(st.text(max_size=12), st.text(max_size=20), st.booleans())
def test_who_enters_is_told_twice_and_who_changes_once(user: str, name: str, entered: bool) -> None:
    spec = replace(SPEC, kind=EVENTS, audience_name=name)
    made = keys(sorted([key_of(1), key_of(2)]))
    op = np.array([ADD, CHANGE], np.uint8)

    rows = Rows.of(*event_texts(spec, made, op, [user.encode(), b"other"], ['"tier":"gold"', ""], entered=entered))

    identify, track, other = events_of(body(spec, [rows], b""))
    assert rows.events.tolist() == [2, 1]
    assert [one["type"] for one in (identify, track, other)] == ["identify", "track", "identify"]
    assert identify["userId"] == track["userId"] == user
    assert identify["context"]["traits"] == {"muster_aud_cart_now": entered, "tier": "gold"}
    assert other["context"]["traits"] == {"muster_aud_cart_now": entered}
    assert track["event"] == ("Audience Entered" if entered else "Audience Exited")
    properties = {"audience_id": 3, "audience_name": name, "run_id": 12, "definition_version": 4}
    assert track["properties"] == properties


HELD = replace(SPEC, kind=EVENTS, holdout="exp_winback")


@given(st.text(max_size=12), st.sampled_from(["", "control", 'tre"ated', "b"]), st.sampled_from([0, ASSIGNED]))
def test_an_arm_is_a_trait_and_is_told_once(user: str, arm: str, told: int) -> None:
    made = keys([key_of(1)])
    arms = Arms([arm], [told if arm else 0])
    traits = arm_traits(HELD, arms)

    entered = event_texts(HELD, made, np.array([ADD], np.uint8), [user.encode()], traits, entered=True)
    texts, events = with_arms(HELD, made, [user.encode()], entered, arms)

    sent = events_of(body(HELD, [Rows.of(texts, events)], b""))
    assert events == [len(sent)]
    assert sent[0]["context"]["traits"] == {"muster_aud_cart_now": True, **({"exp_winback": arm} if arm else {})}
    assert len({event["messageId"] for event in sent}) == len(sent)
    assigned = [event for event in sent if event.get("event") == "Holdout Assigned"]
    assert len(assigned) == (1 if arm and told else 0)
    for event in assigned:
        assert (event["type"], event["userId"]) == ("track", user)
        about = {"audience_id": 3, "audience_name": 'Cart "now"', "run_id": 12, "definition_version": 4}
        assert event["properties"] == {**about, "attribute": "exp_winback", "arm": arm}


def test_an_arm_that_was_taken_away_is_null_and_one_that_never_was_is_not_said() -> None:
    assert arm_traits(HELD, Arms(["", "", "b"], [TAKEN_AWAY, 0, 0])) == ['"exp_winback":null', "", '"exp_winback":"b"']


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("gold", "text", "gold"),
        ('a "b" \\ \u2028', "text", 'a "b" \\ \u2028'),
        ("TRUE", "boolean", True),
        ("false", "boolean", False),
        ("1", "boolean", None),
        ("yes", "boolean", None),
        ("12.5", "number", 12.5),
        ("-3", "number", -3),
        ("1e400", "number", None),
        ("NaN", "number", None),
        ("true", "number", None),
        ("12 ", "number", 12),
        ("", "number", None),
        ("twelve", "number", None),
        ("0", "timestamp", "1970-01-01T00:00:00+00:00"),
        ("2026-11-23T09:14:20+01:00", "timestamp", "2026-11-23T09:14:20+01:00"),
        ("2026-11-23T09:14:20", "timestamp", None),
        ("9" * 30, "timestamp", None),
        ("soon", "timestamp", None),
    ],
)
def test_a_trait_has_its_registered_type_or_is_left_out(text: str, kind: str, value: object) -> None:
    told = typed(text, kind)

    assert (None if told is None else json.loads(told)) == value


@given(st.text(), st.sampled_from(["text", "number", "boolean", "timestamp"]))
def test_whatever_a_trait_holds_it_leaves_as_json(text: str, kind: str) -> None:
    told = typed(text, kind)
    if told is not None:
        json.loads(told)


@given(st.integers(0, 2**33))
def test_moments_keep_their_second_in_both_forms(seconds: int) -> None:
    whole = datetime.fromtimestamp(seconds, UTC)
    for form in (str(seconds), whole.isoformat()):
        told = typed(form, "timestamp")
        assert told is not None
        assert datetime.fromisoformat(json.loads(told)) == whole


def test_traits_of_the_wrong_type_are_counted_and_missing_ones_are_not() -> None:
    spec = replace(SPEC, traits=(("tier", "text"), ("orders", "number"), ("vip", "boolean")))

    assert trait_text(spec, [b"gold", b"many", b""]) == ('"tier":"gold"', 1)
    assert trait_text(spec, [b"", b"", b""]) == ("", 0)


@given(st.lists(st.text(max_size=5), max_size=8), st.data())
def test_rows_are_cut_and_joined_as_their_texts_are(texts: list[str], data: st.DataObject) -> None:
    rows = Rows.of(texts, [1] * len(texts))
    start = data.draw(st.integers(0, len(texts)))
    stop = data.draw(st.integers(start, len(texts)))

    part = rows.cut(start, stop)

    assert joined([part]).decode() == ",".join(filter(None, texts[start:stop]))
    assert joined([rows.cut(0, start), part, rows.cut(stop, len(texts))]) == joined([rows])
    sizes = [len(f"{text},".encode()) if text else 0 for text in texts[start:stop]]
    size = data.draw(st.integers(0, 30))
    fits = [count for count in range(len(sizes) + 1) if sum(sizes[:count]) <= size]
    assert part.fitting(size) == max(fits)
