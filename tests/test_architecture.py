"""The house rules that no other tool keeps: sizes, names, what nobody catches, who reaches the network, what pages hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

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


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def too_long(path: Path) -> Iterator[str]:
    limit = LONGEST_VIEW if path.stem == "views" or "views" in path.parts else LONGEST_FUNCTION
    for node in ast.walk(tree_of(path)):
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


def imported(path: Path) -> set[str]:
    """Return the absolute modules that a module imports, each with those above it."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {".".join(parts[: end + 1]) for one in found for parts in [one.split(".")] for end in range(len(parts))}


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 100
    assert len(TEMPLATES) > 40


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_short_and_so_are_its_functions(path: Path) -> None:
    lines = sum(bool(line.strip()) for line in path.read_text().splitlines())

    assert lines <= LONGEST_FILE
    assert list(too_long(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_named_after_what_it_makes_or_does(path: Path) -> None:
    assert path.stem not in NAMES_THAT_SAY_NOTHING


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_nobody_catches_everything(path: Path) -> None:
    handlers = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ExceptHandler)]

    assert [one.lineno for one in handlers if caught(one) & CATCHES_EVERYTHING and not raises_again(one)] == []


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_nothing_is_marked_safe(path: Path) -> None:
    words = {node.id for node in ast.walk(tree_of(path)) if isinstance(node, ast.Name)}
    words |= {node.attr for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}

    assert words & {"mark_safe", "SafeString", "SafeText"} == set()


def test_only_the_warehouses_door_knows_its_driver() -> None:
    assert {name_of(path) for path in PRODUCT if "psycopg" in imported(path)} == KNOW_POSTGRESQL


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_only_the_door_leads_out(path: Path) -> None:
    known = imported(path) & NETWORK

    if name_of(path) in KNOW_HTTP:
        assert known == {"http.client"}
    elif name_of(path) not in KNOW_REQUESTS:
        assert known == set()


FORBIDDEN_IN_TEMPLATES = {
    "output that is not escaped": re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off"),
    "a script or style inside of the page": re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|javascript:", re.I),
    "a handler in an attribute": re.compile(r"\s(on[a-z]+|hx-on[:\w-]*|hx-vals)\s*=\s*[\"'](?!\{)", re.I),
    "something from another host": re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//", re.I),
}


MAIL = "templates/reconciliation/mail.html"  # no page: it is only sent, and mail programs know no stylesheet of ours


@pytest.mark.parametrize("path", [one for one in TEMPLATES if not one.as_posix().endswith(MAIL)], ids=name_of)
def test_a_template_holds_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text()

    assert [what for what, pattern in FORBIDDEN_IN_TEMPLATES.items() if pattern.search(text)] == []


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


ADDRESSES = sorted(views(get_resolver()), key=lambda pair: pair[0])


@pytest.mark.parametrize(("address", "view"), ADDRESSES, ids=[address or "(first page)" for address, _ in ADDRESSES])
def test_every_view_says_whom_it_is_for(address: str, view: object) -> None:
    assert callable(view)
    assert is_declared(view)
