"""The names of the time zones that this machine knows; finding them reads hundreds of files, so it is done once."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from zoneinfo import available_timezones

from django.utils.choices import BaseChoiceIterator

Choice = tuple[str, str]
AREAS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@cache
def time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def every_zone() -> tuple[Choice, ...]:
    """Return all time zones to choose from, by name."""
    return tuple((name, name.replace("_", " ")) for name in sorted(time_zones()))


@cache
def named_after_places() -> tuple[Choice, ...]:
    """Return the time zones that most choose from: UTC, then those named after a place."""
    return ("UTC", "UTC"), *(one for one in every_zone() if one[0].startswith(AREAS))


class ZoneChoices(BaseChoiceIterator):
    """Choices of a form that are the same for all its forms: Django looks through any others each time."""

    def __init__(self, zones: Callable[[], Iterable[Choice]], *before: Choice) -> None:
        self._zones, self._before = zones, before

    def __iter__(self) -> Iterator[Choice]:
        yield from self._before
        yield from self._zones()
