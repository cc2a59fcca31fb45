"""Forms about people and the installation."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from .access import DEPUTY_ROLES
from .long_select import LongSelect
from .models import Event, Person
from .time_zones import ZoneChoices, named_after_places

if TYPE_CHECKING:
    PersonForm = forms.ModelForm[Person]
else:
    PersonForm = forms.ModelForm  # takes no type at run time

OUT_OF_TIME = "Choose a day from 2000 to 2100."
REASON = "Shown in the event log, to everybody."


class SignInForm(forms.Form):
    email = forms.CharField(
        label="Work email",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "placeholder": "name@company.example"}),
    )
    password = forms.CharField(
        strip=False, max_length=1000, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class NewPasswordForm(forms.Form):
    """A new password, typed once: a browser or a password manager shows and keeps it."""

    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=1000,
        help_text="At least 12 characters. A few words that nobody would guess are easy to remember.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password


class ChangePasswordForm(NewPasswordForm):
    old_password = forms.CharField(
        label="Password now",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old_password", "password")


class SetUpForm(NewPasswordForm):
    installation_name = forms.CharField(
        label="Name of this workspace", max_length=120, help_text="Your company or team. Shown under the logo."
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=ZoneChoices(named_after_places),
        initial="UTC",
        widget=LongSelect(attrs={"class": "select"}),
        help_text="Weeks and schedules follow it. Each person can read times in their own.",
    )
    full_name = forms.CharField(label="Your name", max_length=120)
    email = forms.EmailField(
        label="Your work email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    field_order = ("installation_name", "time_zone", "full_name", "email", "password")

    def clean(self) -> dict[str, Any]:
        self.person = Person(email=self.cleaned_data.get("email", ""), full_name=self.cleaned_data.get("full_name", ""))
        if password := self.cleaned_data.get("password"):
            try:
                validate_password(password, self.person)
            except ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data


class InviteForm(PersonForm):
    class Meta:
        model = Person
        fields = ("full_name", "email", "role")
        labels: ClassVar = {"full_name": "Name"}
        widgets: ClassVar = {"role": forms.RadioSelect, "email": forms.EmailInput(attrs={"autocomplete": "off"})}
        error_messages: ClassVar = {
            "email": {"unique": "Somebody with this email is here already. Look for them in the list."}
        }

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


class EditPersonForm(PersonForm):
    reason = forms.CharField(required=False, max_length=300, help_text=REASON)

    class Meta:
        model = Person
        fields = ("full_name", "role")
        labels: ClassVar = {"full_name": "Name"}
        widgets: ClassVar = {"role": forms.RadioSelect}


class ProfileForm(PersonForm):
    time_zone = forms.ChoiceField(
        required=False,
        choices=ZoneChoices(named_after_places, ("", "As this workspace")),
        help_text="All times are shown in it.",
        widget=LongSelect,
    )

    class Meta:
        model = Person
        fields = ("full_name", "time_zone", "theme", "deputy")
        labels: ClassVar = {"full_name": "Name", "theme": "Colours"}
        help_texts: ClassVar = {
            "deputy": "Acts for you while you are away: answers drift, and approves and releases if you may. "
            "Marketers and managers can be deputies for approvals."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deputy = cast("forms.ModelChoiceField[Person]", self.fields["deputy"])
        deputy.queryset = (
            Person.objects.active().filter(role__in=DEPUTY_ROLES).exclude(pk=self.instance.pk).order_by("full_name")
        )
        deputy.empty_label = "Nobody"


class DayField(forms.DateField):
    """A day as YYYY-MM-DD. Not a native date input: its order of day and month follows the browser."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": "2026-11-23", "inputmode": "numeric", "autocomplete": "off"})
        wrong = {"invalid": "This is no day. Write it as 2026-11-23."}
        within = [MinValueValidator(date(2000, 1, 1), OUT_OF_TIME), MaxValueValidator(date(2100, 1, 1), OUT_OF_TIME)]
        super().__init__(input_formats=["%Y-%m-%d"], widget=widget, error_messages=wrong, validators=within, **kwargs)


class LogFilter(forms.Form):
    """What of the event log is shown. All of it is optional; the address of the page carries it."""

    who = forms.ModelChoiceField(
        Person.objects.order_by("full_name"), required=False, empty_label="Everybody", label="Who"
    )
    kind = forms.ChoiceField(required=False, label="About")
    object = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    day = DayField(required=False, label="Day")
    audience = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    run = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = Event.objects.exclude(kind="").values_list("kind", flat=True).distinct().order_by("kind")
        choice = cast(forms.ChoiceField, self.fields["kind"])
        choice.choices = [("", "Anything"), *((kind, kind.capitalize()) for kind in kinds)]

    def events(self) -> models.QuerySet[Event]:
        """Return the events that fit, newest first. What cannot be read as a filter is said on the page and not used."""
        said = {name: value for name, value in self.cleaned_data.items() if value}
        columns = {"who": "actor", "kind": "kind", "object": "object_id", "audience": "audience_id", "run": "run_id"}
        found = Event.objects.filter(**{columns[name]: said[name] for name in columns if name in said})
        if day := said.get("day"):
            found = found.filter(at__gte=midnight(day), at__lt=midnight(day + timedelta(days=1)))
        return found.order_by("-at", "-pk")


def midnight(day: date) -> datetime:
    """Return when a day begins in the reader's time zone."""
    return datetime.combine(day, time.min, timezone.get_current_timezone())
