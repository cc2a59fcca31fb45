"""The names of the time zones that this machine knows; finding them reads hundreds of files, so it is done once."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
