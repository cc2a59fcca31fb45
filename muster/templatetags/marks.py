"""{% load marks %}: icons, the main navigation, form fields with their help and errors wired up, links to other pages."""

import re
from functools import cache, lru_cache
from typing import Any

from django import forms, template
from django.conf import settings
from django.core.paginator import Page
from django.db.models.fields import BLANK_CHOICE_DASH
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html

from muster.access import can
from muster.navigation import PLACES, Place

register = template.Library()

DASHES = BLANK_CHOICE_DASH[0][1]
NEEDS = frozenset(place.needs for place in PLACES)
INPUT_CLASSES = {
    forms.Select: "select",
    forms.SelectMultiple: "select",
    forms.Textarea: "textarea",
    forms.CheckboxInput: "",
    forms.CheckboxSelectMultiple: "",
    forms.RadioSelect: "",
}


@cache
def icon_names() -> frozenset[str]:
    """Return the names of the symbols in static/icons.svg."""
    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text(encoding="utf-8")
    return frozenset(re.findall(r'<symbol id="i-([a-z]+)"', sprite))


@register.simple_tag
@cache
def icon(name: str) -> str:
    """`{% icon "ok" %}`: a symbol of the sprite. A word always stands beside it. Raises for a name that is not there."""
    if name not in icon_names():
        raise template.TemplateSyntaxError(f"There is no icon {name!r} in static/icons.svg.")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#i-{}"/></svg>', static("icons.svg"), name)


@register.simple_tag
def once(name: str) -> str:
    """`{% once "_head.html" %}`: a template that says the same on every page, worked out once a process."""
    return render_to_string(name) if settings.DEBUG else _kept(name)


_kept = cache(render_to_string)
_address = cache(reverse)


@register.simple_tag
def address(name: str) -> str:
    """`{% address "profile" %}`: as {% url %}, worked out once a process: for what stands on every page."""
    return _address(name)


@register.simple_tag(takes_context=True)
def side_foot(context: Context) -> str:
    """`{% side_foot as foot %}`: what both menus, the side bar's and that of small screens, end with."""
    template: Any = context.template
    return str(template.engine.get_template("_side_foot.html").render(context))


@register.simple_tag(takes_context=True)
def navigation(context: Context, label: str) -> str:
    """`{% navigation "Main" %}`: the pages that this person may open, the one that is open marked."""
    request = context["request"]
    held = {needs for needs in NEEDS if can(request.user, needs)}
    places = tuple(place for place in PLACES if place.needs in held)
    return _navigation(label, places, next((place for place in places if _is_open(place, request.path)), None))


def _is_open(place: Place, path: str) -> bool:
    return path.startswith(place.covers) or path == _address(place.url_name)


@lru_cache(maxsize=256)
def _navigation(label: str, places: tuple[Place, ...], current: Place | None) -> str:
    entries = [{"place": place, "href": reverse(place.url_name), "current": place is current} for place in places]
    # The first of the two menus loads the counts for both.
    return render_to_string("_navigation.html", {"label": label, "entries": entries, "main": label == "Main"})


@register.inclusion_tag("_field.html")
def field(bound: forms.BoundField, *, wide: bool = False) -> dict[str, object]:
    """`{% field form.name %}`: label, input, help and errors, connected for those who cannot see the page."""
    widget = bound.field.widget
    _name_the_empty_choice(bound.field)
    css_class = _css_class(widget)
    return {
        "bound": bound,
        "widget": bound.as_widget(attrs={"class": css_class} if css_class else {}),
        "wide": wide,
        "one_box": isinstance(widget, forms.CheckboxInput),
        "group": bound.use_fieldset,
        # The first choice of a list says by itself that nothing has to be chosen.
        "optional": not bound.field.required and type(widget) is not forms.Select,
    }


def _name_the_empty_choice(asked: forms.Field) -> None:
    """Django shows "---------" for it, which says nothing."""
    words = "Choose one" if asked.required else "Not chosen"
    if isinstance(asked, forms.ModelChoiceField):
        asked.empty_label = words if asked.empty_label == DASHES else asked.empty_label
    elif isinstance(asked, forms.ChoiceField) and ("", DASHES) in (choices := list(asked.choices)):  # type: ignore[arg-type]
        asked.choices = [(value, words if value == "" else label) for value, label in choices]


def _css_class(widget: forms.Widget) -> str:
    own = str(widget.attrs.get("class", ""))
    kind = next((name for cls, name in INPUT_CLASSES.items() if type(widget) is cls), "input")
    return f"{kind} {own}".strip()


@register.inclusion_tag("_pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], name: str = "page") -> dict[str, object]:
    """`{% pagination page %}`: ways to the pages before and after that keep the filters of the address."""
    query = context["request"].GET.copy()

    def link(number: int) -> str:
        query[name] = str(number)
        return f"?{query.urlencode()}"

    return {
        "page": page,
        "newer": link(page.previous_page_number()) if page.has_previous() else "",
        "older": link(page.next_page_number()) if page.has_next() else "",
    }
