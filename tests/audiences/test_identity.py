"""Normal forms: the fast way over many values gives what one look at each gives, twice is as once, and nothing raises."""

from hashlib import sha256

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiences import identity
from audiences.identity import (
    EMAIL_FORMS,
    EMAIL_HASHED,
    EMAIL_INVALID,
    NOTHING,
    PHONE_FORMS,
    PHONE_HASHED,
    PHONE_INVALID,
    american_line,
    email_digests,
    email_form,
    google_email_form,
    hashed,
    phone_digests,
    phone_digits,
    phone_e164,
    phone_form,
)

# What addresses and numbers are made of, and what hides in them: white space of all kinds, marks nobody sees, letters
# that change when they are made small, digits of other scripts.
ODD = "\u00a0\u200b\u200f\ufeff\u0085\u2028\r\n\t\x00\x1c\u212a\u0130\u03a3\u00df\ufb01\u0660\u0661\uff11\u00bd\ufffd"
anything = st.text(max_size=40)
near_email = st.text(alphabet="aZ9.+-_@ '\"" + ODD, max_size=20)
addresses = st.builds(
    "{}{}{}@{}{}".format,
    st.sampled_from(["", " ", "\t", "\u200b", "\n"]),
    st.text(alphabet="aBc1.+_-", min_size=1, max_size=10),
    st.sampled_from(["", "+x", "."]),
    st.sampled_from(["gmail.com", "GoogleMail.com", "example.com", "exämple.de", "a.b", "x--y.co", "-x.com", "x.c0m"]),
    st.sampled_from(["", " ", "\u00a0", "\r", "\n"]),
)
digests = st.builds(lambda raw: raw.hex(), st.binary(min_size=32, max_size=32))
emails = st.one_of(anything, near_email, addresses, digests)
near_phone = st.text(alphabet="+0123456789()-. extXA" + ODD, max_size=22)
numbers = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "+", "00", "+ 0", "011", " +", "(0)"]),
    st.sampled_from(["", "1", "44", "49", "39", "33", "7", "225", "380"]),
    st.text(alphabet="0123456789", min_size=4, max_size=13),
)
phones = st.one_of(anything, near_phone, numbers, digests)
countries = st.sampled_from(["", "US", "CA", "GB", "DE", "IT", "CI"])


def digest(form: str) -> bytes:
    return sha256(form.encode()).digest() if form else NOTHING


def email_alone(value: str) -> tuple[bytes, bytes, int]:
    """One address by the plain rules: the two digests, and why it is unusable."""
    form = email_form(value)
    google = google_email_form(form)
    if google:
        return digest(form), digest(google), 0
    # Zero-width marks alone are as nothing.
    text = value.strip("".join(sorted(set(INVISIBLE_AND_SPACE))))
    return NOTHING, NOTHING, (EMAIL_HASHED if hashed(text) else EMAIL_INVALID) if text else 0


def phone_alone(value: str, country: str) -> tuple[bytes, bytes, int]:
    form = phone_form(value, country)
    if form:
        return digest(form[1:]), digest(form), 0
    text = value.strip("".join(sorted(set(INVISIBLE_AND_SPACE))))
    return NOTHING, NOTHING, (PHONE_HASHED if hashed(text) else PHONE_INVALID) if text else 0


INVISIBLE_AND_SPACE = [chr(code) for code in range(0x110000) if chr(code).isspace()]
INVISIBLE_AND_SPACE += ["\u00ad", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff"]


@settings(max_examples=300)
@given(st.lists(emails, max_size=12))
def test_many_emails_are_as_each_alone(values: list[str]) -> None:
    found, unusable = email_digests(values)
    plain, google = found["email"], found["email_google"]

    reasons = dict(unusable)
    assert len(reasons) == len(unusable)
    each = [(plain[place], google[place], reasons.get(place, 0)) for place in range(len(values))]
    assert each == [email_alone(value) for value in values]


@settings(max_examples=300)
@given(st.lists(phones, max_size=12), countries)
def test_many_phones_are_as_each_alone(values: list[str], country: str) -> None:
    found, unusable = phone_digests(values, country)
    bare, e164 = found["phone_digits"], found["phone_e164"]

    reasons = dict(unusable)
    assert len(reasons) == len(unusable)
    each = [(bare[place], e164[place], reasons.get(place, 0)) for place in range(len(values))]
    assert each == [phone_alone(value, country) for value in values]


@settings(max_examples=200)
@given(st.lists(emails, max_size=8), st.sets(st.sampled_from(EMAIL_FORMS)))
def test_what_is_unusable_does_not_depend_on_the_forms_that_are_wanted(values: list[str], wanted: set[str]) -> None:
    every, unusable = email_digests(values)

    assert email_digests(values, wanted) == ({form: every[form] for form in EMAIL_FORMS if form in wanted}, unusable)


@settings(max_examples=200)
@given(st.lists(phones, max_size=8), countries, st.sets(st.sampled_from(PHONE_FORMS)))
def test_nor_which_numbers_are(values: list[str], country: str, wanted: set[str]) -> None:
    every, unusable = phone_digests(values, country)

    found = {form: every[form] for form in PHONE_FORMS if form in wanted}
    assert phone_digests(values, country, wanted) == (found, unusable)


@settings(max_examples=300)
@given(emails)
def test_an_email_in_its_form_stays_so(value: str) -> None:
    for rule in (email_form, google_email_form):
        form = rule(value)
        assert rule(form) == form
        assert form == form.strip()
        assert not form or form.count("@") == 1


@settings(max_examples=300)
@given(phones, countries)
def test_a_phone_in_its_form_stays_so(value: str, country: str) -> None:
    form = phone_form(value, country)

    # The country no longer matters once the number has its code.
    assert phone_form(form, "") == phone_form(form, "US") == form
    assert phone_e164(form) == form
    assert phone_digits(form) == form[1:]
    assert not form or (form[0] == "+" and form[1:].isascii() and form[1:].isdigit() and len(form) <= 16)
    for rule in (phone_digits, phone_e164):
        assert rule(rule(value)) == rule(value)


@pytest.mark.parametrize(
    ("written", "country", "form"),
    [
        ("+1 (212) 555-0147", "", "+12125550147"),
        ("(212) 555-0147", "US", "+12125550147"),
        ("1 212 555 0147", "CA", "+12125550147"),
        ("212.555.0147", "", ""),
        ("0044 (0)7946 095812", "", "+447946095812"),
        ("+44 0 7946 095812", "US", "+447946095812"),
        ("06 10 00 00 00", "FR", "+33610000000"),
        ("06 10 00 00 00", "US", ""),
        ("06 1234 5678", "IT", "+390612345678"),
        ("+39 06 1234 5678", "US", "+390612345678"),
        ("+225 01 01 23 45 67", "", "+2250101234567"),
        ("+1 212 555 0147 ext. 3", "US", ""),
        ("1-800-FLOWERS", "US", ""),
        ("12345", "US", ""),
        ("030 000 000 000 000", "DE", ""),
        ("+49 30 000 000 000 000", "", ""),
        ("+1 112 555 0147", "", ""),
        ("", "US", ""),
    ],
)
def test_a_number_as_people_write_it(written: str, country: str, form: str) -> None:
    assert phone_form(written, country) == form


@pytest.mark.parametrize(
    ("written", "meta", "google"),
    [
        (" Ann.Sato+Shop@GMail.com ", "ann.sato+shop@gmail.com", "annsato@gmail.com"),
        ("Ann.Sato@googlemail.com", "ann.sato@googlemail.com", "annsato@googlemail.com"),
        ("Ann.Sato+x@example.com", "ann.sato+x@example.com", "ann.sato+x@example.com"),
        ("\u200bann@example.com\u00a0", "ann@example.com", "ann@example.com"),
        ("ann @example.com", "", "ann@example.com"),
        ("müller@bücher.example", "müller@bücher.example", "müller@bücher.example"),
        ("ann@example", "", ""),
        ("ann@example.com, bob@example.com", "", ""),
        ("Ann <ann@example.com>", "", ""),
        ("mailto:ann@example.com", "", ""),
        ("+x@gmail.com", "+x@gmail.com", ""),
    ],
)
def test_an_address_as_people_write_it(written: str, meta: str, google: str) -> None:
    assert (email_form(written), google_email_form(written)) == (meta, google)


def test_what_is_no_unicode_is_no_identifier() -> None:
    assert email_digests(["a\ud800@example.com"])[1] == [(0, EMAIL_INVALID)]
    assert phone_digests(["+1212555014\ud800"], "US")[1] == [(0, PHONE_INVALID)]


@given(st.integers(2_000_000_000, 9_999_999_999))
def test_usual_lines_of_the_united_states_are_valid_numbers_to_the_tables(number: int) -> None:
    if american_line(str(number)):
        assert phonenumbers.is_valid_number(phonenumbers.PhoneNumber(1, number))


def test_a_line_of_the_united_states_is_known_without_asking_twice() -> None:
    assert american_line("2125550123")
    assert not american_line("1125550123")
    assert not american_line("8005550123")


area = st.text("23456789", min_size=1, max_size=1)
digits = st.text("0123456789", min_size=2, max_size=2)
between = st.text(" .-", max_size=3)


@given(area, digits, between, area, digits, between, st.text("0123456789", min_size=4, max_size=4), st.booleans())
def test_the_usual_ways_to_write_an_american_number_are_a_short_cut_and_no_more(
    first: str, rest: str, gap: str, exchange: str, line: str, dash: str, last: str, brackets: bool
) -> None:
    code = f"({first}{rest})" if brackets else first + rest
    written = f"{code}{gap}{exchange}{line}{dash}{last}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "written_american", lambda _: None)
        the_long_way = phone_form(written, "US")

    assert phone_form(written, "US") == the_long_way
    assert phone_digests([written, "+"], "US")[0]["phone_e164"] == [digest(the_long_way), NOTHING]
