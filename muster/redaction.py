"""Takes email addresses, phone numbers and secrets out of text before it is stored, logged or shown."""

import base64
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4

EMAIL = re.compile(
    r"[^\s@\"'<>(),;:=&?/\[\]]+(?:@|%40)[^\s@\"'<>(),;:=&?/\[\]]+\.[^\s@\"'<>(),;:=&?/\[\]]+", re.IGNORECASE
)
# Dates and IPv4 addresses have as many digits as a phone number; ids inside words (UUIDs, hex digests) do too.
PHONE = re.compile(
    r"(?<![\w.%/-])(?!\d{4}-\d{2}-\d{2}(?!\d))(?!\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))(?:\+|%2B|\(|00)?\d(?:[\s().-]{0,2}\d){8,14}(?![\w%-])",
    re.IGNORECASE,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def forms(secret: str) -> set[str]:
    """Return the ways in which a secret can come back in an answer: as it is, URL-encoded, and as basic authentication."""
    basic = {base64.b64encode(value.encode()).decode() for value in (secret, f"{secret}:")}
    return {secret, quote(secret, safe=""), *basic}


def hide_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return the text with each secret of 4 or more characters, in any of its forms, replaced."""
    found = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in forms(secret)}
    for form in sorted(found, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without secrets and without anything that reads like an email address or a phone number.

    When in doubt it takes out: a run of 9 to 15 digits counts as a phone number.
    """
    text = hide_secrets(text, secrets)
    return PHONE.sub("[phone]", EMAIL.sub("[email]", text))


def excerpt(text: str, secrets: Iterable[str] = (), limit: int = 300) -> str:
    """Return the redacted text on one line, without control characters, at most `limit` characters long."""
    line = " ".join(CONTROL.sub(" ", redact(text, secrets)).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def redact_value(value: object) -> object:
    """Return a JSON-like value with every text in it redacted, keys included. Numbers and booleans stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(str(key)): redact_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(inner) for inner in value]
    return value if isinstance(value, bool | int | float) or value is None else redact(str(value))


class RedactingFilter(logging.Filter):
    """Redacts log lines at the handler, whoever wrote them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True
