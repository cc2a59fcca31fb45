"""Opens the reader of a platform: one line each."""

from collections.abc import Callable, Mapping
from typing import Final

from muster.http import Rejected

from . import amplitude, meta, mixpanel, posthog, warehouse
from .seen import Reader


def google_ads(options: Mapping[str, str], secrets: Mapping[str, str]) -> Reader:
    from .google_ads import reader  # with google-auth, which no start should wait for

    return reader(options, secrets)


READERS: Final[dict[str, Callable[[Mapping[str, str], Mapping[str, str]], Reader]]] = {
    "meta": meta.reader,
    "google_ads": google_ads,
    "amplitude": amplitude.reader,
    "mixpanel": mixpanel.reader,
    "posthog": posthog.reader,
    "warehouse": warehouse.reader,
}


class NoReader(Rejected):
    happened = "Muster cannot read {vendor} back."
    effect = "Its figures can be entered by hand or imported."
    next_step = "Enter what {vendor} shows on the audience's page."


def reader_for(platform: str, options: Mapping[str, str], secrets: Mapping[str, str]) -> Reader:
    """Return a reader of this platform with what a person entered (readers/needs.py). Raises VendorError."""
    if platform not in READERS:
        raise NoReader(platform)
    return READERS[platform](options, secrets)
