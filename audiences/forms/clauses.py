"""The clauses of a definition that are plain fields. An empty one is a missing clause, told beside the form, and no error."""

from typing import Any

import phonenumbers
from django import forms

from audiences.arms import ATTRIBUTE_WANTED, NOT_AN_ARM, arm_of, is_attribute
from audiences.models import Audience, Definition, Purpose
from audiences.terms import BY_HAND, CADENCES, IDENTIFIERS, SUPPRESS, TARGETING
from audiences.use_cases import CASES
from muster.access import Permission, roles_with
from muster.figures import target
from muster.models import Person

from .fields import AttributesField, DayField, LineField, PercentField, WholeNumberField, with_current

TARGETS = (15, 30, 60, 120, 360, 720, 1440, 2880, 10080)
CHECKS = (
    "every day",
    "every Monday",
    "every Tuesday",
    "every Wednesday",
    "every Thursday",
    "every Friday",
    "every month",
)
NOT_CHOSEN = ("", "Not chosen yet")
POSITIONS = ("first", "second", "third")
COLUMNS = (
    "purpose",
    "outcome",
    "campaign",
    "outcome_measure",
    "entry_rule",
    "exit_rule",
    "window_hours",
    "threshold",
    "cadence",
    "freshness_minutes",
    "phone_country",
    "exclusions_reason",
    "holdout_attribute",
    "holdout_arm",
    "holdout_targets",
    "holdout_reason",
    "size_low",
    "size_high",
    "match_low",
    "match_high",
    "tolerance",
    "review_date",
    "check_every",
)


def countries() -> list[tuple[str, str]]:
    """Return every country that phone numbers have, by code, with its calling code."""
    codes = sorted(phonenumbers.SUPPORTED_REGIONS)
    return [(code, f"{code} (+{phonenumbers.country_code_for_region(code)})") for code in codes]


class ClausesForm(forms.Form):
    may_wait = True

    name = LineField(max_length=120, label="Name")
    purpose = forms.ChoiceField(choices=Purpose.choices, label="Purpose")
    outcome = LineField(max_length=300, required=False, label="What it is for")
    campaign = LineField(max_length=200, required=False, label="Which campaign")
    outcome_measure = LineField(max_length=200, required=False, label="Which number shows that it worked")

    logic = forms.CharField(
        max_length=4000,
        required=False,
        label="The segment's logic in your words",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Customer.io returns no conditions for this segment, so Muster cannot notice when they change.",
    )
    entry_rule = LineField(max_length=300, required=False, label="Entry rule", help_text="When does a person come in?")
    exit_rule = LineField(max_length=300, required=False, label="Exit rule", help_text="When does a person go out?")
    window_hours = WholeNumberField(
        min_value=1,
        max_value=87600,
        required=False,
        label="Rolling window, in hours",
        help_text="Only if people leave by themselves after a time: 24 for “in the last 24 hours”.",
    )
    threshold = LineField(
        max_length=60, required=False, label="Threshold", help_text="Value above which people are in, like $80."
    )
    size_low = WholeNumberField(required=False, label="Expected people, from")
    size_high = WholeNumberField(required=False, label="Expected people, to")
    match_low = PercentField(required=False, label="Expected match, from (percent)")
    match_high = PercentField(required=False, label="Expected match, to (percent)")

    first = forms.ChoiceField(required=False, label="First choice")
    second = forms.ChoiceField(required=False, label="Second choice")
    third = forms.ChoiceField(required=False, label="Third choice")
    phone_country = forms.ChoiceField(
        required=False, label="Default phone country", help_text="Used for numbers without a country code."
    )

    require_true = AttributesField(
        label="Attributes that must be true",
        help_text="Names as in Customer.io, with commas between them. Missing means out.",
    )
    not_unsubscribed = forms.BooleanField(required=False, label="Leave out who unsubscribed")
    not_true = AttributesField(
        label="Never where this is true", help_text="Like do_not_share. Missing means it is not true."
    )
    basis = LineField(
        max_length=300,
        required=False,
        label="Lawful basis",
        help_text="Why these people may be sent there, as you would write it in your records.",
    )

    exclusions_reason = LineField(
        max_length=300, required=False, label="Why nobody is excluded", help_text="Only when there is no exclusion."
    )

    holdout_attribute = LineField(
        max_length=120,
        required=False,
        label="Attribute that says the arm",
        help_text="As in Customer.io, like exp_winback. The workflow's random branch writes it.",
    )
    holdout_arm = LineField(
        max_length=60,
        required=False,
        label="Value that means held out",
        help_text="Like control. Case does not matter.",
    )
    holdout_targets = forms.BooleanField(required=False, label="Target held-out people all the same")
    holdout_reason = LineField(
        max_length=300, required=False, label="Why", help_text="Why they are targeted, or why there is no holdout."
    )

    cadence = forms.ChoiceField(required=False, label="Cadence")
    freshness_minutes = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label="Target for the newest person"
    )
    tolerance = PercentField(
        required=False, label="Drift tolerance (percent)", help_text="Of the expected size, either way."
    )
    check_every = forms.ChoiceField(required=False, label="Drift is checked")
    owner = forms.ModelChoiceField(
        Person.objects.none(), label="Owner", error_messages={"required": "An audience needs an owner."}
    )
    drift_checker = forms.ModelChoiceField(
        Person.objects.none(),
        required=False,
        label="Drift checker",
        help_text="Somebody other than the owner sees more.",
    )
    review_date = DayField(required=False, label="Review date", help_text="At most 6 months from now.")

    def __init__(self, draft: Definition, data: Any = None) -> None:
        self.draft = draft
        super().__init__(data, initial=initial_of(draft), use_required_attribute=False)
        self._choose()
        if draft.audience.segment.conditions:
            del self.fields["logic"]
        case = CASES.get(draft.use_case)
        if case is None or not case.asks_threshold:
            del self.fields["threshold"]

    def _choose(self) -> None:
        draft, fields = self.draft, self.fields
        cadences = [NOT_CHOSEN, (BY_HAND, "By hand"), *((name, name.capitalize()) for name in CADENCES)]
        fields["cadence"].choices = with_current(cadences, draft.cadence)  # type: ignore[attr-defined]
        targets = [NOT_CHOSEN, *((minutes, target(minutes)) for minutes in TARGETS)]
        minutes = draft.freshness_minutes
        fields["freshness_minutes"].choices = with_current(targets, minutes, target(minutes))  # type: ignore[attr-defined]
        checks = [NOT_CHOSEN, *((name, name[:1].upper() + name[1:]) for name in CHECKS)]
        fields["check_every"].choices = with_current(checks, draft.check_every)  # type: ignore[attr-defined]
        fields["phone_country"].choices = [("", "None"), *countries()]  # type: ignore[attr-defined]
        for position in POSITIONS:
            named = [("", "Not used"), *((code, name.capitalize()) for code, name in IDENTIFIERS.items())]
            fields[position].choices = named  # type: ignore[attr-defined]
        for name, permission in (("owner", Permission.REGISTER), ("drift_checker", Permission.ANSWER)):
            people = Person.objects.active().filter(role__in=roles_with(permission)).order_by("full_name", "pk")
            fields[name].queryset = people  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Audience.objects.filter(name__iexact=name).exclude(pk=self.draft.audience_id).exists():
            raise forms.ValidationError("Another audience has this name. Choose one that tells them apart.")
        return name

    def clean_holdout_attribute(self) -> str:
        name: str = self.cleaned_data["holdout_attribute"]
        if name and not is_attribute(name):
            raise forms.ValidationError(f"This cannot hold the arm: {ATTRIBUTE_WANTED}")
        return name

    def clean_holdout_arm(self) -> str:
        arm = arm_of(self.cleaned_data["holdout_arm"])
        if arm == NOT_AN_ARM:
            raise forms.ValidationError("An arm has a short name of letters and digits, like control.")
        return arm

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        for low, high in (("size_low", "size_high"), ("match_low", "match_high")):
            if None not in (values.get(low), values.get(high)) and values[low] > values[high]:
                self.add_error(high, "This is less than where the band begins. Swap the two, or correct one.")
        chosen = [values.get(position) for position in POSITIONS if values.get(position)]
        if len(set(chosen)) < len(chosen):
            self.add_error("second", "An identifier is chosen twice. Choose each of them once.")
        return values

    def apply(self) -> None:
        """Put what was understood onto the draft and its audience; what is in error stays as it was stored."""
        draft, values = self.draft, self.cleaned_data
        for column in COLUMNS:
            if column in values:
                setattr(draft, column, values[column])
        if draft.suppresses:
            draft.holdout_attribute, draft.holdout_arm, draft.holdout_targets, draft.holdout_reason = "", "", False, ""
        if "logic" in values:
            draft.logic = values["logic"]
        if all(position in values for position in POSITIONS):
            draft.identifiers = [values[position] for position in POSITIONS if values[position]]
        for field in ("name", "owner", "drift_checker"):
            if field in values:
                setattr(draft.audience, field, values[field])

    def rule(self) -> dict[str, Any]:
        """Return the consent rule of all lists, as far as it was understood."""
        values, stored = self.cleaned_data, self.draft.consent.get("*", {})
        return consent_rule(values, stored, self.draft)


def consent_rule(values: dict[str, Any], stored: dict[str, Any], draft: Definition) -> dict[str, Any]:
    """Return a stored form of a rule; the workspace's do-not-share attribute is part of every rule."""
    rule = {
        name: values.get(name, stored.get(name, empty))
        for name, empty in (("require_true", []), ("not_true", []), ("not_unsubscribed", False), ("basis", ""))
    }
    declared = draft.audience.segment.workspace.do_not_share
    if declared and declared not in rule["not_true"]:
        rule["not_true"] = [*rule["not_true"], declared]
    if draft.purpose == SUPPRESS:
        rule |= {"require_true": [], "not_unsubscribed": False}
    return rule


def initial_of(draft: Definition) -> dict[str, Any]:
    """Return the form's first values from the stored draft."""
    audience, rule = draft.audience, draft.consent.get("*", {})
    chosen = [*draft.identifiers, "", "", ""]
    return {
        **{column: getattr(draft, column) for column in COLUMNS},
        **dict(zip(POSITIONS, chosen, strict=False)),
        "logic": draft.logic,
        "name": audience.name,
        "owner": audience.owner_id,
        "drift_checker": audience.drift_checker_id,
        "require_true": rule.get("require_true", []),
        "not_true": rule.get("not_true", []),
        "not_unsubscribed": rule.get("not_unsubscribed", draft.purpose in TARGETING),
        "basis": rule.get("basis", ""),
    }
