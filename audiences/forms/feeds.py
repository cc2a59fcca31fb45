"""Forms of event feeds: what the event is, whose, where it goes, and which of its properties are kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from audiences.feed_terms import NAME, TYPES, Property, is_personal
from audiences.models import Audience, Destination, Feed, Pipe, Workspace
from audiences.platforms import PLATFORMS, Family
from audiences.terms_of import ad_lists_through
from muster.access import Permission, roles_with
from muster.models import Person

from .connections import KEPT, SecretField
from .fields import LineField, PercentField
from .rows import RowForm

MOST_PROPERTIES: Final = 40
BLANK_PROPERTIES: Final = 3
NO_EVENTS: Final = [kind for kind, platform in PLATFORMS.items() if platform.family == Family.ADS]
IN_A_BODY: Final = ('"', "\\", "{", "}")


class FeedForm(forms.Form):
    """`feed` is changed only by `apply`."""

    workspace = forms.ModelChoiceField(Workspace.objects.none(), label="Customer.io workspace")
    name = LineField(
        max_length=120,
        label="Event",
        help_text="The name under which it arrives and is forwarded, like “Coupon Shown”.",
    )
    kind = forms.ChoiceField(choices=[("", "Choose one"), *Feed.Kind.choices], label="Kind")
    meaning = LineField(
        max_length=300,
        label="What happened to a person when it is sent",
        help_text="One sentence that everybody reads the same way.",
    )
    owner = forms.ModelChoiceField(Person.objects.none(), label="Owner")
    drift_checker = forms.ModelChoiceField(
        Person.objects.none(), required=False, label="Who checks it for drift", empty_label="Nobody yet"
    )
    pipe = forms.ModelChoiceField(
        Pipe.objects.none(),
        required=False,
        label="Pipe",
        empty_label="No pipe yet",
        help_text="The RudderStack source that carries it on. Pipes of ad lists are not offered: no event may reach one.",
    )
    rejects_expected = PercentField(
        required=False,
        label="Usual share of rejects",
        help_text="In percent. What is shown before sign-in has no person, and that is no fault. Empty: none.",
    )
    audience = forms.ModelChoiceField(
        Audience.objects.none(),
        required=False,
        label="May ring an early sync of",
        empty_label="No audience",
        help_text="Entries only. The event is a hint to read the segment sooner, never a reason to add anybody.",
    )
    destinations = forms.ModelMultipleChoiceField(
        Destination.objects.none(),
        required=False,
        label="Where it must arrive",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, feed: Feed, data: Any = None, initial: Mapping[str, Any] | None = None) -> None:
        self.feed = feed
        stored = _stored(feed) if feed.pk else {}
        super().__init__(data, initial={**stored, **(initial or {})}, use_required_attribute=False)
        people = Person.objects.active().filter(role__in=roles_with(Permission.REGISTER)).order_by("full_name", "pk")
        offered: dict[str, Any] = {
            "workspace": Workspace.objects.filter(archived_at=None)
            | Workspace.objects.filter(pk__in=[feed.workspace_id or 0]),
            "owner": people,
            "drift_checker": people,
            "pipe": _pipes(feed),
            "audience": Audience.objects.filter(archived_at=None)
            | Audience.objects.filter(pk__in=[feed.audience_id or 0]),
            "destinations": _places(feed),
        }
        for name, rows in offered.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        if feed.pk:
            self.fields["workspace"].disabled = True

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if any(sign in name for sign in IN_A_BODY):
            raise ValidationError(
                "A name holds no quotes, braces or backslashes: they would break the body it stands in."
            )
        return name

    def clean_rejects_expected(self) -> float:
        return float(self.cleaned_data["rejects_expected"] or 0)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        audience, space = values.get("audience"), values.get("workspace")
        if audience and values.get("kind") not in {None, Feed.Kind.ENTRY}:
            self.add_error(
                "audience", "Only a journey entry rings an early sync. Take the audience out, or choose that kind."
            )
        elif audience and space and audience.segment.workspace_id != space.pk:
            self.add_error("audience", "This audience is of another workspace.")
        if space and "name" in values:
            others = Feed.objects.filter(workspace=space, name=values["name"]).exclude(pk=self.feed.pk)
            if other := others.exclude(state=Feed.State.RETIRED).select_related("owner").first():
                self.add_error(
                    "name", f"{other.owner.full_name} registered this event already. One event has one feed."
                )
        return values

    def apply(self, properties: Sequence[Property]) -> Feed:
        """Return the feed with what the form says, unsaved; its destinations are in `cleaned_data`."""
        for name, value in self.cleaned_data.items():
            if name != "destinations":
                setattr(self.feed, name, value)
        self.feed.properties = [one.stored() for one in properties]
        return self.feed


def _stored(feed: Feed) -> dict[str, Any]:
    names = ("workspace", "name", "kind", "meaning", "owner", "drift_checker", "pipe", "rejects_expected", "audience")
    return {**{name: getattr(feed, name) for name in names}, "destinations": list(feed.destinations.all())}


def _pipes(feed: Feed) -> Any:
    """Return the pipes in use behind which no ad list stands, and the one that the feed has."""
    known = Pipe.objects.filter(archived_at=None)
    taken = ad_lists_through(list(known.values_list("pk", flat=True)))
    return (known.exclude(pk__in=taken) | Pipe.objects.filter(pk__in=[feed.pipe_id or 0])).order_by("name")


def _places(feed: Feed) -> Any:
    """Return the destinations that take events, and those that the feed has."""
    known = Destination.objects.filter(archived_at=None).exclude(platform__in=NO_EVENTS)
    chosen = feed.destinations.values_list("pk", flat=True) if feed.pk else []
    return (known | Destination.objects.filter(pk__in=list(chosen))).order_by("name")


class PropertyForm(RowForm):
    """One row; without a name it says nothing."""

    name = LineField(max_length=80, required=False, label="Property")
    type = forms.ChoiceField(choices=list(TYPES.items()), required=False, label="Type")
    required = forms.BooleanField(required=False, label="An event without it is rejected")
    why = LineField(max_length=200, required=False, label="Why it is kept")

    def __init__(self, number: int, data: Any = None, stored: Property | None = None) -> None:
        super().__init__(
            prefix=f"property-{number}", data=data, initial=stored.stored() if stored else {"type": "text"}
        )
        for name in ("name", "why"):
            self.fields[name].widget.attrs.update({"class": "input", "autocomplete": "off"})
        self.fields["type"].widget.attrs["class"] = "select"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name and not NAME.fullmatch(name):
            raise ValidationError(
                "A property's name begins with a letter, and holds letters, digits, spaces, dots and dashes."
            )
        if is_personal(name):
            raise ValidationError("An event carries no name, address or phone number of a person. Leave it out.")
        return name

    def chosen(self) -> Property | None:
        """Return what the row says, None where it says nothing."""
        values = self.cleaned_data
        if not values.get("name"):
            return None
        return Property(
            values["name"], values.get("type") or "text", bool(values.get("required")), values.get("why", "")
        )


class PropertyForms:
    """The rows of a page: those stored and some blank ones, or as many as were posted."""

    def __init__(self, data: Any = None, stored: Sequence[Property] = ()) -> None:
        if data is None:
            blank = max(0, min(BLANK_PROPERTIES, MOST_PROPERTIES - len(stored)))
            self.rows = [PropertyForm(number, stored=one) for number, one in enumerate([*stored, *[None] * blank])]
        else:
            posted = [number for number in range(MOST_PROPERTIES) if f"property-{number}-name" in data]
            self.rows = [PropertyForm(number, data) for number in posted]
        self.trouble = ""

    def __iter__(self) -> Any:
        return iter(self.rows)

    def is_valid(self) -> bool:
        """Whether each row is understood, and no name is there twice."""
        wrong = [one for one in self.rows if not one.is_valid()]  # every row says what is wrong with it
        if wrong:
            return False
        names = [one.name for one in self.chosen()]
        twice = sorted({name for name in names if names.count(name) > 1})
        self.trouble = f"{', '.join(twice)} stands here twice." if twice else ""
        return not twice

    def chosen(self) -> list[Property]:
        return [found for one in self.rows if (found := one.chosen())]


class SigningKeyForm(forms.Form):
    secret = SecretField(
        label="Signing key",
        help_text=f"Customer.io shows it beside the webhook. {KEPT}",
        error_messages={"required": "Paste the signing key. Nothing was changed."},
    )
