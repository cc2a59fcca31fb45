"""Cells as bytes are the texts that they were, and what is made of them is what is made of the texts."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from audiences.cells import Cells, plain
from audiences.identity import EMAIL_FORMS, email_digests, phone_digests
from muster.columns import text_list, texts
from syncs.people import ABSENT, Asked, Columnist, flags_of, texts_of

from .test_identity import countries, emails, phones

FORBIDDEN = set(',"\r\n')
ASKED = Asked(email=True, phone=True, country="US", flags=("consent",), traits=("note",))
NAMES = ["cio_id", "id", "email", "phone", "consent", "note"]
unquoted = st.text(max_size=8).map(lambda text: "".join(sorted(set(text) - FORBIDDEN)))
ids = st.text(alphabet="abc01é@", min_size=1, max_size=6)


def without_marks(some: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return some.map(lambda text: "".join(one for one in text if one not in FORBIDDEN))


people = st.lists(
    st.tuples(ids, ids, without_marks(emails), without_marks(phones), st.sampled_from(["", "true", "no"]), unquoted),
    min_size=1,
    max_size=12,
)


def column(values: list[str]) -> Cells:
    (found,) = plain("".join(f"{value}\n" for value in values).encode(), 1, [0])
    return found


@given(st.lists(unquoted, min_size=1, max_size=12))
def test_a_column_is_its_texts(values: list[str]) -> None:
    found = column(values)

    assert list(found) == values
    assert [found[place] for place in range(len(values))] == values
    assert (len(found), list(found[1:3]), found.encoded) == (len(values), values[1:3], [one.encode() for one in values])
    assert text_list(*found.texts) == [one.encode() for one in values]
    assert [one.tobytes() for one in found.texts] == [one.tobytes() for one in texts(found.encoded)]


@given(st.lists(st.lists(unquoted, min_size=3, max_size=3), min_size=1, max_size=8), st.booleans())
def test_lines_without_quotes_are_cut_as_csv_is(rows: list[list[str]], is_ended: bool) -> None:
    text = "\n".join(",".join(row) for row in rows) + ("\n" if is_ended or not rows[-1][-1] else "")

    found = plain(text.encode(), 3, [2, 0])

    assert [list(one) for one in found] == [[row[place] for row in rows] for place in (2, 0)]
    assert list(csv.reader(io.StringIO(text, newline="\n"), strict=True)) == rows


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_lines_of_other_widths_are_not_cut(widths: list[int]) -> None:
    block = "".join("," * width + "\n" for width in widths).encode()

    assert bool(plain(block, 3, [0, 1, 2])) == (set(widths) == {2})


@settings(max_examples=300)
@given(people, countries)
def test_what_is_made_of_cells_is_what_is_made_of_texts(rows: list[tuple[str, ...]], country: str) -> None:
    values = dict(zip(NAMES, (list(one) for one in zip(*rows, strict=True)), strict=True))
    cells = {name: column(texts) for name, texts in values.items()}
    columnist = Columnist(ASKED, workspace_id=1, secret=b"s" * 32)

    for forms in (EMAIL_FORMS, ["email"], ["email_google"]):
        assert email_digests(cells["email"], forms) == email_digests(values["email"], forms)
    assert phone_digests(cells["phone"], country) == phone_digests(values["phone"], country)
    assert flags_of(cells["consent"]).tolist() == flags_of(values["consent"]).tolist()
    assert [one.tobytes() for one in texts_of(cells["note"])] == [one.tobytes() for one in texts_of(values["note"])]
    found, wanted = columnist.columns(cells), columnist.columns(values)
    assert list(found) == list(wanted)
    assert all(
        found[name].dtype == one.dtype and found[name].tobytes() == one.tobytes() for name, one in wanted.items()
    )


def test_an_empty_cell_is_an_absent_value() -> None:
    assert flags_of(column(["", "true"])).tolist()[0] == ABSENT
