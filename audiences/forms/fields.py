"""Form fields that read what people type: figures with commas, percents, days, attribute names, segments."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.models import Segment
from muster.redaction import CONTROL

LARGEST = 10**12
MOST_ATTRIBUTES = 10
DAY_FORMATS = ("%d %b %Y", "%d %B %Y", "%Y-%m-%d", "%d.%m.%Y")
IN_BRACKETS = re.compile(r"\((\d{1,18})\)\s*$")


class LineField(forms.CharField):
    """One line of text, kept as typed."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if CONTROL.search(text):
            raise ValidationError("This holds characters that cannot be seen. Type it again instead of pasting it.")
        return text


class WholeNumberField(forms.IntegerField):
    """A figure from 0 up, also with commas or spaces between thousands."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST, **options})
        self.error_messages["invalid"] = "Type a whole number, like 38,000."

    def to_python(self, value: Any) -> int | None:
        text = re.sub(r"[,\s\u2009\u00a0]", "", str(value)) if value not in self.empty_values else value
        if len(str(text)) > 20:
            raise ValidationError(self.error_messages["invalid"])
        return super().to_python(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,}" if isinstance(value, int) else value


class PercentField(forms.FloatField):
    """A percentage, with or without its sign."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 100, **options})
        self.error_messages["invalid"] = "Type a percentage from 0 to 100, like 55 or 5.5."

    def to_python(self, value: Any) -> Any:
        text = str(value).strip(" %±") if value not in self.empty_values else value
        return super().to_python(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:g}" if isinstance(value, float) else value


class DayField(forms.DateField):
    """A day as people write it. No native date input: its order of day and month follows the browser."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%d %b %Y", attrs={"placeholder": "Like 18 May 2027", "autocomplete": "off"})
        super().__init__(**{"input_formats": DAY_FORMATS, "widget": widget, **options})
        self.error_messages["invalid"] = "Type a day, like 18 May 2027 or 2027-05-18."


class AttributesField(LineField):
    """Names of Customer.io attributes with commas between them; cleaned to a list, each name once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 600, "required": False, **options})

    def clean(self, value: Any) -> Any:
        names = list(dict.fromkeys(name.strip() for name in super().clean(value).split(",") if name.strip()))
        if len(names) > MOST_ATTRIBUTES:
            raise ValidationError(f"At most {MOST_ATTRIBUTES} attributes make one rule.")
        if any(len(name) > 120 for name in names):
            raise ValidationError("An attribute's name has at most 120 characters. Put commas between names.")
        return names

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value


class SegmentField(LineField):
    """A segment of one workspace: "Lapsed (4417)", its id, or its exact name. Cleaned to the Segment, or None."""

    def __init__(self, *, workspace: int, **options: Any) -> None:
        super().__init__(**{"max_length": 400, "required": False, **options})
        self.workspace = workspace

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        known = Segment.objects.filter(workspace=self.workspace, gone_at=None)
        numbered = IN_BRACKETS.search(text)
        if text.isdecimal() and len(text) <= 18:
            found = known.filter(number=int(text))
        elif numbered:
            found = known.filter(number=int(numbered[1]))
        else:
            found = known.filter(name=text)
        first, *more = [*found[:2], None]
        if first is None:
            raise ValidationError(
                "Customer.io lists no such segment. Choose one of the suggestions, or refresh the segments and try again."
            )
        if more[:1] != [None]:
            raise ValidationError("Several segments have this name. Type the id of the one you mean.")
        return first

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, Segment) else value


def with_current(choices: list[tuple[Any, str]], value: Any, label: str = "") -> list[tuple[Any, str]]:
    """Return the choices, with the stored value among them, so that opening a form never loses it."""
    known = [choice for choice, _ in choices]
    return choices if value in known or value in (None, "") else [*choices, (value, label or str(value))]
