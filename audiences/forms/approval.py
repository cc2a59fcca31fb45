"""What people type when they ask for an approval, give it or decline it."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from audiences.models import ApprovalRequest, Definition
from muster.models import Person

from .fields import LineField


class AskApprovalForm(forms.Form):
    """Whom to ask, and what they should know."""

    asked_of = forms.ModelChoiceField(
        Person.objects.none(),
        label="Whom to ask",
        error_messages={
            "required": "Choose whom to ask. Nobody was asked.",
            "invalid_choice": "This person may not approve this draft. Choose one from the list.",
        },
    )
    words = LineField(max_length=300, label="What they should know", required=False)

    def __init__(self, approvers: Sequence[Person], data: Any = None) -> None:
        super().__init__(data, initial={"asked_of": approvers[0].pk if approvers else None})
        found = Person.objects.filter(pk__in=[one.pk for one in approvers]).order_by("full_name", "pk")
        field = cast("forms.ModelChoiceField[Person]", self.fields["asked_of"])
        field.queryset, field.empty_label = found, None
        field.help_text = "Everybody in this list may answer; the one you choose sees that they were asked."


class DecisionForm(forms.Form):
    """The answer to the request that the reader saw, not to one that came after it."""

    request = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**62)
    words = LineField(max_length=300, label="Note", required=False)

    def found(self, draft: Definition) -> ApprovalRequest | None:
        """Return the request of this draft that was decided about."""
        if not self.is_valid():
            return None
        wanted: int = self.cleaned_data["request"]
        return draft.approval_requests.select_related("definition").filter(pk=wanted).first()


class DeclineForm(DecisionForm):
    words = LineField(
        max_length=300,
        label="Why not",
        help_text="Shown to whoever asked.",
        error_messages={"required": "Say why, so that whoever asked knows what to change. Nothing was decided."},
    )
