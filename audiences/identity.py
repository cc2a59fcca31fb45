"""Normal forms of identifiers and their SHA-256, by each destination's own rule. Pure; docs/decisions/identity.md says why.

Two layers: the rules as the platforms publish them (`email_form`, `google_email_form`, `phone_digits`, `phone_e164`), and
what Muster sends (`email_digests`, `phone_digests`), which is stricter: a value that is no address, or no number that
somebody can have, is left out and counted, because its digest could match nobody, or somebody else.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np

from muster.columns import Array

from . import usual
from .cells import Cells
from .sha256 import sha256

Match = Callable[[str], re.Match[str] | None]
Digests = tuple[dict[str, list[bytes]], list[tuple[int, int]]]

NOTHING: Final = bytes(32)
EMAIL_INVALID, EMAIL_HASHED, PHONE_INVALID, PHONE_HASHED = 1, 2, 4, 8
UNUSABLE: Final = {
    EMAIL_INVALID: "email_invalid",
    EMAIL_HASHED: "email_hashed",
    PHONE_INVALID: "phone_invalid",
    PHONE_HASHED: "phone_hashed",
}

GMAIL: Final = ("@gmail.com", "@googlemail.com")
GMAIL_BYTES: Final = tuple(map(str.encode, GMAIL))
GMAIL_END: Final = b"mail.com"  # what both end in
EMAIL_FORMS: Final = ("email", "email_google")
PHONE_FORMS: Final = ("phone_digits", "phone_e164")
HOSTS: Final = dict(zip(GMAIL_BYTES, (b"@1", b"@2"), strict=True))
SUFFIXES: Final = re.compile(rb"\+[^@\n]*+")
# Spaces, and what copying from a page leaves at the ends without being seen: zero-width characters, marks of direction.
INVISIBLE: Final = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
EDGES: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace()) + INVISIBLE
ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++"
# Groups are repeated greedily, never possessively: up to 3.11.4 Python finds too little there (gh-106052).
USUAL_EMAIL: Final = rf"{ATOM}(?:\.{ATOM})*@(?:[a-z0-9]++(?:-++[a-z0-9]++)*\.)+[a-z]{{2,}}+"
# The same with letters of every script: local parts (RFC 6531) and domain names (RFC 5890).
WIDE: Final = r"[^\s@.\"(),:;<>\[\\\]\ufffd]"
any_email: Final = re.compile(
    rf"{WIDE}++(?:\.{WIDE}++)*@(?:(?![-_]){WIDE}++(?<![-_])\.)+(?![-_0-9]){WIDE}{{2,}}(?<![-_])"
).fullmatch
# What a number must look like to be taken as it is. North American numbers have a known length. A zero behind a country
# code is mostly the one for calls within the country, written by mistake: such a number is looked at more closely.
TWO: Final = r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|7|8[1246]|9[0-58]"
THREE: Final = r"2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[789][0-9]|8[057-9][0-9]|9[679][0-9]"
USUAL_PHONE: Final = rf"\+(?:1[2-9][0-9]{{2}}[2-9][0-9]{{6}}|(?!(?:{TWO}|{THREE})0)[2-9][0-9]{{7,14}})"
usual_phone: Final = re.compile(USUAL_PHONE).fullmatch
hashed: Final = re.compile(r"[0-9a-fA-F]{64}").fullmatch
LETTER: Final = re.compile(r"[^\W\d_]")
# One look at many lines costs a third of a look at each: a usual value as it is hashed, or nothing, for every line.
usual_emails: Final = re.compile(rf"[ \t]*+(?:({USUAL_EMAIL})[ \t]*+|[^\n]*+)\n".encode()).findall
usual_phones: Final = re.compile(rf"(?:({USUAL_PHONE})|[^\n]*+)\n".encode()).findall
north_american: Final = re.compile(r"1?([2-9][0-9]{2}[2-9][0-9]{6})").fullmatch
# The ways in which most people write a number: what the rest of phone_form would find, at a quarter of its cost.
WRITTEN: Final = r"\(?([2-9][0-9]{2})\)?[ .-]{0,2}([2-9][0-9]{2})[ .-]?([0-9]{4})"
written_american: Final = re.compile(WRITTEN).fullmatch
written_americans: Final = re.compile(rf"(?:{WRITTEN}|[^\n]*+)\n".encode()).findall
MARKS: Final = re.compile(r"[\s().-]+")
ABROAD: Final = re.compile(r"\A(?:\+|00)[\s.-]*0*")
NORTH_AMERICA: Final = frozenset({"US", "CA"})
SHORTEST_PHONE: Final = 7
LONGEST_E164: Final = len("+") + 15
NOT_DIGIT: Final = re.compile(r"[^0-9]")


def email_form(text: str) -> str:
    """Return an address as Meta and most others have it hashed: trimmed, lower case. Empty when it is no address."""
    form = text.strip(EDGES).lower()
    return form if _is_address(form) else ""


def google_email_form(text: str) -> str:
    """Return an address by Google's rule: no white space, lower case; at Gmail no dots and no +suffix. Empty: none."""
    form = "".join(text.strip(EDGES).lower().split())
    if form.endswith(GMAIL):
        return _without_gmail_marks(form)
    return form if _is_address(form) else ""


def _is_address(form: str) -> bool:
    return bool(any_email(form)) and form.isprintable()


def _without_gmail_marks(form: str) -> str:
    name, at, domain = form.rpartition("@")
    name = name.partition("+")[0].replace(".", "")
    return name + at + domain if name else ""


def phone_digits(text: str) -> str:
    """Return a number by Meta's rule: its digits without leading zeros. The country code must be there; none is added."""
    return NOT_DIGIT.sub("", text).lstrip("0")


def phone_e164(text: str) -> str:
    """Return a number by Google's rule: the digits behind a plus. The country code must be there; none is added."""
    digits = phone_digits(text)
    return f"+{digits}" if digits else ""


def phone_form(text: str, country: str) -> str:
    """Return the E.164 form of a number that somebody can have, with the country's code where it has none. Empty: none."""
    if (
        country in NORTH_AMERICA
        and (plain := written_american(text))
        and american_line(line := "".join(plain.groups()))
    ):
        return "+1" + line
    number = ABROAD.sub("+", text.strip(EDGES))
    if usual_phone(bare := MARKS.sub("", number)):
        return bare
    if len(bare) < SHORTEST_PHONE or LETTER.search(number):
        return ""
    if country in NORTH_AMERICA and bare.isascii() and bare.isdigit() and not bare.startswith("011"):
        # What parsing would find, at a tenth of its cost: the one national format that is common and plain.
        plain = north_american(bare)
        if plain and american_line(plain[1]):
            return f"+1{plain[1]}"
        number = f"+1{plain[1]}" if plain else ""
    return _parsed_phone(number, country) if number else ""


def _parsed_phone(number: str, country: str) -> str:
    # Loading the tables of all countries takes a second; most processes never need them.
    from phonenumbers import NumberParseException, is_valid_number, parse

    try:
        found = parse(number, country or None)
    except NumberParseException:
        return ""
    if not found.national_number or found.extension:
        return ""
    if not (found.country_code == 1 and american_line(str(found.national_number))) and not is_valid_number(found):
        return ""
    zeros = "0" * (found.number_of_leading_zeros or 1) if found.italian_leading_zero else ""
    form = f"+{found.country_code}{zeros}{found.national_number}"
    # The tables know German numbers that are longer than E.164 allows; no platform takes them.
    return form if len(form) <= LONGEST_E164 else ""


def american_line(digits: str) -> bool:
    """Whether the tables know a number behind +1 as a usual line of the United States: then it is a valid one.

    Asking them the usual way tries ten kinds of numbers, twice.
    """
    general, fixed = _american_lines()
    return bool(general(digits) and fixed(digits))


def _american_forms(values: list[str]) -> list[bytes]:
    """Return what phone_form finds for those who are written in one of the usual ways, else an empty text."""
    lines = ("\n".join(values) + "\n").encode(errors="surrogatepass")
    if lines.count(b"\n") != len(values):
        return [b""] * len(values)
    numbers = b"".join([b"".join(parts) + b"\n" for parts in written_americans(lines)])
    return [b"+1" + number if number else b"" for number in _american_table()(numbers)]


@cache
def _american_table() -> Callable[[bytes], list[bytes]]:
    general, fixed = _american_patterns()
    return re.compile(rf"(?:((?=(?:{general})\n)(?:{fixed}))|[^\n]*+)\n".encode()).findall


@cache
def _american_lines() -> tuple[Match, Match]:
    general, fixed = map(re.compile, _american_patterns())
    return general.fullmatch, fixed.fullmatch


def _american_patterns() -> tuple[str, str]:
    from phonenumbers import PhoneMetadata

    known = PhoneMetadata.metadata_for_region("US")
    assert known is not None, "the tables know the United States"
    general, fixed = (one.national_number_pattern if one else "" for one in (known.general_desc, known.fixed_line))
    return general or "", fixed or ""


def email_digests(values: Sequence[str], forms: Collection[str] = EMAIL_FORMS) -> Digests:
    """Return the digests by each rule asked for (NOTHING where there is none), and who has an unusable value.

    The last are pairs of (place, EMAIL_INVALID or EMAIL_HASHED); an empty value is neither.
    """
    texts, others, looked_at = _usual(usual_emails, usual.usual_emails, values, bytes.lower)
    unusable = []
    for place in others:
        if (value := values[place]) and (text := value.strip(EDGES)):
            texts[place] = email_form(text).encode()
            if not texts[place]:
                unusable.append((place, EMAIL_HASHED if hashed(text) else EMAIL_INVALID))
    at_gmail = _at_gmail(values, texts, looked_at)
    if "email_google" not in forms:
        # Only a name that begins with the sign is empty without its suffix.
        at_gmail = [place for place in at_gmail if texts[place].startswith(b"+")]
    bare = dict(zip(at_gmail, _all_without_gmail_marks([texts[place] for place in at_gmail]), strict=True))
    for place in [place for place, text in bare.items() if not text]:
        texts[place] = b""
        others.append(place)
        unusable.append((place, EMAIL_INVALID))
    found = {"email": _sha256(texts, others)} if "email" in forms else {}
    if "email_google" in forms:
        found["email_google"] = _google_digests(found.get("email"), texts, others, bare)
    return found, unusable


def _at_gmail(values: Sequence[str], texts: list[bytes], looked_at: list[int]) -> list[int]:
    """Return where the addresses at Gmail are: of those that were not looked at one by one, only those who may be are."""
    if isinstance(values, Cells):
        looked_at = [*np.flatnonzero(usual.end_in(values.lines.lower(), values.ends, GMAIL_END)).tolist(), *looked_at]
    return sorted({place for place in looked_at if texts[place].endswith(GMAIL_BYTES)})


def _google_digests(
    plain: list[bytes] | None, texts: list[bytes], others: Iterable[int], bare: Mapping[int, bytes]
) -> list[bytes]:
    """Return the digests by Google's rule, which is another one at Gmail only. `bare`: the addresses there, by place."""
    if plain is None:
        return _sha256([bare.get(place, text) for place, text in enumerate(texts)], others)
    found = plain.copy()
    for place, text in bare.items():
        if text:
            found[place] = sha256(text).digest()
    return found


def phone_digests(values: Sequence[str], country: str, forms: Collection[str] = PHONE_FORMS) -> Digests:
    """Return the digests of the bare digits and of the E.164 form, and who has an unusable value, as `email_digests` does.

    `country` is the ISO 3166 code for numbers without a country code; without one those are unusable.
    """
    texts, others, _ = _usual(usual_phones, usual.usual_phones, values, bytes)
    if country in NORTH_AMERICA and others:
        for place, form in zip(others, _american_forms([values[place] for place in others]), strict=True):
            texts[place] = form
        others = [place for place in others if not texts[place]]
    unusable = []
    for place in others:
        if (value := values[place]) and (text := value.strip(EDGES)):
            texts[place] = phone_form(text, country).encode()
            if not texts[place]:
                unusable.append((place, PHONE_HASHED if hashed(text) else PHONE_INVALID))
    found = {"phone_digits": _sha256([text[1:] for text in texts], others)} if "phone_digits" in forms else {}
    if "phone_e164" in forms:
        found["phone_e164"] = _sha256(texts, others)
    return found, unusable


def _usual(
    pattern: Callable[[bytes], list[bytes]],
    at_once: Callable[[bytes, Array], Array],
    values: Sequence[str],
    made: Callable[[bytes], bytes],
) -> tuple[list[bytes], list[int], list[int]]:
    """Return the form of each value where it is a usual one, else an empty text; where those are; and which were looked at."""
    if not isinstance(values, Cells):
        # What is no Unicode text is in no usual value. A value of several lines would shift all that follow.
        lines = made(("\n".join(values) + "\n").encode(errors="surrogatepass"))
        forms = pattern(lines) if lines.count(b"\n") == len(values) else [b""] * len(values)
        return forms, [place for place, form in enumerate(forms) if not form], list(range(len(values)))
    lines = made(values.lines)
    forms = lines.split(b"\n")[:-1]
    places: list[int] = np.flatnonzero(~at_once(lines, values.ends)).tolist()
    found = pattern(b"".join([forms[place] + b"\n" for place in places]))
    for place, form in zip(places, found, strict=True):
        forms[place] = form
    return forms, [place for place, form in zip(places, found, strict=True) if not form], places


def _all_without_gmail_marks(forms: list[bytes]) -> list[bytes]:
    """Do to each address at Gmail what `_without_gmail_marks` does to one, in a few looks at all of them."""
    text = b"\n".join(forms)
    # Behind the only @ of each stands one of two names, so dots in names of hosts can be told from those in front.
    for host, mark in HOSTS.items():
        text = text.replace(host, mark)
    text = text.replace(b".", b"")
    if b"+" in text:
        text = SUFFIXES.sub(b"", text)
    for host, mark in HOSTS.items():
        text = text.replace(mark, host)
    found = text.split(b"\n") if forms else []
    return [b"" if form.startswith(b"@") else form for form in found] if b"\n@" in b"\n" + text else found


def _sha256(forms: list[bytes], others: Iterable[int]) -> list[bytes]:
    """Return the digest of each form, NOTHING for an empty one; those are among `others`."""
    found = [one.digest() for one in map(sha256, forms)]
    for place in others:
        if not forms[place]:
            found[place] = NOTHING
    return found
