"""The sandbox's own normal forms of identifiers, as the ad platforms keep them: written apart from the product's on purpose."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from sandbox.people import Person

ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CALLING_CODES: Final = {"US": "1", "CA": "1", "GB": "44", "DE": "49", "FR": "33", "NL": "31"}
NATIONAL_LENGTH: Final = {"1": (10,), "44": (10,), "49": (10, 11), "33": (9,), "31": (9,)}


def meta_email(raw: str) -> str | None:
    """Trimmed, lower case."""
    text = raw.strip().lower()
    return text if ADDRESS.fullmatch(text) else None


def google_email(raw: str) -> str | None:
    """Without any white space, lower case; at Gmail also without dots and +suffix."""
    text = re.sub(r"\s", "", raw).lower()
    name, _, domain = text.partition("@")
    if domain in {"gmail.com", "googlemail.com"}:
        name = name.partition("+")[0].replace(".", "")
    text = f"{name}@{domain}"
    return text if name and ADDRESS.fullmatch(text) else None


def phone_digits(raw: str) -> str | None:
    """Digits only, without leading zeros."""
    return re.sub(r"\D", "", raw).lstrip("0") or None


def phone_e164(raw: str) -> str | None:
    """The same digits with a plus before them."""
    digits = phone_digits(raw)
    return f"+{digits}" if digits else None


def international(raw: str, country: str) -> str | None:
    """The number a person truly has, in E.164, or None when the text is no number."""
    text = raw.strip().replace("(0)", "")
    digits = re.sub(r"\D", "", text)
    if text.startswith("00"):
        digits = digits[2:]
    elif not text.startswith("+"):
        code = CALLING_CODES.get(country, "1")
        national = digits.removeprefix("0") if code != "1" else digits
        if len(national) not in NATIONAL_LENGTH[code] or re.search(r"[A-Za-z]", text):
            return None
        digits = code + national
    known = max((code for code in NATIONAL_LENGTH if digits.startswith(code)), key=len, default="")
    if known and len(digits) - len(known) not in NATIONAL_LENGTH[known]:
        return None
    return f"+{digits}" if 8 <= len(digits) <= 15 and not digits.startswith("0") else None


def held_by(person: Person) -> list[tuple[bytes, str]]:
    """A person's identifiers at the platforms: digest and platform, '' where both keep the same form."""
    forms: dict[str, str] = {}
    email = person.get("email", "")
    number = international(person["phone"], person.get("country", "US")) if person.get("phone") else None
    for platform, form in (
        ("meta", meta_email(email)),
        ("google", google_email(email)),
        ("meta", number and number[1:]),
        ("google", number),
    ):
        if form:
            forms[form] = "" if form in forms else platform
    return [(sha256(form.encode()).digest(), platform) for form, platform in forms.items()]
