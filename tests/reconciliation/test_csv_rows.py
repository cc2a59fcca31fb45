"""Figures out of a CSV: what spreadsheets make of it is read, and everything else is refused in a sentence."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.csv_rows import MOST_ROWS, CsvRow, NotCsv, decoded, harmless, plain, rows
from reconciliation.moments import moment

NOW = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)
HEAD = "list,as of,size low,size high,match rate\n"


def when(text: str) -> datetime:
    return moment(text, now=NOW, zone=UTC)


def only(text: str) -> CsvRow:
    (row,) = rows(text, when)
    return row


AT = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (f"{HEAD}Cart,2026-11-23 09:20,8700,9300,55", CsvRow(2, "Cart", AT, 8700, 9300, 55)),
        (f'{HEAD}Cart,2026-11-23 09:20,"8,700",,55.4 %', CsvRow(2, "Cart", AT, 8700, 8700, 55.4)),
        (f"{HEAD}Cart,2026-11-23 09:20,,,55.44", CsvRow(2, "Cart", AT, rate=55.4)),
        (f"{HEAD}Cart,2026-11-23 09:20,not reported,,", CsvRow(2, "Cart", AT, reported=False)),
        (f"{HEAD}Cart,2026-11-23 09:20,,,61", CsvRow(2, "Cart", AT, rate=61)),
        (f"{HEAD}Cart,2026-11-23 09:20,0,,", CsvRow(2, "Cart", AT, 0, 0)),
        (f"{HEAD}'=Cart,2026-11-23 09:20,5,,", CsvRow(2, "=Cart", AT, 5, 5)),
        ("\ufeffAs_of;LIST;Size low\r\n\r\n23 Nov 2026, 09:20;Cart;5\r\n", CsvRow(3, "Cart", AT, 5, 5)),
        ("list\tas of\tsize low\tother\nCart\t2026-11-23 09:20\t5\tx\n", CsvRow(2, "Cart", AT, 5, 5)),
    ],
)
def test_what_is_read(text: str, row: CsvRow) -> None:
    assert only(text) == row


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (",2026-11-23,5,,", "It names no list."),
        ("Cart,soon,5,,", "As of: Write day and time like 23 Nov 2026, 09:20 or 2026-11-23 09:20."),
        ("Cart,2026-11-23,many,,", "Size low: write a whole number, like 8700."),
        ("Cart,2026-11-23,1.200,,", "Size low: write a whole number, like 8700."),
        ("Cart,2026-11-23,-1,,", "Size low: write a whole number, like 8700."),
        ("Cart,2026-11-23,9,8,", "Size high is below size low."),
        ("Cart,2026-11-23,,8,", "Size low is missing. Where one number is shown, it stands in size low alone."),
        ("Cart,2026-11-23,,,", 'It holds no figure. Write "not reported" into size low where the platform shows none.'),
        ("Cart,2026-11-23,5,,101", "Match rate: write a percentage from 0 to 100, like 55 or 55.4."),
        (f"{'x' * 301},2026-11-23,5,,", "A cell is longer than 300 characters. Shorten it."),
    ],
)
def test_what_is_wrong_with_a_row(line: str, sentence: str) -> None:
    assert only(HEAD + line).errors == (sentence,)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "It holds no rows. Begin with the header of the template."),
        (HEAD, "It holds a header and no rows below it. Add a row for each list."),
        ("name,size\nCart,5", 'The first row names no column "list". It must be the header:'),
        ("list,as of,as of\nCart,5,5", 'Two columns are called "as of". Keep one of them.'),
        (f'{HEAD}"Cart,2026', "A quotation mark is open to the end."),
        (HEAD + "Cart,2026-11-23,5,,\n" * (MOST_ROWS + 1), "It holds 1,001 rows; at most 1,000 are taken at once."),
        (HEAD + "x" * 300_000, "The text is larger than 256 KB."),
    ],
)
def test_what_is_wrong_with_all_of_it(text: str, sentence: str) -> None:
    with pytest.raises(NotCsv, match=sentence.replace("(", r"\(")):
        rows(text, when)


def test_a_file_must_be_text() -> None:
    assert decoded("\ufefflist,as of".encode()) == "list,as of"
    with pytest.raises(NotCsv, match="CSV UTF-8"):
        decoded("Müller".encode("latin-1"))
    with pytest.raises(NotCsv, match="no text file"):
        decoded(b"PK\x03\x04\0\0")


@given(st.text(max_size=30))
def test_a_cell_goes_out_harmless_and_comes_back(text: str) -> None:
    line = " ".join(text.split())
    sent = harmless(line)

    assert sent[:1] not in {"=", "+", "-", "@"}
    if not line.startswith("'"):
        assert plain(sent) == line


@given(st.text(max_size=200))
def test_nothing_breaks_it(text: str) -> None:
    with suppress(NotCsv):
        for row in rows(HEAD + text, when):
            assert row.errors or row.list
