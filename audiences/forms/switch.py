"""Forms of a switch of identifiers: its day, and the way back."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from audiences.switch import MOST_DAYS

from .fields import DayField, LineField, WholeNumberField


class SwitchForm(forms.Form):
    """When a draft's identifiers take the place of those in use, and how long the old ones are kept."""

    on = DayField(label="Day of the switch", error_messages={"required": "Choose the day."})
    days = WholeNumberField(
        min_value=1,
        max_value=MOST_DAYS,
        label="Days to go back",
        help_text=f"So long the old identifiers can be gone back to; a suppression is sent both. At most {MOST_DAYS}.",
        error_messages={"required": "Say how many days."},
    )

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if day < timezone.localdate():
            raise ValidationError("This day is past. Choose today or a later one.")
        return day


class BackForm(forms.Form):
    reason = LineField(max_length=300, label="Why", error_messages={"required": "Say why, so that others know."})
