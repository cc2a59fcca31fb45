"""The form of reading access: what each platform needs, from reconciliation/readers/needs.py. Secrets never come out."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.forms.connections import KEPT, SecretField
from audiences.forms.fields import LineField
from audiences.models import Destination
from muster.addresses import Forbidden, check_url
from reconciliation.models import ReadAccess
from reconciliation.readers.needs import Need
from reconciliation.reading_access import moved, needs_of, secrets_of

# What the destination's own account fills in, until something else is entered.
FROM_ACCOUNT = frozenset({"account", "customer", "schema"})
LONGEST = {"refresh_token": 1000}


class AccessForm(forms.Form):
    """One field for each need. A secret that is kept may stay empty, unless the account or host is another one now."""

    def __init__(self, destination: Destination, access: ReadAccess | None, data: Any = None) -> None:
        super().__init__(data)
        self.destination, self.access = destination, access
        self.needs = needs_of(destination)
        self.kept = secrets_of(access) if access else {}
        for need in self.needs:
            self.fields[need.name] = self._secret(need) if need.secret else self._option(need)

    def _secret(self, need: Need) -> forms.Field:
        kept = need.name in self.kept
        helped = "Kept. Leave it empty to keep it; what you enter replaces it." if kept else f"{need.help} {KEPT}"
        return SecretField(
            label=need.label,
            required=need.required and not kept,
            max_length=LONGEST.get(need.name, 400),
            help_text=helped.strip(),
            error_messages={"required": f"Enter the {need.label[0].lower()}{need.label[1:]}. Nothing was saved."},
        )

    def _option(self, need: Need) -> forms.Field:
        given = self.access.options.get(need.name, "") if self.access else ""
        common: dict[str, Any] = {"label": need.label, "required": need.required, "help_text": need.help}
        if need.choices:
            return forms.ChoiceField(choices=need.choices, initial=given or need.choices[0][0], **common)
        first = self.destination.account if need.name in FROM_ACCOUNT and not self.access else ""
        field = LineField(max_length=253, initial=given or first, **common)
        field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        return field

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for need in self.needs:
            value = values.get(need.name)
            if value and not need.secret and (wrong := _wrong(need, str(value))):
                self.add_error(need.name, wrong)
        if self.access and self.kept and not self.errors and moved(self.access, self.options):
            self._ask_again(values)
        return values

    def _ask_again(self, values: Mapping[str, Any]) -> None:
        """A secret goes only to the account and host that it was entered for."""
        missing = [need for need in self.needs if need.secret and need.required and not values.get(need.name)]
        if missing and any(values.get(need.name) for need in self.needs if need.secret):
            for need in missing:
                self.add_error(
                    need.name, ValidationError("Enter it too: the one that is kept belongs to what was before.")
                )

    @property
    def options(self) -> dict[str, str]:
        return {n.name: str(self.cleaned_data.get(n.name) or "").strip() for n in self.needs if not n.secret}

    @property
    def secrets(self) -> dict[str, str]:
        return {n.name: str(self.cleaned_data.get(n.name) or "") for n in self.needs if n.secret}


def _wrong(need: Need, value: str) -> str:
    if need.pattern and not re.fullmatch(need.pattern, value):
        return need.wrong
    if need.name == "host" and "://" in value:
        try:
            check_url(value)
        except Forbidden as error:
            return f"Muster cannot call this: {error}."
    if need.name == "port" and not 0 < int(value) < 65_536:
        return "Enter a port from 1 to 65535, such as 5432."
    return ""
