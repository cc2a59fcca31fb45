"""The form that says which segment a core cohort is."""

from typing import Any

from django import forms

from audiences.cohorts import COHORTS
from audiences.core_cohorts import Row
from audiences.models import Workspace

from .fields import SegmentField


class CohortForm(forms.Form):
    segment = SegmentField(workspace=0, required=True, label="Segment")

    def __init__(self, workspace: Workspace, key: str, *, current: Row | None = None, data: Any = None) -> None:
        first = (current.chosen.segment if current.chosen else current.maybe) if current else None
        super().__init__(data, prefix=key, initial={"segment": first}, use_required_attribute=False)
        field = self.fields["segment"]
        field.workspace = workspace.pk  # type: ignore[attr-defined]
        field.label = f"Segment that is {COHORTS[key].label}"
        field.error_messages["required"] = "Choose the segment. Nothing was changed."
        field.widget.attrs.update({"list": "segments", "autocomplete": "off", "class": "input"})
