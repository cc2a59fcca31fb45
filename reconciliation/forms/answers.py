"""The form of an answer to drift."""

from datetime import date, timedelta
from typing import Any

from django import forms

from audiences.forms.fields import DayField, LineField
from reconciliation.models import Answer

LONGEST = timedelta(days=90)
KINDS = [
    (Answer.Kind.EXPECTED, "Expected: it is meant to be so, and this week is not counted as usual"),
    (Answer.Kind.FIXING, "Fixing: it is right again by the day below"),
    (Answer.Kind.ACCEPT, "Accept as new level: from this week on the list is judged against what it holds now"),
    (Answer.Kind.RETIRE, "Retire: nobody needs the list any more"),
]


class AnswerForm(forms.Form):
    """One of four answers, with a note; a promise has a day. `since` is the drift that the reader saw."""

    since = forms.DateField(widget=forms.HiddenInput, input_formats=["%Y-%m-%d"])
    kind = forms.ChoiceField(
        choices=KINDS,
        widget=forms.RadioSelect,
        label="Your answer",
        error_messages={"required": "Choose one of the four answers. Nothing was stored."},
    )
    fix_by = DayField(
        required=False, label="Fixed by", help_text="Only for a promise. The next report says if it held."
    )
    note = LineField(
        max_length=500,
        label="Note",
        help_text="Why, in a sentence: it is printed in the report beside your name.",
        error_messages={"required": "Say why in a sentence: the report prints it. Nothing was stored."},
    )

    def __init__(self, data: Any = None, *, today: date, since: date) -> None:
        super().__init__(data, initial={"since": since.isoformat()})
        self.today = today

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        day = values.get("fix_by")
        if values.get("kind") != Answer.Kind.FIXING or "fix_by" in self.errors:
            return values
        if day is None:
            self.add_error("fix_by", "Say by which day it is fixed.")
        elif day < self.today:
            self.add_error("fix_by", "This day is past. Promise one from today on.")
        elif day > self.today + LONGEST:
            self.add_error("fix_by", "Promise a day within the next 90 days, or give another answer.")
        return values
