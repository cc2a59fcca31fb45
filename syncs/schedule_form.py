"""How often a list is synced, as people choose it."""

from datetime import time
from typing import Any, Final

from django import forms

from audiences.terms import CADENCES
from muster.long_select import LongSelect
from muster.time_zones import ZoneChoices, every_zone

from .models import Schedule
from .schedule import DAILY, INTERVAL, MANUAL, WEEKLY, Rhythm

DAY_MINUTES: Final = 1440
INTERVALS: Final = {str(minutes): name.capitalize() for name, minutes in CADENCES.items() if minutes < DAY_MINUTES}
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY: Final = [(MANUAL, "By hand only"), *INTERVALS.items(), (DAILY, "Every day at …"), (WEEKLY, "Every week on …")]
UNSET: Final = time(6)


class ScheduleForm(forms.Form):
    """`at`, `weekday` and `zone` count only for a daily or weekly schedule."""

    every = forms.ChoiceField(label="Sync", choices=EVERY)
    at = forms.TimeField(
        label="At",
        required=False,
        help_text="For a daily or weekly schedule, like 06:00",
        widget=forms.TimeInput(format="%H:%M"),
        error_messages={"invalid": "Write the time like 06:00."},
    )
    weekday = forms.TypedChoiceField(
        label="On",
        choices=list(enumerate(WEEKDAYS)),
        coerce=int,
        required=False,
        empty_value="0",
        help_text="For a weekly schedule",
    )
    zone = forms.ChoiceField(label="Time zone", required=False, choices=ZoneChoices(every_zone), widget=LongSelect)
    every_list = forms.BooleanField(label="Set it for every list of this audience", required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("every") in {DAILY, WEEKLY} and not self.errors:
            if found.get("at") is None:
                self.add_error("at", "Write the time at which it is due, like 06:00.")
            if not found.get("zone"):
                self.add_error("zone", "Choose whose clock counts.")
        return found

    def rhythm(self) -> Rhythm:
        """Return what was chosen."""
        found = self.cleaned_data
        wall = found["at"] or UNSET, int(found["weekday"]), found["zone"] or "UTC"
        if found["every"] in INTERVALS:
            return Rhythm(INTERVAL, int(found["every"]), *wall)
        return Rhythm(found["every"], 0, *wall)

    @staticmethod
    def filled(made: Schedule | None, cadence: str, zone: str) -> dict[str, Any]:
        """Return what the form starts with: the schedule as it is, else what the definition's cadence asks for."""
        if made:
            if made.kind in {DAILY, WEEKLY}:
                return {"every": made.kind, "at": made.at_time, "weekday": made.weekday, "zone": made.zone}
            every = str(made.minutes) if made.kind == INTERVAL else made.kind
            return {"every": every, "at": UNSET, "weekday": 0, "zone": zone}
        minutes = CADENCES.get(cadence)
        asked = {None: MANUAL, DAY_MINUTES: DAILY, 7 * DAY_MINUTES: WEEKLY}.get(minutes, str(minutes))
        return {"every": asked, "at": UNSET, "weekday": 0, "zone": zone, "every_list": True}
