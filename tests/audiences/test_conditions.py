"""Every kind of node of a condition tree in words, and what the fingerprint sees of it."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.conditions import DEEPEST, fingerprint, raw_fingerprint, readable, sentences

Tree = Any


def event(name: str = "order", type: str = "event", filters: Tree = None, **more: Any) -> Tree:
    inner = {"type": type, "name": name}
    return {"event": inner | ({"filters": filters} if filters else {}), **more}


def attribute(name: str, *rows: Tree, **more: Any) -> Tree:
    return event(name, "attribute_change", {"and": list(rows)}, **more)


def row(field: str, operator: str = "eq", value: Any = "gold", **more: Any) -> Tree:
    return {"field": field, "operator": operator, "value": value, **more}


TO = row("to")
WAS_NOT = row("from", inverse=True)


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        # Events and pages
        (event(), "The event “order” happened."),
        (event(times=1), "The event “order” happened."),
        (event(inverse=True), "The event “order” did not happen."),
        (event(times=3, within=604800), "The event “order” happened at least 3 times within the last 7 days."),
        (event(inverse=True, within=86400), "The event “order” did not happen within the last day."),
        (event(within=5400), "The event “order” happened within the last 90 minutes."),
        (event(within=7200), "The event “order” happened within the last 2 hours."),
        (event(within=45), "The event “order” happened within the last 45 seconds."),
        (event("/cart", "page"), "The page “/cart” was visited."),
        (event("/cart", "page", inverse=True), "The page “/cart” was not visited."),
        (event("Home", "screen"), "Something of the kind “screen” happened: “Home”."),
        (event("Home", "screen", inverse=True), "Nothing of the kind “screen” happened: “Home”."),
        (
            event(filters={"and": [row("total", "gte", 100), row("currency", value="USD", inverse=True)]}),
            "The event “order” happened, where “total” is at least 100 and “currency” is not “USD”.",
        ),
        (
            event(filters={"or": [row("a", value="1"), row("b", "exists", None)]}),
            "The event “order” happened, where (“a” is “1” or “b” is set).",
        ),
        # Attributes: the change to a value is told as being it
        (attribute("tier", TO), "“tier” is “gold”."),
        (attribute("tier", TO, WAS_NOT), "“tier” is “gold”."),
        (attribute("tier", TO, inverse=True), "“tier” is not “gold”."),
        (attribute("tier", row("to", inverse=True), inverse=True), "“tier” is “gold”."),
        (attribute("tier", TO, times=2, within=86400), "“tier” is “gold” at least 2 times within the last day."),
        (attribute("tier", TO, row("from", value="silver")), "“tier” is “gold”, where the value before is “silver”."),
        (
            attribute("tier", TO, row("to", value="vip"), inverse=True),
            "It is not so that “tier” is “gold” and is “vip”.",
        ),
        (event("tier", "attribute_change"), "“tier” changed."),
        (event("tier", "attribute_change", inverse=True), "“tier” did not change."),
        # Groups
        (
            {"or": [event(), attribute("tier", TO)]},
            "At least one of these: (the event “order” happened; “tier” is “gold”).",
        ),
        (
            {"or": [event(), attribute("tier", TO)], "inverse": True},
            "None of these: (the event “order” happened; “tier” is “gold”).",
        ),
        ({"and": [event("a"), event("b")]}, "All of these: (the event “a” happened; the event “b” happened)."),
        (
            {"not": {"and": [event("a"), event("b")]}},
            "Not all of these: (the event “a” happened; the event “b” happened).",
        ),
        ({"or": [event()]}, "The event “order” happened."),
        ({"not": event(inverse=True)}, "The event “order” happened."),
        ({"segment": {"id": 7}}, "The person is in segment 7."),
        ({"not": {"segment": {"id": 7}}}, "The person is not in segment 7."),
        # What is not known is shown, never guessed and never hidden
        ({"geo": {"country": "US"}}, 'A condition that Muster cannot put into words: {"geo":{"country":"US"}}.'),
        ({"not": {"geo": 1}}, 'The opposite of a condition that Muster cannot put into words: {"geo":1}.'),
        (
            event(surprise=9),
            'The event “order” happened (and something that Muster cannot put into words: {"surprise":9}).',
        ),
        (
            attribute("n", row("to", "regex", "a.*")),
            "“n” “regex” “a.*” (an operator that Muster does not know).",
        ),
        ({"or": []}, 'A condition that Muster cannot put into words: {"or":[]}.'),
        ("text", 'A condition that Muster cannot put into words: "text".'),
        (None, "A condition that Muster cannot put into words: null."),
    ],
)
def test_every_kind_of_node_in_words(node: Tree, sentence: str) -> None:
    assert sentences({"and": [node]}) == [sentence]


@pytest.mark.parametrize(
    ("operator", "value", "positive", "negative"),
    [
        ("eq", "5", "is “5”", "is not “5”"),
        ("exists", None, "is set", "is not set"),
        ("email_valid", None, "is a valid email address", "is not a valid email address"),
        ("contains", "x", "contains “x”", "does not contain “x”"),
        ("gt", 5, "is greater than 5", "is not greater than 5"),
        ("gte", 5, "is at least 5", "is less than 5"),
        ("lt", 5, "is less than 5", "is not less than 5"),
        ("lte", 5, "is at most 5", "is greater than 5"),
    ],
)
def test_every_operator_both_ways(operator: str, value: Any, positive: str, negative: str) -> None:
    plain, inverse = row("to", operator, value), row("to", operator, value, inverse=True)

    assert sentences(attribute("n", plain)) == [f"“n” {positive}."]
    assert sentences(attribute("n", inverse)) == [f"“n” {negative}."]
    assert sentences(attribute("n", plain, inverse=True)) == [f"“n” {negative}."]


def test_each_condition_that_must_hold_is_a_sentence() -> None:
    assert sentences({"and": [event("a"), attribute("tier", TO)]}) == ["The event “a” happened.", "“tier” is “gold”."]
    assert sentences({"or": [event("a"), event("b")]}) == [
        "At least one of these: (the event “a” happened; the event “b” happened)."
    ]
    assert [sentences(None), sentences({}), sentences([])] == [[]] * 3


# The fingerprint

A, B = event("a", within=60), attribute("tier", TO, WAS_NOT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"and": [A, B]}, {"and": [B, A]}),
        ({"or": [A, B]}, {"or": [B, A]}),
        ({"and": [{"or": [A, B]}, B]}, {"and": [B, {"or": [B, A]}]}),
        ({"and": [A]}, {"and": [{"within": 60, "event": {"name": "a", "type": "event"}}]}),
        ({"and": [A]}, {"and": [A | {"id": "node-7", "ui_type": "box"}]}),
        ({"and": [attribute("tier", TO, WAS_NOT)]}, {"and": [attribute("tier", WAS_NOT, TO)]}),
    ],
)
def test_the_same_meaning_has_the_same_fingerprint(one: Tree, other: Tree) -> None:
    assert fingerprint(one) == fingerprint(other) != ""


@pytest.mark.parametrize(
    "other",
    [
        {"and": [A]},
        {"or": [A, B]},
        {"and": [A, A, B]},
        {"and": [event("a", within=61), B]},
        {"and": [event("b", within=60), B]},
        {"and": [event("a", within=60, inverse=True), B]},
        {"and": [event("a", within=60, times=2), B]},
        {"and": [A, attribute("tier", row("to", value="vip"), WAS_NOT)]},
        {"and": [A, attribute("tier", row("to", "contains"), WAS_NOT)]},
        {"and": [A, attribute("Tier", TO, WAS_NOT)]},
        {"and": [A | {"new_key": 1}, B]},
        {"not": {"and": [A, B]}},
    ],
)
def test_another_meaning_has_another_fingerprint(other: Tree) -> None:
    assert fingerprint(other) != fingerprint({"and": [A, B]})


def test_the_order_of_other_lists_matters() -> None:
    """Only what is and-ed or or-ed may be turned around: of any other list the meaning is not known."""
    assert fingerprint({"and": [{"path": ["a", "b"]}]}) != fingerprint({"and": [{"path": ["b", "a"]}]})


def test_another_segment_that_is_referred_to_is_another_meaning() -> None:
    seven, eight = {"and": [{"segment": {"id": 7}}]}, {"and": [{"segment": {"id": 8}}]}

    assert fingerprint(seven) != fingerprint(eight)
    assert fingerprint({"and": [{"not": seven}]}) != fingerprint({"and": [{"not": eight}]})
    assert fingerprint(seven) == fingerprint({"and": [{"segment": {"id": 7}, "id": "node-3", "ui_type": "box"}]})


def test_the_raw_fingerprint_sees_everything_but_the_order_of_keys() -> None:
    assert raw_fingerprint({"a": 1, "b": 2}) == raw_fingerprint({"b": 2, "a": 1}) != ""
    assert raw_fingerprint({"and": [A, B]}) != raw_fingerprint({"and": [B, A]})
    assert raw_fingerprint({"and": [A]}) != raw_fingerprint({"and": [A | {"id": "node-7"}]})
    assert raw_fingerprint(None) == fingerprint(None) == ""


leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8))
words = st.sampled_from(
    ["and", "or", "not", "event", "type", "name", "filters", "field", "operator", "inverse", "times"]
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(words | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(trees)
def test_any_tree_is_told_and_fingerprinted(tree: Tree) -> None:
    for sentence in sentences(tree):
        assert sentence.endswith(".")
    assert fingerprint(tree) == fingerprint(orjson.loads(orjson.dumps(tree)))
    assert bool(fingerprint(tree)) == bool(tree)


def test_a_tree_without_end_is_not_read() -> None:
    deep: Tree = event()
    for _ in range(DEEPEST):
        deep = {"not": deep}

    assert readable(deep) is None
    assert readable({"and": [A, B]}) == {"and": [A, B]}
