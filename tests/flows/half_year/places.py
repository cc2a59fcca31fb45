"""The accounts at which the simulated lists are, as an administrator would enter them, and which audiences there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

GOOGLE: Final = {"client_id": "sandbox-client.apps.googleusercontent.com"}
GOOGLE_SECRETS: Final = {"client_secret": "sandbox-client-secret", "refresh_token": "sandbox-refresh-token"}


@dataclass(frozen=True)
class Account:
    """`mount` is where the platform's stand-in listens; `match` the share of the people whom it knows."""

    platform: str
    mount: str
    options: Mapping[str, str]
    secrets: Mapping[str, str]
    match: float | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


ACCOUNTS: Final = {
    "Meta, US": Account(
        "meta", "meta", {"account": "1001"}, {"token": "sandbox-meta-token"}, 0.62, {"adAccountId": "1001"}
    ),
    "Meta, EU": Account(
        "meta", "meta", {"account": "1002"}, {"token": "sandbox-meta-token"}, 0.58, {"adAccountId": "1002"}
    ),
    "Google, US": Account(
        "google_ads", "google_ads", {"customer": "2001", **GOOGLE}, GOOGLE_SECRETS, 0.55, {"customerId": "2001"}
    ),
    "Google, EU": Account(
        "google_ads", "google_ads", {"customer": "2002", **GOOGLE}, GOOGLE_SECRETS, 0.6, {"customerId": "2002"}
    ),
    "Amplitude": Account(
        "amplitude",
        "amplitude_us",
        {"region": "us"},
        {"api_key": "sandbox-amplitude-key", "secret_key": "sandbox-amplitude-secret"},
    ),
}
CLOCKS: Final = ("meta", "google_ads", "amplitude_us")


@dataclass(frozen=True)
class Plan:
    """An audience: people in its segment, where its lists are, whether an eighth of them is excluded.

    `life_days`: how long Meta keeps somebody on the list, which nobody told Muster.
    """

    name: str
    people: int
    places: tuple[str, ...]
    excludes: bool = False
    life_days: int | None = None


US: Final = ("Meta, US", "Google, US")
EU: Final = ("Meta, EU", "Google, EU")
TOOL: Final = ("Meta, EU", "Amplitude")
SIZES: Final = (900, 1_400, 2_000, 700, 1_100, 2_600, 800, 1_700, 1_200, 3_000)
