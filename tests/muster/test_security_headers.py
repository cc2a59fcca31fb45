"""What every answer tells the browser, and that no page needs what the policy forbids."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from muster.models import Person
from tests import factories
from tests.access_table import TABLE
from tests.muster.test_access import client_of, example

pytestmark = pytest.mark.django_db
INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=[\"']|javascript:|<script(?![^>]*\bsrc=)", re.IGNORECASE)


def directives(policy: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.mark.parametrize("role", ["stranger", "administrator"])
def test_every_page_has_the_headers_and_nothing_inline(role: str) -> None:
    client = client_of(role)
    seen = 0
    for route, row in TABLE.items():
        if "GET" not in row:
            continue
        response = client.get(example(route))
        if response.status_code >= 500:
            continue  # test_access.py says so
        policy = directives(response["Content-Security-Policy"])
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "no-store" in response["Cache-Control"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Referrer-Policy"] == "same-origin"
        assert "camera=()" in response["Permissions-Policy"]
        assert not INLINE.search(response.content.decode()), route
        seen += 1
    assert seen > 10


def test_htmx_is_told_what_the_policy_forbids(client: Client) -> None:
    page = client.get("/sign-in/").content.decode()
    config = re.search(r"<meta name=\"htmx-config\" content='([^']+)'>", page)
    assert config
    for setting in (
        '"includeIndicatorStyles":false',
        '"allowEval":false',
        '"allowScriptTags":false',
        '"historyRestoreAsHxRequest":false',
        '"selfRequestsOnly":true',
    ):
        assert setting in config[1]
    assert re.findall(r'<script src="([^"]+)" defer></script>', page) == [
        "/static/django_htmx/htmx-2.min.js",
        "/static/js/muster.js",
        "/static/js/readout.js",
    ]


def test_templates_hold_nothing_inline_and_nothing_unescaped() -> None:
    for path in sorted(Path(settings.BASE_DIR, "templates").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        # Mail is no page of ours: it is only sent, and has to bring its look along.
        assert path.name == "mail.html" or not INLINE.search(text), path
        assert not re.search(r"\|\s*safe\b|autoescape off|hx-on\b|https?://(?!www\.w3\.org)", text), path


def test_style_sheets_and_scripts_ask_nobody_else() -> None:
    for path in sorted(Path(settings.BASE_DIR, "static").rglob("*")):
        if path.suffix in {".css", ".js"}:
            text = path.read_text(encoding="utf-8")
            assert "//" not in re.sub(r"(?m)^\s*//.*$", "", text).replace("http://www.w3.org", ""), path
            assert "@import" not in text
            assert len(text.splitlines()) <= 300, path


def test_the_script_is_short() -> None:
    assert len(Path(settings.BASE_DIR, "static/js/muster.js").read_text(encoding="utf-8").splitlines()) < 150


def test_every_style_sheet_is_on_every_page(client: Client) -> None:
    page = client.get("/sign-in/").content.decode()
    linked = re.findall(r'href="/static/css/([a-z_]+)\.css"', page)
    kept = [path.stem for path in Path(settings.BASE_DIR, "static/css").glob("*.css")]
    assert sorted(linked) == sorted(kept)
    assert linked[0] == "tokens"
    assert linked[-1] == "print"


def test_bare_buttons_of_htmx_carry_the_token(marketer: Person, signed_in: Callable[[Person], Client]) -> None:
    page = signed_in(marketer).get("/log/").content.decode()
    token = re.search(r"<body hx-headers='\{\"X-CSRFToken\": \"(\w+)\"\}'>", page)
    assert token
    strict = Client(enforce_csrf_checks=True)
    factories.sign_in(strict, marketer)
    strict.get("/log/")
    body = re.search(r'"X-CSRFToken": "(\w+)"', strict.get("/log/").content.decode())
    assert body
    assert strict.post("/sign-out/").status_code == 403
    assert strict.post("/sign-out/", headers={"X-CSRFToken": body[1]}).status_code == 302


def test_strangers_get_no_token_in_the_body(client: Client) -> None:
    assert "hx-headers" not in client.get("/sign-in/").content.decode()
