"""The house rules that no other tool keeps: sizes, names, what nobody catches, who reaches the network, what pages hold."""

import ast
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from muster.access import is_declared
from tests.vendors import ROOT

APPS = ("muster", "audiences", "syncs", "reconciliation")
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_VIEW = 300, 45, 25
NAMES_THAT_SAY_NOTHING = {"services", "utils", "helpers", "common", "core", "managers", "misc", "base"}
CATCHES_EVERYTHING = {"Exception", "BaseException"}
# The door itself, and the two modules that it is made of.
KNOW_REQUESTS = {"muster/http.py", "muster/sockets.py"}
# Talks to the page that this machine itself serves, to see whether it is there.
KNOW_HTTP = {"muster/run_here.py"}
# The warehouse's own door, its statements and its errors.
KNOW_POSTGRESQL = {f"reconciliation/readers/warehouse_{part}.py" for part in ("session", "queries", "errors")}
NETWORK = {"requests", "urllib3", "urllib.request", "http.client", "httpx", "aiohttp"}

MODULES = sorted(
    path
    for folder in (*APPS, "sandbox", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
PRODUCT = [path for path in MODULES if path.relative_to(ROOT).parts[0] in APPS]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def too_long(path: Path, nodes: list[ast.AST]) -> Iterator[str]:
    limit = LONGEST_VIEW if path.stem == "views" or "views" in path.parts else LONGEST_FUNCTION
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > limit:
                yield f"{node.name} in line {node.lineno} has {length} lines"


def caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return CATCHES_EVERYTHING
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(kind) for kind in kinds}


def raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))


def catching_everything(nodes: list[ast.AST]) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, ast.ExceptHandler) and caught(node) & CATCHES_EVERYTHING and not raises_again(node):
            yield node.lineno


def words(nodes: list[ast.AST]) -> set[str]:
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def imported(nodes: list[ast.AST]) -> set[str]:
    """Return the absolute modules that a module imports, each with those above it."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {".".join(parts[: end + 1]) for one in found for parts in [one.split(".")] for end in range(len(parts))}


class Module(NamedTuple):
    """What the rules ask of a module."""

    lines: int
    too_long: list[str]
    catches: list[int]
    words: set[str]
    imports: set[str]


@cache
def read(path: Path) -> Module:
    text = path.read_text()
    nodes = list(ast.walk(ast.parse(text)))
    lines = sum(bool(line.strip()) for line in text.splitlines())
    return Module(lines, list(too_long(path, nodes)), list(catching_everything(nodes)), words(nodes), imported(nodes))


def found_in(paths: list[Path], look: Callable[[Path], Collection[object]]) -> dict[str, Collection[object]]:
    """Return what a look at each of these found, by name, without those where it found nothing."""
    return {name_of(path): found for path in paths if (found := look(path))}


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 100
    assert len(TEMPLATES) > 40


def test_modules_are_short() -> None:
    assert {name_of(path): read(path).lines for path in MODULES if read(path).lines > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    assert found_in(MODULES, lambda path: read(path).too_long) == {}


def test_modules_are_named_after_what_they_make_or_do() -> None:
    assert [name_of(path) for path in MODULES if path.stem in NAMES_THAT_SAY_NOTHING] == []


def test_nobody_catches_everything() -> None:
    assert found_in(PRODUCT, lambda path: read(path).catches) == {}


def test_nothing_is_marked_safe() -> None:
    assert found_in(PRODUCT, lambda path: read(path).words & {"mark_safe", "SafeString", "SafeText"}) == {}


def test_only_the_warehouses_door_knows_its_driver() -> None:
    assert {name_of(path) for path in PRODUCT if "psycopg" in read(path).imports} == KNOW_POSTGRESQL


def test_only_the_door_leads_out() -> None:
    known = found_in(PRODUCT, lambda path: read(path).imports & NETWORK)

    assert {name: of for name, of in known.items() if name not in KNOW_REQUESTS | KNOW_HTTP} == {}
    assert {name: known.get(name) for name in KNOW_HTTP} == {name: {"http.client"} for name in KNOW_HTTP}


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python 3.11 up to 3.11.4 finds too little there: Debian's said of every address that it was none."""
    repeated = re.compile(r"\)(?:[*+?]|\{[0-9,{}]+\})\+")
    assert found_in(MODULES, lambda path: repeated.findall(path.read_text())) == {}


FORBIDDEN_IN_TEMPLATES = {
    "output that is not escaped": re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off"),
    "a script or style inside of the page": re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|javascript:", re.I),
    "a handler in an attribute": re.compile(r"\s(on[a-z]+|hx-on[:\w-]*|hx-vals)\s*=\s*[\"'](?!\{)", re.I),
    "something from another host": re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//", re.I),
}


MAIL = "templates/reconciliation/mail.html"  # no page: it is only sent, and mail programs know no stylesheet of ours


def forbidden_in(path: Path) -> list[str]:
    return [what for what, pattern in FORBIDDEN_IN_TEMPLATES.items() if pattern.search(path.read_text())]


def test_templates_hold_to_the_content_security_policy() -> None:
    pages = [path for path in TEMPLATES if not path.as_posix().endswith(MAIL)]
    assert found_in(pages, forbidden_in) == {}


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("{{ name|safe }}", "output that is not escaped"),
        ("{% autoescape off %}", "output that is not escaped"),
        ("<script>alert(1)</script>", "a script or style inside of the page"),
        ('<p style="color: red">', "a script or style inside of the page"),
        ('<a href="javascript:void(0)">', "a script or style inside of the page"),
        ('<p onclick="go()">', "a handler in an attribute"),
        ('<p hx-on:click="go()">', "a handler in an attribute"),
        ('<script src="https://cdn.example/x.js"></script>', "something from another host"),
    ],
)
def test_what_a_template_must_not_hold_is_found(html: str, what: str) -> None:
    assert FORBIDDEN_IN_TEMPLATES[what].search(html)


def views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, object]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if "admin" not in {entry.app_name, entry.namespace}:
                yield from views(entry, f"{prefix}{entry.pattern}")
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.pattern}", entry.callback


def test_every_view_says_whom_it_is_for() -> None:
    found = list(views(get_resolver()))

    assert len(found) > 100
    assert [address or "(first page)" for address, view in found if not (callable(view) and is_declared(view))] == []
