"""What Muster knows of each kind of destination: which identifiers it takes, in which form, and how RudderStack reaches it."""

from dataclasses import dataclass
from enum import StrEnum


class Payload(StrEnum):
    """The form in which RudderStack is given a membership (facts: RudderStack's destination table)."""

    RECORD = "record"
    AUDIENCELIST = "audiencelist"
    IDENTIFY_TRACK = "identify_track"


PAYLOAD_NAMES = {
    Payload.RECORD: "record",
    Payload.AUDIENCELIST: "audiencelist",
    Payload.IDENTIFY_TRACK: "identify and track",
}


class Family(StrEnum):
    ADS = "ads"
    ANALYTICS = "analytics"
    WAREHOUSE = "warehouse"


@dataclass(frozen=True)
class Field:
    """One identifier at one platform: the name of the field that carries it and the staged column that fills it."""

    identifier: str
    name: str
    column: str


@dataclass(frozen=True)
class Platform:
    kind: str
    label: str
    family: Family
    rudderstack_type: str
    payloads: tuple[Payload, ...]
    fields: tuple[Field, ...]
    arrival: str
    life_span_days: int | None = None

    def field(self, identifier: str) -> Field | None:
        return next((field for field in self.fields if field.identifier == identifier), None)


_ADS = (Payload.RECORD, Payload.AUDIENCELIST)
_EVENTS = (Payload.IDENTIFY_TRACK,)
_USER = (Field("external_id", "userId", "external_id"),)

PLATFORMS: dict[str, Platform] = {
    platform.kind: platform
    for platform in (
        Platform(
            "meta",
            "Meta",
            Family.ADS,
            "FB_CUSTOM_AUDIENCE",
            _ADS,
            (Field("email", "EMAIL", "email"), Field("phone", "PHONE", "phone_digits")),
            "Meta usually shows changes within 24 h",
        ),
        Platform(
            "google_ads",
            "Google Ads",
            Family.ADS,
            "GOOGLE_ADWORDS_REMARKETING_LISTS",
            _ADS,
            (Field("email", "email", "email_google"), Field("phone", "phone", "phone_e164")),
            "Google Ads usually shows changes within 6 to 12 h",
            540,
        ),
        Platform(
            "amplitude",
            "Amplitude",
            Family.ANALYTICS,
            "AMPLITUDE",
            _EVENTS,
            _USER,
            "Amplitude usually shows changes within minutes",
        ),
        Platform(
            "mixpanel",
            "Mixpanel",
            Family.ANALYTICS,
            "MIXPANEL",
            _EVENTS,
            _USER,
            "Mixpanel usually shows changes within minutes",
        ),
        Platform(
            "posthog",
            "PostHog",
            Family.ANALYTICS,
            "POSTHOG",
            _EVENTS,
            _USER,
            "PostHog usually shows changes within minutes",
        ),
        Platform(
            "warehouse",
            "Warehouse",
            Family.WAREHOUSE,
            "POSTGRES",
            _EVENTS,
            _USER,
            "RudderStack loads the warehouse on its own schedule",
        ),
    )
}
