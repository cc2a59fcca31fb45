"""The settings of a RudderStack source, as an administrator has to make it by hand: lines to read and a text to copy."""

from dataclasses import dataclass

from django.utils.text import slugify

from .models import Audience, Definition, Destination
from .platforms import Family, Payload

EVENTS = {
    Payload.RECORD: "record, actions insert and delete",
    Payload.AUDIENCELIST: "audiencelist, adds and removes apart",
    Payload.IDENTIFY_TRACK: "identify, and track “Audience Entered” and “Audience Exited”",
}
TYPES = {
    "FB_CUSTOM_AUDIENCE": "Facebook Custom Audience",
    "GOOGLE_ADWORDS_REMARKETING_LISTS": "Google Ads Remarketing Lists (Customer Match)",
    "SNAPCHAT_CUSTOM_AUDIENCE": "Snapchat Custom Audience",
    "BINGADS_AUDIENCE": "Bing Ads Audience",
    "X_AUDIENCE": "X (Formerly Twitter) Audience",
}


@dataclass(frozen=True)
class Line:
    """One setting. `copied`: its value is typed elsewhere as it is, so it gets a copy button of its own."""

    label: str
    value: str
    copied: bool = False


def source_name(audience: Audience, destination: Destination) -> str:
    """Return the name of the source: audience and platform, so that nobody takes it for another one's."""
    return f"{audience.slug[:60].strip('-')}-{slugify(destination.name)[:40].strip('-')}"


def sheet(definition: Definition, destination: Destination) -> list[Line]:
    """Return the settings for one list of a definition."""
    spec, route = destination.spec, definition.routes.get(str(destination.pk), {})
    ads, list_name = spec.family == Family.ADS, route.get("list_name", "")
    account = f", account {destination.account}" if destination.account else ""
    kind = TYPES.get(spec.rudderstack_type, spec.label)
    lines = [
        Line("Source name", source_name(definition.audience, destination), copied=True),
        Line("Source type", "HTTP, connected to this one destination only"),
        Line("Destination", f"{kind} ({spec.rudderstack_type}){account}"),
    ]
    if ads:
        named = [field.name for name in definition.identifiers if (field := spec.field(name))]
        lines += [
            Line("List", list_name, copied=True)
            if list_name
            else Line("List", "Make it there by hand, then write its name into the definition"),
            Line("Fields", f"{', '.join(named) or 'not chosen yet'}, already hashed"),
            Line("Hashing", f"{spec.hashing}: Muster sends SHA-256 digests"),
        ]
    if destination.platform == "google_ads":
        lines.append(Line("Consent", "userDataConsent and personalizationConsent GRANTED"))
    return [
        *lines,
        Line("Event", EVENTS[Payload(destination.payload)] + ("" if ads else _assigned(definition))),
        Line("Other writers", "none; switch Reverse ETL and other sources off for this destination"),
    ]


def _assigned(definition: Definition) -> str:
    """Return what a holdout adds to the events of a list that is told of it."""
    attribute = definition.holdout_attribute
    return (
        f"; track “Holdout Assigned”, and the arm as trait {attribute}"
        if attribute and not definition.suppresses
        else ""
    )


def text(lines: list[Line]) -> str:
    """Return the sheet as plain text for a ticket."""
    return "\n".join(f"{line.label}: {line.value}" for line in lines)
