"""Forms about the suppression policy of an ad account, and a manager's word at the gate."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms

from audiences.models import Audience, RequiredSuppression
from audiences.policy import BASIS
from audiences.requiring import fulfilling
from muster.forms import DayField

from .fields import LineField, WholeNumberField

SHORTEST = 5
LONGEST = timedelta(days=90) // timedelta(minutes=1)


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """One line of the policy. The instance knows its account."""

    use_required_attribute = False
    label = LineField(
        max_length=120, label="Whom to leave out", help_text="As people say it: “Purchased in last 7 days”."
    )
    target_minutes = WholeNumberField(
        min_value=SHORTEST,
        max_value=LONGEST,
        label="Target in minutes",
        help_text="How old the newest person on the list may be: 60 for recent buyers, 1,440 for a day.",
        error_messages={
            "min_value": f"At least {SHORTEST} minutes: nothing is synced more often.",
            "max_value": f"At most {LONGEST:,} minutes, which is 90 days.",
        },
    )
    basis = LineField(
        max_length=300,
        label="Basis",
        help_text="Why these people may be sent to the platform only to be left out there.",
    )
    first_spend = DayField(
        required=False,
        label="First spend",
        help_text="If the account does not spend yet, from which day it will. Before that, a missing list exposes nobody.",
    )

    class Meta:
        model = RequiredSuppression
        fields = ("label", "cohort", "audience", "target_minutes", "basis", "first_spend")
        labels: ClassVar = {"cohort": "Core cohort", "audience": "Fulfilled by"}
        help_texts: ClassVar = {
            "cohort": "Which of the company's core cohorts these people are, if they are one: the board counts by it.",
            "audience": "A suppression audience. Leave it open while nobody has registered one: the board says “Not set”.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.initial.setdefault("basis", BASIS)
        for name in ("cohort", "audience"):
            self.fields[name].required = False
        audiences = Audience.objects.filter(pk__in=fulfilling()).order_by("name")
        self.fields["audience"].queryset = audiences  # type: ignore[attr-defined]
        self.fields["audience"].empty_label = "Nobody yet"  # type: ignore[attr-defined]
        self.fields["cohort"].choices = [  # type: ignore[attr-defined]
            ("", "None of them"),
            *(one for one in self.fields["cohort"].choices if one[0]),  # type: ignore[attr-defined]
        ]


class OverrideForm(forms.Form):
    reason = LineField(
        max_length=300,
        label="Why it may go live all the same",
        help_text="It stands on the weekly report and on the suppression board until the account has what it requires.",
        error_messages={"required": "Say why it may go live without them. Nothing was overridden."},
    )
