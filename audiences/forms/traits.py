"""Forms of the trait registry."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.archiving import named_by
from audiences.models import Audience, Trait

from .fields import LineField
from .registration import ReasonForm


class TraitForm(forms.ModelForm):  # type: ignore[type-arg]
    name = LineField(max_length=120, label="Name", help_text="The attribute's name in Customer.io, exactly.")
    description = LineField(max_length=300, required=False, label="What it says", help_text="For whoever chooses it.")

    class Meta:
        model = Trait
        fields = ("name", "type", "description", "sensitive")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sensitive"].label = "Sensitive: an administrator allows it for each audience"
        self.fields[
            "sensitive"
        ].help_text = "Health, money, belief, birth dates, and what makes one person recognisable."
        if self.instance.pk and named_by(self.instance):
            self.fields["name"].disabled = True
            self.fields[
                "name"
            ].help_text = "Audiences name it, so its name stays: add the other name as a trait, then retire this one."

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        other = Trait.objects.filter(name=name).exclude(pk=self.instance.pk).first()
        if other:
            raise ValidationError(
                f"{name} is in the registry already{', retired: restore it.' if other.retired_at else '.'}"
            )
        return name


class AllowForm(ReasonForm):
    audience = forms.ModelChoiceField(
        Audience.objects.filter(archived_at=None).order_by("name"),
        label="Audience",
        empty_label="Choose an audience",
        error_messages={"required": "Choose the audience. Nothing was allowed."},
    )
    reason = LineField(
        max_length=300,
        label="Why it may be used there",
        error_messages={"required": "Give a reason. Nothing was allowed."},
    )
