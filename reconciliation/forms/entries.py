"""Forms of figures that people read off a platform: one by hand, or many as CSV."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.forms.fields import LineField, PercentField, WholeNumberField
from reconciliation.csv_rows import MOST_BYTES, NotCsv, decoded

from .fields import MomentField


class EntryForm(forms.Form):
    """What the platform shows of one list: one number, a range, a rate, or that it reports none."""

    low = WholeNumberField(required=False, label="People on the list", help_text="As shown there, like 8,700.")
    high = WholeNumberField(
        required=False,
        label="Up to",
        help_text="Only if a range is shown: its upper end. The field before is the lower.",
    )
    rate = PercentField(
        required=False,
        label="Match rate shown there",
        help_text="In percent to one decimal, if the platform shows one.",
    )
    not_reported = forms.BooleanField(
        required=False,
        label="The platform reports no size of this list",
        help_text="Stored as not reported, never as 0.",
    )
    as_of = MomentField(
        label="As of",
        help_text="When the platform showed it. A day alone counts as its end.",
        error_messages={"required": "Say as of when, like 23 Nov 2026, 09:20."},
    )
    note = LineField(
        max_length=300, required=False, label="Note", help_text="Where you read it, if others should know."
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return values
        low, high, rate, none = (values.get(name) for name in ("low", "high", "rate", "not_reported"))
        if none and (low is not None or high is not None):
            self.add_error("not_reported", "Enter a size, or say that none is reported; not both.")
        elif low is None and high is not None:
            self.add_error("low", "Enter the lower end too. If one number is shown, enter it here alone.")
        elif low is not None and high is not None and high < low:
            self.add_error("high", "The upper end is below the lower one. Check both figures.")
        elif low is None and rate is None and not none:
            self.add_error("low", "Enter what is shown, or say that the platform reports no size.")
        return values


class ImportForm(forms.Form):
    """A CSV, uploaded or pasted. The file is read once; what it holds then stands in the text, also in the preview."""

    file = forms.FileField(required=False, label="CSV file", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        label="Or paste it",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean_file(self) -> str:
        given = self.cleaned_data["file"]
        if not given:
            return ""
        if given.size > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES // 1024:,} KB. Split it into several.")
        try:
            return decoded(given.read(MOST_BYTES + 1))
        except NotCsv as refusal:
            raise ValidationError(str(refusal)) from None

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not (values.get("file") or str(values.get("text", "")).strip()):
            self.add_error("text", "Choose a file or paste its text. Nothing was read.")
        return values

    @property
    def given(self) -> str:
        return str(self.cleaned_data.get("file") or self.cleaned_data.get("text") or "")
