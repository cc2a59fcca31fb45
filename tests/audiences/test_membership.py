"""What Customer.io answers, as lists of values: whole, whatever the form of the file; and whether it may be believed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences import membership
from audiences.membership import Malformed, MissingColumns, Reading, attributes, export_values, page

# Pages


def test_a_page_is_read_from_identifiers_only() -> None:
    people = [{"cio_id": "a1", "id": "c-1", "email": "A@x.com"}, {"cio_id": "b2", "id": None, "email": None}]

    found = page({"segment_id": 4, "ids": ["other"], "identifiers": people, "next": "", "new_key": 1}, 4)

    assert (found.cio_ids, found.ids, found.emails, found.more) == (["a1", "b2"], ["c-1", ""], ["A@x.com", ""], False)


def test_an_empty_page_is_nobody() -> None:
    found = page({"ids": None, "identifiers": None, "next": ""}, 4)

    assert (found.cio_ids, found.ids, found.emails, found.more) == ([], [], [], False)


def test_a_workspace_without_emails_shows_none() -> None:
    assert page({"identifiers": [{"cio_id": "a", "id": "x"}], "next": ""}, 4).emails is None
    # One person without the key is enough: the email is then read as an attribute.
    mixed = [{"cio_id": "a", "id": "x", "email": "e"}, {"cio_id": "b", "id": "y"}]
    assert page({"identifiers": mixed, "next": "MDox"}, 4).emails is None


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"identifiers": []},
        {"next": ""},
        {"ids": ["a"], "next": ""},
        {"identifiers": {"a": 1}, "next": ""},
        {"identifiers": [7], "next": ""},
        {"identifiers": [{"id": "no cio_id"}], "next": ""},
        {"identifiers": [{"cio_id": ""}], "next": ""},
        {"identifiers": [], "next": "", "segment_id": 5},
    ],
)
def test_what_is_no_page_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        page(document, 4)


# Attributes in bulk


def test_attributes_are_found_by_cio_id() -> None:
    one = {"identifiers": {"cio_id": "a", "email": "e@x"}, "attributes": {"tier": "gold", "n": 5, "unsubscribed": "no"}}
    two = {"identifiers": {"cio_id": "b"}, "attributes": None, "unsubscribed": True}

    found = attributes({"customers": [{"customer": two}, {"customer": one}]}, ["email", "tier", "n", "unsubscribed"])

    # The person's own switch, where there is one, not the attribute of that name.
    assert found == {"a": ["e@x", "gold", "5", "no"], "b": ["", "", "", "true"]}
    assert attributes({"customers": None}, ["email"]) == {}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"customers": [None]},
        {"customers": [{}]},
        {"customers": [{"customer": {"identifiers": {"id": "a"}}}]},
    ],
)
def test_what_is_no_bulk_answer_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        attributes(document, ["email"])


# Exports

COLUMNS = ["cio_id", "id", "email"]
cells = st.text(alphabet='ab1 ,"\n\r\u00e9\u2028\x0b\x85=+', max_size=6)
rows = st.lists(st.tuples(st.text(alphabet="abc01", min_size=1, max_size=4), cells, cells), max_size=12)


def cell(text: str, *, always: bool) -> str:
    """Quoted where a cell would else be read otherwise: a carriage return, too, and a space in front."""
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if always or set(text) & set(',"\r\n') or text.startswith(" ") else text


def written(
    table: list[tuple[str, ...]], header: list[str] = COLUMNS, *, end: str = "\n", always: bool = False
) -> bytes:
    lines = [",".join(cell(one, always=always) for one in row) for row in [tuple(header), *table]]
    return "".join(line + end for line in lines).encode()


def read(data: bytes, names: list[str] = COLUMNS, *, chunk: int = 1 << 16) -> list[tuple[str, ...]]:
    chunks = [data[start : start + chunk] for start in range(0, len(data), chunk)]
    found: list[tuple[str, ...]] = []
    for values in export_values(chunks, names):
        found += zip(*(values[name] for name in names), strict=True)
    return found


@given(rows, st.integers(1, 40), st.booleans(), st.integers(1, 30))
def test_an_export_gives_what_was_written(table: list[tuple[str, ...]], chunk: int, always: bool, lines: int) -> None:
    """However it is quoted, and wherever it is cut into chunks and batches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(membership, "BATCH_BYTES", lines)

        assert read(written(table, always=always), chunk=chunk) == table


def test_columns_are_found_by_name() -> None:
    data = written([("x", "a", "e1", "1"), ("y", "b", "", "2")], ["new", "cio_id", "email", "id"])

    assert read(b"\xef\xbb\xbf" + data) == [("a", "1", "e1"), ("b", "2", "")]
    assert read(written([("a", "1", "e")], end="\r\n")) == [("a", "1", "e")]
    assert read(written([])) == []


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(MissingColumns) as refused:
        read(written([("a", "1")], ["cio_id", "id"]), ["cio_id", "id", "phone", "email"])

    assert refused.value.names == ["email", "phone"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>not found</body></html>",
        b'{"errors": []}',
        b"cio_id,id,email\na,1\n",
        b"cio_id,id,email\na,1,e,more\n",
        b"cio_id,id,email\na,1,e\nb,2\n",
        b'cio_id,id,email\na,1,"e\n',
        b'cio_id,id,email\na,1,"e"x\n',
        b"cio_id,id,email\na,1,\xff\xfe\n",
    ],
)
def test_what_is_no_export_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


# Whether a reading may be believed


def reading(people: int, before: int, after: int, **more: Any) -> Reading:
    return Reading(**{"rows": people, "people": people, "before": before, "after": after, **more})


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        (reading(0, 0, 0), True),
        (reading(0, 1, 1), False),
        (reading(1, 1, 1), True),
        (reading(24, 25, 25), False),
        (reading(26, 25, 25), False),
        # It moved while it was read: anything between is right.
        (reading(24, 25, 23), True),
        (reading(22, 25, 23), False),
        (reading(999, 1000, 999), True),
        (reading(998, 999, 999), False),
        # From a thousand on the count itself is only so exact.
        (reading(995, 1000, 1000), True),
        (reading(994, 1000, 1000), False),
        (reading(1005, 1000, 1000), True),
        (reading(1006, 1000, 1000), False),
        # A row that is there twice hides somebody who is not.
        (reading(24, 25, 25, rows=25), False),
        (reading(25, 25, 25, total=25), True),
        (reading(25, 25, 25, total=26), False),
        # An export's own count is exact, at any size.
        (reading(5000, 5000, 5000, total=5001), False),
        (reading(25, 25, 25, without_attributes=1), False),
    ],
)
def test_whether_a_reading_is_whole(found: Reading, whole: bool) -> None:
    assert (found.shortfall == "") is whole
    assert whole or found.shortfall.endswith(".")
