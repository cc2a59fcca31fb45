"""The pages' HTML: what counts as sound, and the pages of an installation in which nothing is yet."""

import pytest
from django.test import Client

from tests import factories
from tests.access_table import PEOPLE, TABLE
from tests.hostile.markup import Markup

READ = [route for route, row in TABLE.items() if "GET" in row and not {"<", "("} & set(route)]


@pytest.mark.parametrize(
    "body",
    [
        "<p>One<div>two</div></p>",
        "<ul><div>one</div></ul>",
        "<section><p>never closed</section>",
        '<a href="/x"></a>',
        '<button><svg aria-hidden="true"></svg></button>',
        '<i id="a"></i><i id="a"></i>',
        '<i id=""></i>',
        '<section aria-labelledby="nobody"></section>',
        '<input name="q">',
        '<input type="text" type="search" aria-label="Find">',
        "<h1>One</h1><h3>Two</h3>",
        "<form><form></form></form>",
        '<a href="/x">One <a href="/y">two</a></a>',
    ],
)
def test_what_is_not_sound_is_said(body: str) -> None:
    assert Markup(body).faults


@pytest.mark.parametrize(
    "body",
    [
        '<h1>One</h1><h2>Two</h2><ul><li><a href="/x">x</a></li></ul>',
        '<label for="q">Find</label><input id="q" name="q"><input type="hidden" name="token">',
        '<label>Find <input name="q"></label><button aria-label="Copy"><svg aria-hidden="true"></svg></button>',
        '<h2 id="a">Two</h2><section aria-labelledby="a"><br><svg><path d="M0 0"/></svg></section>',
        '<a href="/x"><span class="visually-hidden">Open</span></a>',
    ],
)
def test_what_is_sound_has_no_faults(body: str) -> None:
    assert Markup(body).faults == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_pages_are_sound_where_nothing_is_yet(client: Client, role: str) -> None:
    client.force_login(factories.person(role=role))
    answers = {route: client.get(f"/{route}") for route in READ}
    read = {route: one for route, one in answers.items() if one.status_code == 200 and "html" in one["Content-Type"]}
    assert len(read) > 15
    assert {route: faults for route, one in read.items() if (faults := Markup(one.content.decode()).faults)} == {}
