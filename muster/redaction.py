"""Takes email addresses, phone numbers and secrets out of text before it is stored, logged or shown."""

import base64
import html
import json
import logging
import re
from collections.abc import Iterable
from math import isfinite
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4

# What surrounds an "@", also in the forms that URLs and HTML give it. It begins at the beginning of its word, because
# trying each letter of a long word takes forever. An "&" may stand before the "@" and ends what stands after it.
WORD = r"""[^\s@"'<>(),;:&?/\[\]]"""
LOCAL = r"""[^\s@"'<>(),;:?/\[\]]"""
# An "&" and a "'" may stand before the "@", and HTML writes them as "&amp;" and "&#x27;".
ENTITIES = ("&amp", "&apos", "&#38", "&#x26", "&#39", "&#x27")
ENDED = "|".join(f"(?<={re.escape(entity)});" for entity in ENTITIES)
BEGINS = "".join(f"(?<!{re.escape(entity)};)" for entity in ENTITIES)
EMAIL = re.compile(
    rf"""(?:"[^"\n]{{1,64}}"|(?<!{LOCAL}){BEGINS}(?:{LOCAL}|{ENDED})+(?:'(?:{LOCAL}|{ENDED})+){{0,3}})
    (?:@|＠|﹫|%(?:25)*40|&\#0*64;|&\#x0*40;|&commat;)
    \[?{WORD}+""",
    re.IGNORECASE | re.VERBOSE,
)
# Dates and IPv4 addresses have as many digits as a phone number; ids inside words (UUIDs, hex digests) do too.
PHONE = re.compile(
    r"""(?:(?<![\w.%-])|(?<=%[0-9a-f]{2}))
    (?!\d{4}-\d{2}-\d{2}(?!\d))(?!\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))
    (?:\(?(?:\+|%2B|00)|\()?\d(?:[\s()./\u2010-\u2015-]{0,3}\d){8,14}
    (?:\s?(?:x|ext)\.?\s?\d{1,6})?(?![\w-]|%(?![0-9a-f]{2}))""",
    re.IGNORECASE | re.VERBOSE,
)
ESCAPE = re.compile(r"%[0-9A-F]{2}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def forms(secret: str) -> set[str]:
    """Return the ways in which a secret can come back in an answer: plain, in JSON, HTML and URLs, as basic authentication."""
    basic = {base64.b64encode(value.encode()).decode() for value in (secret, f"{secret}:")}
    in_urls = {encoded(secret, safe=safe) for encoded in (quote, quote_plus) for safe in ("", "/")}
    lower = {ESCAPE.sub(lambda found: found[0].lower(), text) for text in in_urls}
    return {secret, json.dumps(secret)[1:-1], html.escape(secret), *in_urls, *lower, *basic}


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
    """Return a JSON-like value with every text in it redacted, keys included, as any database can keep it. Numbers stay."""
    if isinstance(value, str):
        return storable(redact(value))
    if isinstance(value, dict):
        return {storable(redact(str(key))): redact_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(inner) for inner in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return storable(redact(str(value)))


def storable(text: str) -> str:
    """Return the text without what PostgreSQL refuses to store: NUL and half surrogate pairs."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def message_of(record: logging.LogRecord) -> str:
    """Return a log record's redacted message. One whose arguments do not fit its format must not end the work it tells of."""
    try:
        return redact(record.getMessage())
    except (TypeError, ValueError, KeyError):
        return redact(f"{record.msg} {record.args}")


class RedactingFilter(logging.Filter):
    """Redacts log lines at the handler, whoever wrote them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = message_of(record), ()
        return True
