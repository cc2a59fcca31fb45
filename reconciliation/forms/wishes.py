"""The form of how a person wants to be told."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django import forms
from django.utils import timezone

from audiences.forms.fields import DayField
from reconciliation.models import Wish

LONGEST_MUTE = timedelta(days=60)


class WishForm(forms.Form):
    """Channels, alerts, and until when those are mute: through the end of a day, never for good."""

    by_email = forms.BooleanField(required=False, label="By email")
    by_webhook = forms.BooleanField(required=False, label="In the installation's channel (webhook)")
    alerts = forms.BooleanField(
        required=False,
        label="Alerts: when a list that I own or check changes its health, and when it is on target again",
    )
    muted_until = DayField(
        required=False,
        label="No alerts until the end of",
        help_text="At most 60 days on. Empty: not muted. The weekly digest comes all the same.",
    )

    def __init__(self, wish: Wish, data: Any = None, *, now: datetime) -> None:
        self.zone: tzinfo = timezone.get_current_timezone()
        self.now = now
        muted = wish.muted_until if wish.muted_until and wish.muted_until > now else None
        last = (muted - timedelta(minutes=1)).astimezone(self.zone).date() if muted else None
        first = {"by_email": wish.by_email, "by_webhook": wish.by_webhook, "alerts": wish.alerts, "muted_until": last}
        super().__init__(data, initial=first)

    def clean_muted_until(self) -> datetime | None:
        """Return the end of the day, in the reader's time zone."""
        day: date | None = self.cleaned_data["muted_until"]
        if day is None:
            return None
        today = self.now.astimezone(self.zone).date()
        if not today <= day <= today + LONGEST_MUTE:
            raise forms.ValidationError("Choose a day from today on, at most 60 days ahead. Nothing was changed.")
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=self.zone)
