"""Requests as people, browsers and attackers get them wrong: pieces for hypothesis, and how they go over the wire."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from hypothesis import strategies as st

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


def value_of(offered: list[str]) -> st.SearchStrategy[str]:
    """Mostly something that the form offers, else something nasty."""
    wrong = st.one_of(st.sampled_from(VALUES), st.sampled_from(VALUES), st.text(max_size=12))
    right = st.sampled_from(offered) if offered else st.just("A good reason.")
    return st.one_of(right, right, st.just("A good reason.") if "" in offered else right, wrong)


@st.composite
def pairs_of(draw: st.DrawFn, fields: Fields) -> list[tuple[str, str]]:
    """The fields of a form, a few of them wrong, missing, given twice, or made up."""
    wrong = draw(st.sets(st.sampled_from(sorted(fields)), max_size=4)) if fields else set()
    pairs: list[tuple[str, str]] = []
    for name, offered in fields.items():
        if name not in wrong:
            pairs.append((name, next((one for one in reversed(offered) if one), "A good reason.")))
        else:
            pairs += [(name, one) for one in draw(st.lists(value_of(offered), max_size=2))]
    made_up = st.tuples(st.sampled_from([*NAMES, *fields]), st.sampled_from(VALUES))
    return pairs + draw(st.lists(made_up, max_size=2))


@st.composite
def path_of(draw: st.DrawFn, route: str, known: list[str], pattern: Any) -> str:
    """A path to something that exists, or one with a nasty part in the place of a parameter."""
    if known and ("<" not in route or draw(st.integers(0, 3))):
        return draw(st.sampled_from(known))
    return "/" + str(pattern.sub(lambda _: draw(st.sampled_from(PARTS)), route)).replace("^", "").replace("$", "")


@st.composite
def headers_of(draw: st.DrawFn) -> dict[str, str]:
    if draw(st.booleans()):
        return {}
    names = draw(st.sets(st.sampled_from(sorted(HEADERS)), max_size=3))
    return {name: draw(st.sampled_from(HEADERS[name])) for name in sorted(names)}


@st.composite
def body_of(draw: st.DrawFn, fields: Fields) -> tuple[bytes, str]:
    """A posted form, now and then under a wrong type or as no form at all."""
    pairs = draw(pairs_of(fields))
    if draw(st.integers(0, 9)):
        return encoded(pairs).encode(), FORM
    kind = draw(st.sampled_from(TYPES))
    many = "&".join(f"f{number}=1" for number in range(1_100)).encode()
    return draw(
        st.sampled_from([encoded(pairs).encode(), b"", b"\xff\x00=%ff&&==%", b"--x\r\nbroken", b"[1", many])
    ), kind
