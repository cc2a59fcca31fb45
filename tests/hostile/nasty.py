"""Requests as people, browsers and attackers get them wrong: pieces by chance, and how they go over the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote_plus

from tests.hostile.crawl import Fields

VALUES = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\x1b[31m\x07\x7f\u202e\u200b\ufeff",
    "\ud800",
    "é\udfff",
    "x" * 301,
    "x" * 10_000,
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "-0.0",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 400,
    "9" * 5_000,
    "٤٢",
    "²",
    "१२३",
    "1_000",
    "0x10",
    "1,000.50",
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "0001-01-01",
    "2026-02-30",
    "2026-11-23T25:61",
    "9999-12-31T23:59",
    "0001-01-01 00:00",
    "Monday",
    "2026-W60",
    "true",
    "None",
    "[]",
    '{"a": 1}',
    "../../etc/passwd",
    "//evil.example",
    "http://",
    "http://[",
    "https://[::1",
    "https://user:pass@127.0.0.1:99999/",
    "https://a.example/?x=%zz#y",
    "https://xn--.example",
    "https://" + "a" * 70 + ".example",
    "https://data.example.com",
    "http://127.0.0.1:1",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "{{ 7|add:7 }}",
    "' OR 1=1 --",
    "%",
    "%00%ff",
    "\r\nSet-Cookie: a=b",
    "somebody@team.example",
    "a@b",
    "pipe-9",
    "pipe-99999999999999999999",
    "workspace-٣",
    "Europe/Nowhere",
    "Segment (9223372036854775808)",
    "(٣)",
]
NAMES = ["", "page", "q", "next", "id", "pk", "csrfmiddlewaretoken", "__proto__", "a[b]", "x\x00", "\udc80", "n" * 300]
PARTS = [
    "1",
    "2",
    "3",
    "4",
    "draft",
    "live",
    "0",
    "999999",
    "-1",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 60,
    "%D9%A3",
    "%00",
    "%ff%fe",
    "%ED%A0%80",
    "%",
    "%zz",
    "..",
    "a%2Fb",
    "A" * 300,
    "nothing-here",
    "-",
    "%F0%9F%92%A9",
]
HEADERS: dict[str, list[str]] = {
    "HTTP_HX_REQUEST": ["true", "false", "\xff", "1"],
    "HTTP_HX_BOOSTED": ["true", "TRUE"],
    "HTTP_HX_HISTORY_RESTORE_REQUEST": ["true"],
    "HTTP_HX_TARGET": ["missing", "\xfe", "x" * 2_000],
    "HTTP_HX_CURRENT_URL": ["http://[", "http://testserver/?q=%ff", "\xff", "javascript:1", "//x:99999/", "h" * 9_000],
    "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": ["true"],
    "HTTP_HX_TRIGGER": ["\xff"],
    "HTTP_HX_PROMPT": ["\xc3\x28"],
    "HTTP_ACCEPT": ["*/*", "application/json", ";;;q=x"],
    "HTTP_ACCEPT_LANGUAGE": ["xx;q=9", "de-" + "x" * 600, "\xff"],
    "HTTP_REFERER": ["http://[", "\xff"],
    "HTTP_HOST": ["testserver", "localhost"],
    "HTTP_X_FORWARDED_FOR": ["1.2.3.4, nobody", "\xff", "::1%eth0", "9" * 400],
    "HTTP_IF_MODIFIED_SINCE": ["yesterday", "Mon, 99 Nov 9999 99:99:99 GMT"],
    "HTTP_RANGE": ["bytes=9-1"],
    "HTTP_COOKIE": ["sessionid=\xff; messages=[[", "sessionid=" + "z" * 4_000, "messages=a:b:c", "csrftoken=%00"],
}
TYPES = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=\xff",
    "application/json",
    "text/plain",
    "",
]
FORM = TYPES[0]


@dataclass(frozen=True)
class Asked:
    path: str
    query: str
    body: bytes
    content_type: str
    headers: dict[str, str]

    @property
    def parts(self) -> tuple[object, ...]:
        return self.path, self.query, self.body, self.content_type, *sorted(self.headers.items())

    def __repr__(self) -> str:
        return f"{self.path}?{self.query!r} {self.content_type!r} {self.headers} {self.body[:2000]!r}"


def encoded(pairs: list[tuple[str, str]]) -> str:
    """Return pairs as a query string; what cannot be text goes as the bytes it would have."""
    quoted = [tuple(quote_plus(text.encode("utf-8", "surrogatepass")) for text in pair) for pair in pairs]
    return "&".join(f"{name}={value}" for name, value in quoted)


def any_text(chance: Random) -> str:
    """Return some characters of any script, a lone half of a pair now and then."""
    return "".join(chr(chance.choice(PLANES)(chance)) for _ in range(chance.randrange(13)))


PLANES: list[Callable[[Random], int]] = [
    lambda chance: chance.randrange(0x20, 0x7F),
    lambda chance: chance.randrange(0x250),
    lambda chance: chance.randrange(0x10000),
    lambda chance: chance.randrange(0x10000, 0x110000),
]


def value_of(chance: Random, offered: list[str]) -> str:
    """Mostly something that the form offers, else something nasty."""
    if chance.randrange(4):
        good = "A good reason."
        return good if not offered or ("" in offered and not chance.randrange(3)) else chance.choice(offered)
    return chance.choice(VALUES) if chance.randrange(3) else any_text(chance)


def pairs_of(chance: Random, fields: Fields) -> list[tuple[str, str]]:
    """The fields of a form, a few of them wrong, missing, given twice, or made up."""
    wrong = set(chance.sample(sorted(fields), chance.randint(0, min(4, len(fields)))))
    pairs: list[tuple[str, str]] = []
    for name, offered in fields.items():
        if name not in wrong:
            pairs.append((name, next((one for one in reversed(offered) if one), "A good reason.")))
        else:
            pairs += [(name, value_of(chance, offered)) for _ in range(chance.randrange(3))]
    names = [*NAMES, *fields]
    return pairs + [(chance.choice(names), chance.choice(VALUES)) for _ in range(chance.randrange(3))]


def path_of(chance: Random, route: str, known: list[str], pattern: Any) -> str:
    """A path to something that exists, or one with a nasty part in the place of a parameter."""
    if known and ("<" not in route or chance.randrange(4)):
        return chance.choice(known)
    return "/" + str(pattern.sub(lambda _: chance.choice(PARTS), route)).replace("^", "").replace("$", "")


def headers_of(chance: Random) -> dict[str, str]:
    """Every fourth request is one of htmx for a fragment; every second has other headers besides."""
    asked = {} if chance.randrange(4) else {"HTTP_HX_REQUEST": "true"}
    names = chance.sample(sorted(HEADERS), chance.randrange(4)) if chance.randrange(2) else ()
    return asked | {name: chance.choice(HEADERS[name]) for name in names}


def body_of(chance: Random, fields: Fields) -> tuple[bytes, str]:
    """A posted form, now and then under a wrong type or as no form at all."""
    form = encoded(pairs_of(chance, fields)).encode()
    if chance.randrange(10):
        return form, FORM
    many = "&".join(f"f{number}=1" for number in range(1_100)).encode()
    return chance.choice([form, b"", b"\xff\x00=%ff&&==%", b"--x\r\nbroken", b"[1", many]), chance.choice(TYPES)
