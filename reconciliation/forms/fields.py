"""Form fields of what people read off a platform: points in time as they write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from reconciliation.moments import NotAMoment, moment

OLDEST = timedelta(days=2 * 366)


class MomentField(forms.CharField):
    """A point in time in the reader's time zone, like "23 Nov 2026, 09:20". No native input: its clock follows the browser."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": "Like 23 Nov 2026, 09:20", "autocomplete": "off"})
        super().__init__(**{"max_length": 40, "widget": widget, **options})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return judged(text, timezone.now())
        except NotAMoment as refusal:
            raise ValidationError(str(refusal)) from None


def judged(text: str, now: datetime) -> datetime:
    """Return when that is, in UTC, read in the reader's time zone. Raises NotAMoment, also for what nobody can have seen."""
    at = moment(text, now=now, zone=timezone.get_current_timezone()).astimezone(UTC)
    if at > now:
        raise NotAMoment("This is in the future. Say when the platform showed it.")
    if at < now - OLDEST:
        raise NotAMoment("This is more than two years ago, which no chart shows. Check the year.")
    return at
