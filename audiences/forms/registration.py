"""Small forms around an audience: filter the list, choose a segment, begin, give a reason."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.listing import OWNERS
from audiences.models import Audience, Purpose, Segment, Workspace
from muster.access import Permission, roles_with
from muster.models import Person

from .fields import LineField, SegmentField


class FilterForm(forms.Form):
    q = LineField(
        max_length=120,
        required=False,
        label="Find",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name, segment, owner or list"}),
    )
    owner = forms.ChoiceField(choices=list(OWNERS.items()), required=False, label="Owner")
    purpose = forms.ChoiceField(choices=[("", "Any"), *Purpose.choices], required=False, label="Purpose")

    def wanted(self) -> dict[str, str]:
        """Return what could be understood; the rest does not filter, and its field says why."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in ("q", "owner", "purpose")}


class SegmentFilterForm(forms.Form):
    q = LineField(
        max_length=300,
        required=False,
        label="Find a segment",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name or id"}),
    )


class RegisterForm(forms.Form):
    """Begins an audience: from which segment, under which name, for what, and whose it is."""

    segment = SegmentField(workspace=0, required=True, label="Customer.io segment")
    name = LineField(max_length=120, label="Name", help_text="As people say it. Shown to everybody.")
    purpose = forms.ChoiceField(
        choices=[("", "Choose one"), *Purpose.choices],
        label="Purpose",
        help_text="It sets the defaults, and how strict Muster is.",
    )
    owner = forms.ModelChoiceField(
        Person.objects.none(), label="Owner", error_messages={"required": "An audience needs an owner."}
    )

    def __init__(self, workspace: Workspace, by: Person, data: Any = None, segment: Segment | None = None) -> None:
        initial = {"segment": segment, "name": segment.name if segment else "", "owner": by.pk}
        super().__init__(data, initial=initial)
        self.fields["segment"].workspace = workspace.pk  # type: ignore[attr-defined]
        self.fields["segment"].error_messages["required"] = "Choose the segment that this audience is made of."
        people = Person.objects.active().filter(role__in=roles_with(Permission.REGISTER)).order_by("full_name", "pk")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Audience.objects.filter(name__iexact=name).exists():
            raise ValidationError("Another audience has this name. Choose one that tells them apart.")
        return name


class ReasonForm(forms.Form):
    reason = LineField(max_length=300, label="Reason", error_messages={"required": "Give a reason: others will ask."})


class ReviseForm(ReasonForm):
    reason = LineField(
        max_length=300,
        label="Why a new version",
        help_text="Kept with the version and shown beside its changes.",
        error_messages={"required": "Say why the definition changes. Nothing was started."},
    )
