"""Forms around a pipe request: whom to ask, and which pipe answers it."""

from typing import Any

from django import forms

from audiences.models import Pipe
from audiences.terms_of import ad_lists_through
from muster.access import Permission, roles_with
from muster.models import Person


class AskForm(forms.Form):
    assignee = forms.ModelChoiceField(
        Person.objects.none(),
        label="Assignee",
        empty_label="Choose an administrator",
        error_messages={"required": "Choose who is to make it. Nobody was asked."},
    )

    def __init__(self, data: Any = None) -> None:
        people = (
            Person.objects.active().filter(role__in=roles_with(Permission.MANAGE_CONNECTIONS)).order_by("full_name")
        )
        first = people.first()
        super().__init__(data, initial={"assignee": first.pk if first else None}, use_required_attribute=False)
        self.fields["assignee"].queryset = people  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """Offers the pipes that serve no ad list yet."""

    pipe = forms.ModelChoiceField(
        Pipe.objects.none(),
        label="Pipe",
        empty_label="Choose a pipe",
        error_messages={"required": "Choose the pipe. Nothing was changed."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, use_required_attribute=False)
        known = Pipe.objects.filter(archived_at=None)
        taken = ad_lists_through(list(known.values_list("pk", flat=True)))
        self.fields["pipe"].queryset = known.exclude(pk__in=taken).order_by("name")  # type: ignore[attr-defined]
