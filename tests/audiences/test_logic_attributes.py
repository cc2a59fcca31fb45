"""Attributes that a segment's own logic names: what cannot be read as its registered type is said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.logic_attributes import attributes, troubles


def condition(name: str, operator: str, value: Any) -> dict[str, Any]:
    row = {"field": "to", "operator": operator, "value": value}
    return {"event": {"type": "attribute_change", "name": name, "filters": {"and": [row]}}}


@pytest.mark.parametrize(
    ("operator", "value", "kind", "begins"),
    [
        ("gt", "80", "number", ""),
        ("gt", "80.5", "number", ""),
        ("eq", "vip", "text", ""),
        ("exists", "", "number", ""),
        ("gt", "1732000000", "timestamp", ""),
        ("lt", "2026-11-23T09:00:00+00:00", "timestamp", ""),
        ("gt", "80 dollars", "number", "The segment compares cart with “80 dollars”, which is not a number"),
        ("lt", "2026-11-23 09:00", "timestamp", "The segment compares cart with “2026-11-23 09:00”, which is not unix"),
        ("gt", "80", "text", "The segment compares cart by size, and the trait registry says it is text."),
        ("gte", "80", None, "The segment compares cart by size, and the trait registry does not say of what type"),
        ("eq", "80", None, ""),
    ],
)
def test_each_comparison(operator: str, value: str, kind: str | None, begins: str) -> None:
    said = troubles({"and": [condition("cart", operator, value)]}, {"cart": kind} if kind else {})
    assert len(said) == bool(begins)
    assert not begins or said[0].startswith(begins)


def test_attributes_are_found_however_deep() -> None:
    tree = {"or": [{"and": [condition("a", "gt", "1")]}, {"not": condition("b", "eq", "x")}]}
    assert sorted(attributes(tree)) == [("a", "gt", "1"), ("b", "eq", "x")]
    assert list(attributes(None)) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["and", "or", "not", "event", "filters", "name", "field", "operator"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_a_tree_of_any_form_is_read(tree: Any) -> None:
    assert all(troubles(tree, {"a": "number"}))
