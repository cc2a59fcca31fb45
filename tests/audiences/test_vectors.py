"""Published test vectors for emails and phones at Meta and Google: our rules give the digests that their origins give.

Where origins disagree, or where Muster is stricter on purpose, the case is in DECIDED and docs/decisions/identity.md says why.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audiences.identity import (
    EMAIL_HASHED,
    NOTHING,
    PHONE_HASHED,
    email_digests,
    email_form,
    google_email_form,
    phone_digests,
    phone_e164,
    phone_form,
)
from audiences.identity import phone_digits as digits_of
from audiences.platforms import PLATFORMS

FILE = Path(__file__).parent.parent / "vectors" / "hash_vectors.json"
ROWS: list[dict[str, Any]] = [
    row
    for row in json.loads(FILE.read_text())["rows"]
    if row["platform"] in {"meta", "google"} and row["field"] in {"email", "phone"}
]
RULES = {
    ("meta", "email"): email_form,
    ("google", "email"): google_email_form,
    ("meta", "phone"): digits_of,
    ("google", "phone"): phone_e164,
}
HASHED = "8df99a46f811595e1a1de5016e2445bc202f72b946482032a75aec528a0a350d"
# What Muster makes of an input where a published vector says something else: nothing, for it is no address.
DECIDED = {
    ("meta", "email", "test"): "",
    ("google", "email", "  NOTANEMAIL  "): "",
    ("meta", "email", HASHED): "",
}
# A country is given beside the number: only what Muster sends knows of it.
WITH_COUNTRY = [row for row in ROWS if row.get("params")]
PLAIN = [row for row in ROWS if not row.get("params")]


def name(row: dict[str, Any]) -> str:
    return f"{row['platform']} {row['field']} {row['input']!r}"


def test_all_vectors_are_there() -> None:
    assert len(ROWS) == 105
    assert all(row["sha256_hex"] for row in ROWS if row["outcome"] == "hashed")
    assert {(row["platform"], row["field"], row["input"]) for row in ROWS} >= DECIDED.keys()


@pytest.mark.parametrize("row", PLAIN, ids=name)
def test_the_rule_of_the_platform(row: dict[str, Any]) -> None:
    form = RULES[row["platform"], row["field"]](row["input"])

    case = (row["platform"], row["field"], row["input"])
    if case in DECIDED:
        assert form == DECIDED[case] != row["normalized"]
    elif row["outcome"] == "rejected":
        assert form == ""
    elif row["outcome"] == "hashed":
        assert form == row["normalized"]
        assert sha256(form.encode()).hexdigest() == row["sha256_hex"]


def sent(row: dict[str, Any], country: str) -> bytes:
    """Return the digest that Muster sends to the platform of a row."""
    if row["field"] == "email":
        found, _ = email_digests([row["input"]])
    else:
        found, _ = phone_digests([row["input"]], country)
    taken = PLATFORMS["meta" if row["platform"] == "meta" else "google_ads"].field(row["field"])
    assert taken is not None
    return found[taken.column][0]


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_what_is_sent_is_the_published_digest_or_nothing(row: dict[str, Any]) -> None:
    digest = sent(row, row.get("params", {}).get("default_region", ""))

    case = (row["platform"], row["field"], row["input"])
    if row["outcome"] != "hashed" or case in DECIDED:
        assert digest == NOTHING
    elif row["field"] == "email" or row.get("params"):
        assert digest.hex() == row["sha256_hex"]
    else:
        # A number that nobody can have, or without its country, is left out: its digest could match nobody.
        assert digest in {NOTHING, bytes.fromhex(row["sha256_hex"])}


def test_which_published_numbers_are_sent() -> None:
    numbers = [row for row in PLAIN if row["field"] == "phone" and row["outcome"] == "hashed"]

    left_out = {row["input"] for row in numbers if sent(row, "") == NOTHING}

    with_code = {row["input"] for row in numbers if row["input"].strip().startswith("+")}
    assert with_code & left_out == {"+1-555-123-4567", "+1-555-123-4567 ext. 123"}
    assert not {row["input"] for row in numbers} - with_code - left_out - {"0012345678", "000555123456", "00555123456"}


def test_a_hashed_value_is_not_hashed_again() -> None:
    """Whose rule it was hashed by is not known: it is left out and counted, with the way out said on the run's page."""
    emails = {"email": [NOTHING], "email_google": [NOTHING]}
    phones = {"phone_digits": [NOTHING], "phone_e164": [NOTHING]}
    assert email_digests([HASHED]) == (emails, [(0, EMAIL_HASHED)])
    assert phone_digests([HASHED.upper()], "US") == (phones, [(0, PHONE_HASHED)])


def test_no_country_is_ever_guessed() -> None:
    """All sources agree: a number without its country matches nobody. With a country given, it is the whole number."""
    assert digits_of("07946 095812") == "7946095812"
    assert phone_form("07946 095812", "") == ""
    assert phone_form("07946 095812", "GB") == "+447946095812"


def test_gmail_at_google_is_as_google_says_today() -> None:
    """Google's older util strips dots only, and gives another digest for this address; so does Meta, which strips nothing."""
    address = "cloudy.sanfrancisco+shopping@gmail.com"

    assert google_email_form(address) == "cloudysanfrancisco@gmail.com"
    assert email_form(address) == address
