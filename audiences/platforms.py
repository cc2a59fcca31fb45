"""What Muster knows of each kind of destination: which identifiers it takes, in which form, and how RudderStack reaches it."""

from dataclasses import dataclass
from enum import StrEnum


class Payload(StrEnum):
    """The form in which RudderStack is given a membership (facts: RudderStack's destination table)."""

    RECORD = "record"
    AUDIENCELIST = "audiencelist"
    IDENTIFY_TRACK = "identify_track"
    BY_HAND = "by_hand"


PAYLOAD_NAMES = {
    Payload.RECORD: "record",
    Payload.AUDIENCELIST: "audiencelist",
    Payload.IDENTIFY_TRACK: "identify and track",
    Payload.BY_HAND: "figures by hand",
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
    """One kind of destination. RudderStack reaches it from an HTTP source, or `rudderstack_type` is empty: people get there
    another way, and Muster keeps the figures that somebody enters. `hashing` is how the destination is told there that
    identifiers come as digests. `minimum`: fewest people that ads there can use, where it is documented.
    """

    kind: str
    label: str
    family: Family
    rudderstack_type: str
    payloads: tuple[Payload, ...]
    fields: tuple[Field, ...]
    arrival: str
    life_span_days: int | None = None
    hashing: str = ""
    minimum: int | None = None

    @property
    def is_sent(self) -> bool:
        """Whether Muster can send people there."""
        return bool(self.rudderstack_type)

    def field(self, identifier: str) -> Field | None:
        return next((field for field in self.fields if field.identifier == identifier), None)


_ADS = (Payload.RECORD, Payload.AUDIENCELIST)
_EVENTS = (Payload.IDENTIFY_TRACK,)
_USER = (Field("external_id", "userId", "external_id"),)
_BY_HAND = (Payload.BY_HAND,)
_EMAIL = (Field("email", "email", "email"),)
# What such a platform is given elsewhere: it only says by what it could know people.
_ANY = (Field("email", "email", "email"), Field("phone", "phone", "phone_digits"))


def _by_hand(kind: str, label: str, minimum: int | None = None) -> "Platform":
    """Return an ad platform that RudderStack reaches from a warehouse only, or not at all."""
    arrival = "people get there another way, so Muster cannot say when"
    return Platform(kind, label, Family.ADS, "", _BY_HAND, _ANY, arrival, minimum=minimum)


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
            hashing="isHashRequired off",
            minimum=300,
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
            hashing="isHashRequired off",
            minimum=100,
        ),
        Platform(
            "snapchat",
            "Snapchat",
            Family.ADS,
            "SNAPCHAT_CUSTOM_AUDIENCE",
            (Payload.AUDIENCELIST,),
            _EMAIL,
            "Snapchat publishes no time within which it shows changes",
            hashing="schema Email, disableHashing on",
            minimum=1_000,
        ),
        Platform(
            "microsoft_ads",
            "Microsoft Advertising",
            Family.ADS,
            "BINGADS_AUDIENCE",
            (Payload.AUDIENCELIST,),
            _EMAIL,
            "Microsoft Advertising usually shows changes within 48 h",
            hashing="audienceType email, hashEmail off",
            minimum=300,
        ),
        Platform(
            "x_ads",
            "X",
            Family.ADS,
            "X_AUDIENCE",
            (Payload.RECORD,),
            _EMAIL,
            "X usually shows changes within 6 to 8 h",
            hashing="enableHash off",
            minimum=100,
        ),
        _by_hand("tiktok", "TikTok", 1_000),
        _by_hand("linkedin", "LinkedIn", 300),
        _by_hand("pinterest", "Pinterest", 100),
        _by_hand("other_ads", "Another ad platform"),
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
