"""The parts of a draft that come in rows: its lists, its traits, the segments it excludes."""

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences import pipe_requests
from audiences.models import Definition, Destination, Pipe, PipeRequest, Segment, Trait
from audiences.platforms import Family

from .clauses import consent_rule
from .fields import AttributesField, LineField, SegmentField

MOST_EXCLUSIONS = 20
BLANK_EXCLUSIONS = 2


class RowForm(forms.Form):
    """A form among several in one page; empty fields are missing clauses."""

    may_wait = True

    def __init__(self, *, prefix: str, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, prefix=prefix, initial=initial, use_required_attribute=False)


class ListForm(RowForm):
    use = forms.BooleanField(required=False)
    pipe = forms.ModelChoiceField(Pipe.objects.none(), required=False, label="Pipe", empty_label="No pipe yet")
    list_name = LineField(max_length=200, required=False, label="Name of the list there")
    own_rule = forms.BooleanField(required=False, label="This list has a consent rule of its own")
    require_true = AttributesField(label="Attributes that must be true", help_text="Missing means out.")
    not_unsubscribed = forms.BooleanField(required=False, label="Leave out who unsubscribed")
    not_true = AttributesField(label="Never where this is true")
    basis = LineField(max_length=300, required=False, label="Lawful basis")

    def __init__(
        self,
        draft: Definition,
        place: Destination,
        pipes: Iterable[Pipe],
        data: Any = None,
        *,
        ready: Pipe | None = None,
        waiting: PipeRequest | None = None,
    ) -> None:
        self.draft, self.place, self.ready, self.waiting = draft, place, ready, waiting
        route = draft.routes.get(str(place.pk), {})
        self.saved, self.stored_pipe = place.pk in draft.destinations, route.get("pipe")
        self.own = draft.consent.get(str(place.pk))
        initial = {
            "use": place.pk in draft.destinations,
            "pipe": self.stored_pipe or (ready.pk if ready else None),
            "list_name": route.get("list_name", ""),
            "own_rule": self.own is not None,
            **(self.own or {}),
        }
        super().__init__(prefix=f"list-{place.pk}", data=data, initial=initial)
        self.fields["list_name"].widget.attrs["class"] = "input"
        if not place.spec.is_sent:
            del self.fields["pipe"]
            return
        field = self.fields["pipe"]
        field.widget.attrs["class"] = "select"
        field.queryset = Pipe.objects.filter(pk__in=[pipe.pk for pipe in pipes])  # type: ignore[attr-defined]
        field.choices = [("", "No pipe yet"), *((pipe.pk, pipe.name) for pipe in pipes)]  # type: ignore[attr-defined]

    @property
    def ads(self) -> bool:
        return self.place.spec.family == Family.ADS

    @property
    def chosen(self) -> bool:
        """Whether the list is part of the draft, as far as was understood."""
        stored = self.place.pk in self.draft.destinations
        return bool(self.cleaned_data.get("use", stored)) if self.is_bound else stored

    def route(self) -> dict[str, Any]:
        """Return the list's route: its pipe's id and its name at the platform."""
        stored = self.draft.routes.get(str(self.place.pk), {})
        pipe = self.cleaned_data.get("pipe") if "pipe" in self.cleaned_data else None
        kept = stored.get("pipe") if "pipe" not in self.cleaned_data else None
        name = self.cleaned_data.get("list_name", stored.get("list_name", ""))
        return {"pipe": pipe.pk if pipe else kept, "list_name": name}

    def rule(self) -> dict[str, Any] | None:
        """Return the list's own consent rule, None when it follows the rule of all lists."""
        if not self.cleaned_data.get("own_rule"):
            return None
        return consent_rule(self.cleaned_data, self.own or {}, self.draft)


class TraitForm(RowForm):
    use = forms.BooleanField(required=False)
    reason = LineField(max_length=300, required=False, label="Why it is sent")

    def __init__(self, trait: Trait, *, stored: dict[str, str] | None, allowed: bool, data: Any = None) -> None:
        self.trait, self.allowed = trait, allowed
        initial = {"use": stored is not None, "reason": (stored or {}).get("reason", "")}
        super().__init__(prefix=f"trait-{trait.pk}", data=data, initial=initial)
        self.fields["reason"].widget.attrs.update({"class": "input", "placeholder": "Why it is sent"})

    def clean_use(self) -> bool:
        use: bool = self.cleaned_data["use"]
        if use and self.trait.sensitive and not self.allowed:
            raise ValidationError(
                "This trait is sensitive. An administrator can allow it for this audience, on the page of traits."
            )
        return use


class ExclusionForm(RowForm):
    segment = SegmentField(workspace=0, label="Segment to exclude")
    reason = LineField(max_length=300, required=False, label="Why")

    def __init__(
        self, number: int, workspace: int, *, stored: Segment | None = None, reason: str = "", data: Any = None
    ) -> None:
        super().__init__(prefix=f"exclusion-{number}", data=data, initial={"segment": stored, "reason": reason})
        self.fields["segment"].workspace = workspace  # type: ignore[attr-defined]
        self.fields["segment"].widget.attrs.update({"list": "segments", "autocomplete": "off"})

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("reason") and "segment" in values and not values["segment"]:
            self.add_error("segment", "Choose the segment that this reason is about, or take the reason out.")
        return values


def list_forms(draft: Definition, data: Any) -> list[ListForm]:
    """Return a form for each destination that is in use or that the draft names."""
    pipes = list(Pipe.objects.filter(archived_at=None).order_by("name"))
    named = [route["pipe"] for route in draft.routes.values() if route.get("pipe")]
    pipes += list(Pipe.objects.filter(pk__in=named).exclude(archived_at=None))
    places = Destination.objects.filter(archived_at=None) | Destination.objects.filter(pk__in=draft.destinations)
    ready = pipe_requests.answered(draft.audience)
    asked = PipeRequest.objects.filter(audience=draft.audience, closed_at=None).select_related("assignee")
    waiting = {one.destination_id: one for one in asked}
    return [
        ListForm(draft, place, pipes, data, ready=ready.get(place.pk), waiting=waiting.get(place.pk))
        for place in places.order_by("name")
    ]


def trait_forms(draft: Definition, data: Any) -> list[TraitForm]:
    """Return a form for each trait of the registry, and for retired ones that the draft still names."""
    stored = {chosen["name"]: chosen for chosen in draft.traits}
    allowed = set(draft.audience.trait_allowances.values_list("trait_id", flat=True))
    traits = Trait.objects.filter(retired_at=None) | Trait.objects.filter(name__in=list(stored))
    return [
        TraitForm(trait, stored=stored.get(trait.name), allowed=trait.pk in allowed, data=data)
        for trait in traits.order_by("name")
    ]


def exclusion_forms(draft: Definition, data: Any, *, but: Collection[int] = ()) -> list[ExclusionForm]:
    """Return a form for each exclusion, and blank ones; when bound, for as many as were posted.

    `but` are numbers of segments that have a box of their own.
    """
    workspace = draft.audience.segment.workspace_id
    if data is not None:
        posted = sum(1 for number in range(MOST_EXCLUSIONS) if f"exclusion-{number}-segment" in data)
        return [ExclusionForm(number, workspace, data=data) for number in range(posted)]
    rows = [chosen for chosen in draft.exclusions if chosen["segment"] not in but]
    numbers = [chosen["segment"] for chosen in rows]
    known = {one.number: one for one in Segment.objects.filter(workspace=workspace, number__in=numbers)}
    filled = [
        ExclusionForm(index, workspace, stored=known.get(chosen["segment"]), reason=chosen.get("reason", ""))
        for index, chosen in enumerate(rows)
    ]
    blank = range(len(filled), min(len(filled) + BLANK_EXCLUSIONS, MOST_EXCLUSIONS))
    return [*filled, *(ExclusionForm(index, workspace) for index in blank)]
