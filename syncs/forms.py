"""What people type on the pages of runs and pauses, checked and told back in sentences."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from audiences.models import Audience, Destination
from muster.figures import day

from .models import Run
from .parked import Parked
from .states import FINISHED, RunState

LARGEST: Final = 10_000_000_000
NOT_DONE: Final = "not_done"
DAYS: Final = 7
MOMENTS: Final = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d %b %Y %H:%M", "%d %B %Y %H:%M")
LONGEST_PAUSE: Final = timedelta(days=365)
EVERYTHING: Final = "everything"


def reason_field(help_text: str = "", *, required: bool = True) -> forms.CharField:
    """Return the field for why somebody does something."""
    return forms.CharField(
        label="Reason",
        max_length=300,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 300}),
        error_messages={"required": "Say why: it stays with the run and in the event log."},
    )


class CancelForm(forms.Form):
    reason = reason_field("Stays with the run.", required=False)


class DropForm(forms.Form):
    prefix = "drop"
    reason = reason_field()


class RetireForm(forms.Form):
    prefix = "retire"
    reason = reason_field("Stays with the audience and in the event log.")


class RemoveForm(forms.Form):
    prefix = "remove"
    reason = reason_field("Shown to whoever releases the removal.")


class BackForm(forms.Form):
    prefix = "back"
    reason = reason_field()


class AskForm(forms.Form):
    prefix = "ask"
    reason = reason_field("Shown to whoever decides.")


class GrowForm(forms.Form):
    reason = reason_field("What you saw of the first tenth.")
    shown = forms.IntegerField(label="People shown there", min_value=0, max_value=LARGEST, required=False)


class PromoteForm(forms.Form):
    ramp = forms.ChoiceField(choices=[("100", "Everybody"), ("10", "A tenth, always the same people")])


class StartForm(forms.Form):
    kind = forms.ChoiceField(choices=Run.Kind.choices, required=False)
    why = forms.CharField(label="Why", max_length=300, required=False)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Run.Kind.SYNC


class ReleaseForm(forms.Form):
    """Figures to release: a field for each parked pass, filled with what is parked."""

    prefix = "release"
    reason = reason_field("Stays with the run and in the event log.")

    def __init__(self, *args: Any, parked: Parked, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parked = parked
        for name, label, figure in (
            ("max_removes", "Release up to … removals", parked.removes),
            ("max_adds", "Release up to … additions", parked.adds),
        ):
            if figure:
                self.fields[name] = _figure(label, figure)
        if parked.may_empty:
            self.fields["may_empty"] = forms.BooleanField(
                label="Nobody is left on the list afterwards",
                error_messages={"required": "Confirm that the list may become empty, or leave it as it is."},
            )
        self.order_fields(["max_removes", "max_adds", "may_empty", "reason"])

    def figures(self) -> dict[str, Any]:
        """Return what `hold.release` takes."""
        data = self.cleaned_data
        return {
            "max_removes": data.get("max_removes") or 0,
            "max_adds": data.get("max_adds") or 0,
            "may_empty": bool(data.get("may_empty")),
            "reason": data["reason"],
        }


def _figure(label: str, figure: int) -> forms.IntegerField:
    too_few = f"This run parks {figure:,}; a release of fewer would be held again."
    too_many = f"At most {LARGEST:,} can be released at once."
    return forms.IntegerField(
        label=label,
        initial=figure,
        min_value=figure,
        max_value=LARGEST,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": "Say up to how many.",
            "invalid": "Write a whole number without dots or commas.",
            "min_value": too_few,
            "max_value": too_many,
        },
    )


class PauseForm(forms.Form):
    """What to pause, why, and when it is meant to end; `total`: everything, opt-out removals too, and nothing else."""

    reach = forms.ChoiceField(
        label="What stops", error_messages={"invalid_choice": "That is not there any more. Choose from the list."}
    )
    reason = reason_field("Shown to everybody.")
    until = forms.CharField(
        label="Meant to end",
        max_length=40,
        required=False,
        help_text="A time like 10:30, or a day and a time like 2026-11-24 08:00. It does not end by itself.",
    )

    def __init__(self, *args: Any, now: datetime, total: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.total = now, total
        places = Destination.objects.filter(archived_at=None).order_by("name")
        audiences = Audience.objects.filter(archived_at=None).order_by("name")
        field = self.fields["reach"]
        assert isinstance(field, forms.ChoiceField)
        parts = [("Destinations", _options("destination", places)), ("Audiences", _options("audience", audiences))]
        field.choices = [(EVERYTHING, "Everything, opt-outs too")] if total else [(EVERYTHING, "Everything"), *parts]

    def clean_until(self) -> datetime | None:
        text = " ".join(self.cleaned_data["until"].split())
        if not text:
            return None
        at = moment(text, self.now)
        if at is None:
            raise forms.ValidationError("Write a time like 10:30, or a day and a time like 2026-11-24 08:00.")
        if at <= self.now:
            raise forms.ValidationError("This is in the past. Write a time that is still to come, or leave it empty.")
        if at - self.now > LONGEST_PAUSE:
            raise forms.ValidationError("This is more than a year away. Write an earlier day, or leave it empty.")
        return at

    def asked(self) -> dict[str, Any]:
        """Return what `pausing.pause` takes."""
        data = self.cleaned_data
        kind, _, number = data["reach"].partition(":")
        return {
            "reason": data["reason"],
            "until": data["until"],
            "optouts_too": self.total,
            "destination": Destination.objects.get(pk=number) if kind == "destination" else None,
            "audience": Audience.objects.get(pk=number) if kind == "audience" else None,
        }


def _options(kind: str, rows: QuerySet[Any]) -> list[tuple[str, str]]:
    return [(f"{kind}:{pk}", name) for pk, name in rows.values_list("pk", "name")]


def moment(text: str, now: datetime) -> datetime | None:
    """Return the point in time that a person wrote in their time zone; a time alone is today's. None: not readable."""
    zone = timezone.get_current_timezone()
    try:
        if len(text) <= 5:
            hour, _, minute = text.partition(":")
            parts = time(int(hour), int(minute))
            return datetime.combine(now.astimezone(zone).date(), parts, tzinfo=zone)
    except ValueError:
        return None
    for form in MOMENTS:
        try:
            # Never compared or kept without a zone: it is the reader's.
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except (ValueError, OverflowError):
            continue
    return None


class UnpauseForm(forms.Form):
    reason = reason_field("Shown in the event log.")


class RunFilter(forms.Form):
    """Filters of the list of runs; what cannot be understood is ignored and said."""

    q = forms.CharField(
        label="Find",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "List or run number"}),
    )
    state = forms.ChoiceField(label="State", required=False)
    destination = forms.ChoiceField(label="Destination", required=False)
    day = forms.ChoiceField(label="Day", required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = timezone.get_current_timezone()
        places = Destination.objects.order_by("name").values_list("pk", "name")
        self._choose("state", [("", "Any"), (NOT_DONE, "Not done"), *RunState.choices])
        self._choose("destination", [("", "Any"), *((str(pk), name) for pk, name in places)])
        self._choose("day", [("", "Any"), *self._days(now)])
        for name, field in self.fields.items():
            field.widget.attrs |= {"class": "input" if name == "q" else "select"}

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def _days(self, now: datetime) -> list[tuple[str, str]]:
        days = [now.astimezone(self.zone) - timedelta(days=back) for back in range(DAYS)]
        names = ["Today", "Yesterday", *(day(at, self.zone) for at in days[2:])]
        return [(at.date().isoformat(), name) for at, name in zip(days, names, strict=True)]

    def chosen(self) -> dict[str, str]:
        """Return the filters that are set and understood."""
        self.is_valid()
        return {name: str(value).strip() for name, value in self.cleaned_data.items() if str(value).strip()}

    def narrowed(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """Return the runs that pass the filters."""
        chosen = self.chosen()
        if text := chosen.get("q"):
            runs = runs.filter(_found(text))
        if state := chosen.get("state"):
            done = FINISHED - {RunState.HELD, RunState.FAILED, RunState.LOST, RunState.CANCELLED}
            runs = runs.exclude(state__in=done) if state == NOT_DONE else runs.filter(state=state)
        if place := chosen.get("destination"):
            runs = runs.filter(activation__destination=int(place))
        if text := chosen.get("day"):
            start = datetime.combine(date.fromisoformat(text), time(), tzinfo=self.zone)
            runs = runs.filter(created_at__gte=start, created_at__lt=start + timedelta(days=1))
        return runs


def _found(text: str) -> Q:
    names = Q(activation__audience__name__icontains=text) | Q(activation__destination__name__icontains=text)
    number = text.replace(",", "").removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 16:
        return names | Q(pk=int(number))
    return names
