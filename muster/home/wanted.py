"""What a reader wants to see of the first page: the filters in its address."""

from dataclasses import dataclass
from typing import Any

from django import forms

from audiences.forms.registration import FilterForm
from audiences.models import Destination
from muster.models import Person

MINE, ALL, LEFT = "me", "all", "left"
HEALTH = [
    ("", "Any"),
    ("broken", "Broken"),
    ("drifting", "Drifting"),
    ("unknown", "Unknown"),
    ("on_target", "On target"),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`owner` is me, all or left; the rest is empty where it does not filter."""

    owner: str
    q: str = ""
    purpose: str = ""
    health: str = ""
    destination: int | None = None

    @property
    def narrowed(self) -> bool:
        """Whether anything but whose it is was asked for."""
        return bool(self.q or self.purpose or self.health or self.destination)


class HomeFilter(FilterForm):
    owner = forms.ChoiceField(choices=[(MINE, "Me"), (ALL, "Everyone"), (LEFT, "Somebody who left")], required=False)
    health = forms.ChoiceField(choices=HEALTH, required=False, label="Health")
    destination = forms.ModelChoiceField(Destination.objects.none(), required=False, empty_label="Any")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["destination"].queryset = Destination.objects.filter(archived_at=None).order_by("name")  # type: ignore[attr-defined]

    def understood(self, person: Person) -> Wanted:
        """Return what could be understood; the rest does not filter. Who has lists sees their own first."""
        self.is_valid()
        told = self.cleaned_data
        owner = told.get("owner") or unfiltered(person).owner
        place = told.get("destination")
        rest = {name: told.get(name) or "" for name in ("q", "purpose", "health")}
        return Wanted(owner, **rest, destination=place.pk if place else None)


def unfiltered(person: Person) -> Wanted:
    """Return what somebody sees who asked for nothing: their own lists, or all where they have none."""
    return Wanted(MINE if _has_own(person) else ALL)


def _has_own(person: Person) -> bool:
    owned, checked = person.audiences_owned.filter(archived_at=None), person.audiences_checked.filter(archived_at=None)
    return owned.exists() or checked.exists()
