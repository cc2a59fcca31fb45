"""Icons, the main navigation, and form fields that say what is wrong to everybody."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django import forms
from django.conf import settings
from django.db import models
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client, RequestFactory
from django.urls import reverse

from muster.models import Person
from muster.navigation import PLACES
from muster.templatetags.marks import icon_names
from syncs.states import ICONS
from tests import factories


def draw(source: str, **context: Any) -> str:
    return Template("{% load marks %}" + source).render(Context(context))


# Icons


def test_an_icon_points_into_the_sprite() -> None:
    assert draw('{% icon "ok" %}') == (
        '<svg class="icon" aria-hidden="true"><use href="/static/icons.svg#i-ok"/></svg>'
    )
    with pytest.raises(TemplateSyntaxError, match="unicorn"):
        draw('{% icon "unicorn" %}')


def test_the_sprite_is_well_formed_and_each_name_stands_once() -> None:
    sprite = ElementTree.parse(Path(settings.BASE_DIR, "static/icons.svg")).getroot()
    names = [symbol.attrib["id"].removeprefix("i-") for symbol in sprite]
    assert len(names) == len(set(names))
    assert set(names) == icon_names()
    assert all(symbol.attrib["viewBox"] == "0 0 24 24" for symbol in sprite)


def test_every_icon_that_pages_and_states_name_is_there() -> None:
    named = {icon for icon, _ in ICONS.values()} | {place.icon for place in PLACES}
    for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'{% icon "([^"]+)"', text)) | set(re.findall(r'icon_name="([^"]+)"', text))
    assert named <= icon_names()


# Navigation


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "labels"),
    [
        (
            "marketer",
            [
                "Your audiences",
                "Suppression",
                "Drift reports",
                "Runs",
                "Journey events",
                "Health",
                "Connections",
                "Readiness",
                "Core cohorts",
                "Traits",
                "Event log",
            ],
        ),
        (
            "manager",
            [
                "Your audiences",
                "Suppression",
                "Drift reports",
                "Runs",
                "Journey events",
                "Health",
                "Connections",
                "Readiness",
                "Core cohorts",
                "Traits",
                "Event log",
            ],
        ),
        (
            "paid_media",
            [
                "Your audiences",
                "Suppression",
                "Drift reports",
                "Runs",
                "Journey events",
                "Health",
                "Readiness",
                "Core cohorts",
                "Event log",
            ],
        ),
        (
            "administrator",
            [
                "Your audiences",
                "Suppression",
                "Drift reports",
                "Runs",
                "Journey events",
                "Health",
                "Connections",
                "Readiness",
                "Core cohorts",
                "Traits",
                "People",
                "Event log",
            ],
        ),
    ],
)
def test_everybody_sees_the_ways_they_may_go(client: Client, role: str, labels: list[str]) -> None:
    factories.sign_in(client, factories.person(role=role))
    page = client.get("/log/").content.decode()
    navigation = page.split('<nav aria-label="Main">')[1].split("</nav>")[0]
    assert re.findall(r"</svg>([^<]+)<(?:span|/a)", navigation) == labels
    for address in re.findall(r'href="(/[^"]*)"', navigation):
        assert client.get(address).status_code == 200


def test_every_place_exists() -> None:
    assert all(reverse(place.url_name) for place in PLACES)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "current"),
    [("/log/", "Event log"), ("/people/", "People"), ("/people/invite/", "People"), ("/profile/", "")],
)
def test_where_one_is_is_marked_once(administrator: Person, path: str, current: str) -> None:
    request = RequestFactory().get(path)
    request.user = administrator
    drawn = draw('{% navigation "Main" %}', request=request)
    assert re.findall(r'aria-current="page">.*?</svg>([^<]+)</a>', drawn) == ([current] if current else [])


# Form fields


class Trial(forms.Form):
    name = forms.CharField(help_text="Shown to everybody.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    colour = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    role = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect, help_text="One of them.")
    sure = forms.BooleanField()


def test_a_field_that_is_fine() -> None:
    drawn = draw("{% field form.name %}", form=Trial())
    assert '<label for="id_name">Name</label>' in drawn
    assert 'class="input"' in drawn
    assert 'aria-describedby="id_name_helptext"' in drawn
    assert '<p class="hint" id="id_name_helptext">Shown to everybody.</p>' in drawn
    assert "aria-invalid" not in drawn
    assert "optional" not in drawn
    assert "optional" in draw("{% field form.note %}", form=Trial())


class People(forms.Form):
    boss = forms.ModelChoiceField(Person.objects.none())
    deputy = forms.ModelChoiceField(Person.objects.none(), required=False)
    checker = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label="Nobody")
    colour = models.CharField(choices=[("a", "A")]).formfield()


@pytest.mark.django_db
def test_no_choice_reads_as_dashes() -> None:
    form = People()
    words = {name: draw("{% field bound %}", bound=form[name]) for name in form.fields}
    assert "Choose one" in words["boss"]
    assert "Not chosen" in words["deputy"]
    assert "Nobody" in words["checker"]
    assert "Choose one" in words["colour"]
    assert not any("---" in drawn or "optional" in drawn for drawn in words.values())


def test_a_field_that_is_wrong_says_so_to_everybody() -> None:
    drawn = draw("{% field form.name %}", form=Trial({}))
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="id_name_helptext id_name_error"' in drawn
    error = re.search(r'id="id_name_error">.*?<span>([^<]+)</span>', drawn)
    assert error
    assert error[1] == "This field is required."


def test_choices_are_a_group_with_a_legend() -> None:
    drawn = draw("{% field form.role %}", form=Trial({}))
    assert '<legend class="legend">Role</legend>' in drawn
    assert 'aria-describedby="id_role_helptext id_role_error"' in drawn.split("<legend")[0]
    assert drawn.count('type="radio"') == 2


@pytest.mark.parametrize(("name", "kind"), [("note", "textarea"), ("colour", "select")])
def test_each_input_has_its_look(name: str, kind: str) -> None:
    assert f'class="{kind}"' in draw("{% field form." + name + " %}", form=Trial())


def test_a_box_to_tick_stands_in_its_label() -> None:
    drawn = draw("{% field form.sure %}", form=Trial({}))
    assert re.search(r'<label class="check"><input[^>]*type="checkbox"[^>]*><span>Sure</span></label>', drawn)
    assert 'aria-describedby="id_sure_error"' in drawn


def test_what_was_typed_stays_and_is_text() -> None:
    drawn = draw("{% field form.name %}", form=Trial({"name": '"><script>alert(1)</script>'}))
    assert "<script>" not in drawn
    assert "&quot;&gt;&lt;script&gt;" in drawn


# Partials


@pytest.mark.django_db
def test_whom_to_ask(marketer: Person, manager: Person) -> None:
    source = '{% include "_ask.html" with people=people do="release this run" %}'
    assert "Ask Grace Osei to release this run" in draw(source, people=[manager])
    assert "Ask Grace Osei or Mara Keller to release this run" in draw(source, people=[manager, marketer])
    assert "Nobody can release this run yet" in draw(source, people=[])


def test_nothing_there() -> None:
    source = '{% include "_empty.html" with icon_name="users" heading="No audiences yet" text="Begin." href="/x/" action="Go" %}'
    assert '<a class="button" href="/x/">Go</a>' in draw(source)


@pytest.mark.django_db
def test_who_one_is_and_the_way_out_stand_on_every_page(
    marketer: Person, signed_in: Callable[[Person], Client]
) -> None:
    page = signed_in(marketer).get("/log/").content.decode()
    assert page.count('action="/sign-out/"') == 2  # side bar, and the menu of small screens
    assert "Mara Keller<small>Retention marketer</small>" in page
    assert '<a class="skip-link" href="#main">' in page
    assert '<main class="main" id="main"' in page
    assert page.count("<h1") == 1
