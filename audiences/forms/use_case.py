"""The form that begins the audiences of a use case, and the boxes of its exclusions on the draft's page."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.expected import Expected, expected
from audiences.models import Audience, Definition, Segment, Workspace
from audiences.use_cases import Case, UseCase
from muster.access import Permission, roles_with
from muster.models import Person

from .fields import LineField, SegmentField
from .rows import RowForm

NONE_CHOSEN = "Choose at least one segment. Nothing was registered."


class UseCaseForm(forms.Form):
    """Filled in by the use case: a segment and a name for each of its audiences, and whose they are."""

    owner = forms.ModelChoiceField(
        Person.objects.none(), label="Owner", error_messages={"required": "An audience needs an owner."}
    )

    def __init__(self, workspace: Workspace, by: Person, use_case: UseCase, data: Any = None) -> None:
        self.use_case = use_case
        self.asked = next((case.asks_threshold for case in use_case.cases if case.asks_threshold), "")
        super().__init__(data, initial={"owner": by.pk, **suggested(workspace, use_case)})
        people = Person.objects.active().filter(role__in=roles_with(Permission.REGISTER)).order_by("full_name", "pk")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        if self.asked:
            self.fields["threshold"] = LineField(
                max_length=60,
                label=f"{self.asked.capitalize()} above",
                help_text="As the segments have it, like $80. It becomes a clause of the definition.",
            )
        for case in use_case.cases:
            field = SegmentField(workspace=workspace.pk, required=not use_case.exclusive, label="Customer.io segment")
            field.widget.attrs.update({"list": "segments", "autocomplete": "off"})
            field.error_messages["required"] = "Choose the segment that this audience is made of."
            self.fields[f"segment-{case.key}"] = field
            self.fields[f"name-{case.key}"] = LineField(max_length=120, required=not use_case.exclusive, label="Name")

    @property
    def rows(self) -> list[tuple[Case, forms.BoundField, forms.BoundField]]:
        """Return (case, its segment's field, its name's field) for each audience."""
        return [(case, self[f"segment-{case.key}"], self[f"name-{case.key}"]) for case in self.use_case.cases]

    def clean(self) -> dict[str, Any]:
        wanted = self.chosen()
        if not wanted and not any(f"segment-{case.key}" in self.errors for case in self.use_case.cases):
            raise ValidationError(NONE_CHOSEN)
        names: set[str] = set()
        segments: set[int] = set()
        for key, (segment, name) in wanted.items():
            self._refuse_name(key, name, names)
            if segment.pk in segments:
                self.add_error(f"segment-{key}", "Another of these audiences has this segment. Each needs its own.")
            names.add(name.casefold())
            segments.add(segment.pk)
        return self.cleaned_data

    def _refuse_name(self, key: str, name: str, others: set[str]) -> None:
        if not name:
            self.add_error(f"name-{key}", "Give this audience a name.")
        elif name.casefold() in others or Audience.objects.filter(name__iexact=name).exists():
            self.add_error(f"name-{key}", "Another audience has this name. Choose one that tells them apart.")

    def chosen(self) -> dict[str, tuple[Segment, str]]:
        """Return, by case, the segment and the name, as far as was understood."""
        values = self.cleaned_data
        return {
            case.key: (segment, values.get(f"name-{case.key}", ""))
            for case in self.use_case.cases
            if (segment := values.get(f"segment-{case.key}"))
        }


def suggested(workspace: Workspace, use_case: UseCase) -> Mapping[str, Any]:
    """Return first values: names that are free, and segments whose names say that they may be meant."""
    known = list(workspace.segments.filter(gone_at=None).defer("conditions").order_by("name"))
    taken = {name.casefold() for name in Audience.objects.values_list("name", flat=True)}
    found: dict[str, Any] = {}
    for case in use_case.cases:
        looks = re.compile(case.finds, re.IGNORECASE)
        found[f"segment-{case.key}"] = next((one for one in known if looks.search(one.name)), None)
        numbered = (f"{case.name}, {number}" for number in range(2, len(taken) + 3))
        names = (name for name in (case.name, *numbered) if name.casefold() not in taken)
        found[f"name-{case.key}"] = next(names)
    return found


class ExpectedForm(RowForm):
    """An exclusion of the use case: ticked at first; unticked, it takes a reason."""

    use = forms.BooleanField(required=False)
    shown = forms.BooleanField(required=False, widget=forms.HiddenInput, initial=True)
    why_not = LineField(max_length=300, required=False, label="Reason to leave it out")

    def __init__(self, one: Expected, draft: Definition, data: Any = None) -> None:
        self.one, self.draft = one, draft
        super().__init__(
            prefix=f"expected-{one.key}",
            data=data,
            initial={"use": self.stored, "shown": True, "why_not": draft.left_out.get(one.key, "")},
        )
        self.fields["why_not"].widget.attrs.update({"class": "input", "placeholder": "Only when the box is unticked"})

    @property
    def stored(self) -> bool:
        numbers = {chosen["segment"] for chosen in self.draft.exclusions}
        return bool(self.one.segment and self.one.segment.number in numbers)

    @property
    def excludes(self) -> bool:
        """Whether the box is ticked, as it stands in the form, else as it is stored."""
        if not self.is_bound or not self.cleaned_data.get("shown"):
            return self.stored
        return bool(self.cleaned_data.get("use") and self.one.segment)

    def reason(self) -> str:
        """Return why it is left out; nothing for one that is excluded."""
        stored = self.draft.left_out.get(self.one.key, "")
        return "" if self.excludes else str(self.cleaned_data.get("why_not", stored) or "")


def expected_forms(draft: Definition, data: Any) -> list[ExpectedForm]:
    """Return a form for each exclusion that the draft's use case expects."""
    return [ExpectedForm(one, draft, data) for one in expected(draft)]
