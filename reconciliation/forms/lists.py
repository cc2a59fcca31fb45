"""Forms about lists at a platform: their id there, why an unknown one may stay, and what somebody saw of their use."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.forms.fields import LineField, WholeNumberField
from reconciliation.attachment import Use, nouns

MOST_ACTIVE = 100_000
MOST_NAMES = 200
LONGEST_NAME = 200


class ListIdForm(forms.Form):
    """The id by which the platform knows a list. Typed, or taken from the rows below it."""

    external_id = LineField(max_length=120, label="Id of the list there", strip=True)

    def __init__(self, data: Any = None, *, initial: str = "", helped: str = "", label: str = "") -> None:
        super().__init__(data, initial={"external_id": initial})
        field = self.fields["external_id"]
        field.help_text, field.label = helped, label or field.label
        field.error_messages["required"] = "Enter the id, or choose a list below. Nothing was changed."
        field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}


class MayStayForm(forms.Form):
    reason = LineField(
        max_length=300,
        label="It may stay because",
        error_messages={"required": "Say why it may stay, so that others know. Nothing was changed."},
    )


class SignForm(forms.Form):
    """What somebody saw in the account: in how many of the active ones the list is used, and which they are or lack it."""

    used = WholeNumberField(max_value=MOST_ACTIVE)
    active = WholeNumberField(max_value=MOST_ACTIVE)
    names = forms.CharField(
        required=False, max_length=MOST_NAMES * LONGEST_NAME, widget=forms.Textarea(attrs={"rows": 4})
    )
    note = LineField(max_length=300, required=False, label="Note", help_text="Where you looked, if others should know.")
    looked = forms.BooleanField(
        label="I looked in the account today", error_messages={"required": "Confirm that you looked there today."}
    )

    def __init__(self, data: Any = None, *, suppresses: bool, platform: str) -> None:
        super().__init__(data)
        self.suppresses, (_, self.several) = suppresses, nouns(platform)
        where = "Excluded in" if suppresses else "Included in"
        self.fields["used"].label = f"{where} how many"
        self.fields["active"].label = f"Of how many active {self.several}"
        self.fields["names"].label = "Which ones lack it" if suppresses else "Which ones they are"
        self.fields["names"].help_text = "One a line, as they are called there. Empty if there are none."

    def clean_names(self) -> list[str]:
        lines = [" ".join(line.split()) for line in str(self.cleaned_data["names"]).splitlines()]
        names = list(dict.fromkeys(line for line in lines if line))
        if len(names) > MOST_NAMES or any(len(name) > LONGEST_NAME for name in names):
            raise ValidationError(f"At most {MOST_NAMES} names of {LONGEST_NAME} characters can be kept.")
        return names

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if {"used", "active", "names"} <= values.keys():
            used, active, names = values["used"], values["active"], values["names"]
            named = active - used if self.suppresses else used
            if used > active:
                self.add_error("used", f"It cannot be used in {used:,} of {active:,}. Check both figures.")
            elif len(names) != named:
                which = "lack it" if self.suppresses else "include it"
                self.add_error(
                    "names", f"You say that {named:,} {which}, and name {len(names):,}. Name each one, once."
                )
        return values

    def use(self) -> Use:
        """Return what was seen, as it is kept."""
        values = self.cleaned_data
        names = tuple(sorted(values["names"]))
        if self.suppresses:
            return Use(values["active"], lacking=names)
        return Use(values["active"], included=names)
