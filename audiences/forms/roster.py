"""What administrators type about the roster. An address is read, hashed and not repeated."""

import re

from django import forms
from django.core.exceptions import ValidationError

from .fields import LineField

DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
MOST = 200


class DomainForm(forms.Form):
    name = LineField(max_length=253, label="Domain", help_text="The company's own, like example.com.")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].lower().removeprefix("@")
        if not DOMAIN.fullmatch(name):
            raise ValidationError("Type a domain like example.com, without an address before it.")
        return name


class MembersForm(forms.Form):
    addresses = forms.CharField(
        label="Email addresses",
        max_length=20_000,
        help_text="One a line. Only their hashes and initials are kept.",
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )
    team = LineField(max_length=40, label="Team", required=False)

    def clean_addresses(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["addresses"].splitlines() if line.strip()]
        if len(lines) > MOST:
            raise ValidationError(f"At most {MOST} addresses at once.")
        return lines
