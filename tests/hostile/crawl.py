"""Which addresses the pages lead to, and which fields their forms have: read from the pages, as a browser reads them."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

PAGES_OF_A_ROUTE = 3
ROOTED = re.compile(r"/(?!/)[^?#]*\Z")  # what joining leaves as it is
LINKS = ("href", "hx-get", "action", "hx-post")

Fields = dict[str, list[str]]  # by name: the values that the form offers


@dataclass
class Found:
    """What the pages said of the project's addresses, by route."""

    paths: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    queries: defaultdict[str, Fields] = field(default_factory=lambda: defaultdict(dict))
    forms: defaultdict[str, Fields] = field(default_factory=lambda: defaultdict(dict))
    links: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """Reads the links and forms out of a page."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at
        self.links: list[str] = []
        # Posted?, where to, and by name the values that are offered, in their order.
        self.forms: list[tuple[bool, str, dict[str, dict[str, None]]]] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        self.links += [self._joined(had[name]) for name in LINKS if had.get(name)]
        if tag == "form":
            action = urljoin(self.at, had.get("action") or self.at)
            self.forms.append((had.get("method", "get").lower() == "post", action, {}))
            if had.get("hx-post"):
                self.forms.append((True, urljoin(self.at, had["hx-post"]), self.forms[-1][2]))
        elif tag == "option" and self.select:
            self._offer(self.select, had.get("value", ""))
        elif tag in {"input", "textarea", "select", "button"}:
            self.select = had.get("name", "") if tag == "select" else ""
            if had.get("name"):
                self._offer(had["name"], had.get("value", "on" if had.get("type") == "checkbox" else ""))

    def _joined(self, address: str) -> str:
        return address if ROOTED.match(address) else urljoin(self.at, address)

    def _offer(self, name: str, value: str) -> None:
        if self.forms:
            self.forms[-1][2].setdefault(name, {})[value] = None


@cache
def route_of(address: str) -> str | None:
    """Return the route that an address of ours leads to; None of others."""
    parts = urlsplit(address)
    if parts.netloc or not parts.path.startswith("/"):
        return None
    try:
        return str(resolve(parts.path).route)
    except Resolver404:
        return None


def crawl(client: Client, found: Found, *starts: str, only_posted: frozenset[str] = frozenset()) -> None:
    """Read these pages and follow what they lead to, PAGES_OF_A_ROUTE of each route, and add what they say.

    After a page that said nothing new no other of its route and parameters is read, and of routes that are
    `only_posted` to nothing but where they are.
    """
    seen: defaultdict[str, set[str]] = defaultdict(set)
    exhausted: set[tuple[str, frozenset[str]]] = set()
    waiting = list(starts)
    while waiting:
        address = waiting.pop(0)
        route = route_of(address)
        if route is None:
            continue
        path, query = urlsplit(address).path, urlsplit(address).query
        found.paths[route].add(path)
        asked = parse_qsl(query)
        for name, value in asked:
            found.queries[route].setdefault(name, []).append(value)
        kind = route, frozenset(name for name, _ in asked)
        if (
            route in only_posted
            or address in seen[route]
            or ((len(seen[route]) >= PAGES_OF_A_ROUTE or kind in exhausted) and address not in starts)
        ):
            continue
        seen[route].add(address)
        response: Any = client.get(address)
        if response.status_code == 302:
            waiting.append(response["Location"])
        if response.status_code != 200 or not re.match("text/html", response["Content-Type"]):
            continue
        page = Page(path)
        page.feed(response.content.decode())
        addresses = [*page.links, *(action for _, action, _ in page.forms)]
        said = [
            _merge((found.forms if posted else found.queries)[to], fields)
            for posted, action, fields in page.forms
            if (to := route_of(action)) is not None
        ]
        if found.links.issuperset(addresses) and not any(said):
            exhausted.add(kind)
        found.links.update(addresses)
        waiting += addresses


def _merge(known: Fields, more: dict[str, dict[str, None]]) -> bool:
    """Add values by field, and return whether one was new. Of tokens, which are new each time, the first is kept."""
    before = sum(map(len, known.values()))
    for name, values in more.items():
        if name != "csrfmiddlewaretoken" or name not in known:
            known[name] = list(dict.fromkeys([*known.get(name, []), *values]))
    return sum(map(len, known.values())) > before
