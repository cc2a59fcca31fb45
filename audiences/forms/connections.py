"""Forms of connections. A secret goes in and never comes out."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audiences.credentials import holder_of
from audiences.models import Destination, Pipe, Workspace
from audiences.platforms import PAYLOAD_NAMES, PLATFORMS, Family, Payload
from muster.addresses import Forbidden, check_url

from .fields import LineField, WholeNumberField

VISIBLE = re.compile(r"[\x21-\x7e]+")
PAYLOADS = {
    Payload.RECORD: "one event for each person",
    Payload.AUDIENCELIST: "many people in one event",
    Payload.IDENTIFY_TRACK: "a trait and an event for each person",
    Payload.BY_HAND: "nobody is sent; people get there another way",
}
MOST_LAG = 10_080  # a week
MOST_EVENTS = 10**12
MOST_LIFE = 540  # the longest that a platform documents
KEPT = "Write-only. After saving, only the last 4 characters are shown."


class SecretField(forms.CharField):
    """A key as its vendor made it; never rendered again."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"})
        super().__init__(**{"max_length": 400, "widget": widget, "help_text": KEPT, **options})

    def clean(self, value: Any) -> str:
        secret: str = super().clean(value)
        if secret and not VISIBLE.fullmatch(secret):
            raise ValidationError(
                "A key holds no spaces and no special letters. Copy it again, without quotes around it."
            )
        return secret


class WriteKeyField(SecretField):
    def clean(self, value: Any) -> str:
        secret = super().clean(value)
        if ":" in secret:
            raise ValidationError("A write key holds no colon. Copy only the key, not what stands around it.")
        return secret


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Shared by all connections: names that tell them apart, and no archived twin."""

    name = LineField(max_length=120, label="Name")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = type(self.instance)._default_manager.filter(name__iexact=name).exclude(pk=self.instance.pk)
        if (other := others.first()) is not None:
            archived = ", which is archived; restore that one, or" if other.archived_at else ";"
            raise ValidationError(f"This name is taken{archived} choose another name.")
        return name

    @property
    def secret(self) -> str:
        return ""


class WorkspaceForm(ConnectionForm):
    api_key = SecretField(label="App API key")
    do_not_share = LineField(
        max_length=120,
        required=False,
        label="Do-not-share attribute",
        help_text="If Customer.io holds who opted out of sharing, the attribute's name. It joins every consent rule.",
    )
    ids_with_at_reason = LineField(
        max_length=300,
        required=False,
        label="Why ids with “@” may be sent",
        help_text="An id that holds “@” looks like an address, so it is left out. A reason here lets them be sent.",
    )
    lag_minutes = WholeNumberField(
        max_value=MOST_LAG,
        required=False,
        label="Segment lag, in minutes",
        help_text="How long Customer.io takes until somebody is in a segment, as you know it. It is part of each budget.",
    )

    class Meta:
        model = Workspace
        fields = ("name", "region", "do_not_share", "ids_with_at_reason", "lag_minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["api_key"]
        self.fields["region"].help_text = "As Customer.io's account settings say. Changing it takes the key out."

    @property
    def secret(self) -> str:
        return str(self.cleaned_data.get("api_key", ""))


class PipeForm(ConnectionForm):
    data_plane_url = LineField(
        max_length=300,
        label="Data plane URL",
        help_text="Begins with https://. Changing it takes the write key out.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    write_key = WriteKeyField(label="Write key", required=False)
    events_a_month = WholeNumberField(
        max_value=MOST_EVENTS,
        required=False,
        label="Events a month",
        help_text="What your RudderStack plan leaves to this source. Pre-flights say how much of it a list would take.",
    )

    class Meta:
        model = Pipe
        fields = ("name", "data_plane_url", "events_a_month")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "The name of the source in RudderStack."
        if self.instance.pk:
            del self.fields["write_key"]

    def clean_data_plane_url(self) -> str:
        url = str(self.cleaned_data["data_plane_url"]).rstrip("/")
        try:
            check_url(url)
        except Forbidden as error:
            raise ValidationError(f"Muster cannot call this: {error}.") from None
        if "?" in url:
            raise ValidationError("Enter only the address, without what follows a question mark.")
        return url

    def clean_write_key(self) -> str:
        return free_write_key(str(self.cleaned_data["write_key"]), self.instance)

    @property
    def secret(self) -> str:
        return str(self.cleaned_data.get("write_key", ""))


def free_write_key(secret: str, pipe: Pipe) -> str:
    """Return the key if no other pipe holds it. Raises ValidationError."""
    if other := holder_of(secret, but=pipe.pk):
        raise ValidationError(
            f"The pipe {other.name} holds this key already. What goes into one source reaches every list behind it, so each "
            "pipe needs a source of its own."
        )
    return secret


class DestinationForm(ConnectionForm):
    account = LineField(
        max_length=120,
        required=False,
        label="Account",
        help_text="Ad account, project or schema, as the platform calls it.",
    )
    lag_minutes = WholeNumberField(
        max_value=MOST_LAG,
        required=False,
        label="Platform lag, in minutes",
        help_text="How long the platform takes until an ad can use who arrived, as you know it. Nobody can measure it.",
    )
    life_span_days = WholeNumberField(
        min_value=2,
        max_value=MOST_LIFE,
        required=False,
        label="Members expire after, in days",
        help_text="As the lists there say (Google Ads: membership duration, at most 540). Muster sends members again before.",
    )
    payload = forms.ChoiceField(
        label="Payload", choices=[(str(kind), f"{PAYLOAD_NAMES[kind]}: {words}") for kind, words in PAYLOADS.items()]
    )

    class Meta:
        model = Destination
        fields = ("name", "platform", "account", "payload", "lag_minutes", "life_span_days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "As people say it, like “Meta, NW US”."
        self.fields["payload"].help_text = (
            "How RudderStack is given people. Meta and Google Ads take record or audiencelist, X record, Snapchat and "
            "Microsoft audiencelist; analytics and warehouses take identify and track. RudderStack reaches the other ad "
            "platforms not at all from here: their figures are entered by hand."
        )
        if self.instance.pk and self.instance.activations.exists():
            self.fields["platform"].disabled = True
            self.fields["platform"].help_text = "Lists go there already, so the platform stays what it is."

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        platform, payload = PLATFORMS.get(values.get("platform", "")), values.get("payload")
        if platform and payload and payload not in platform.payloads:
            kind = "an ad platform" if platform.family == Family.ADS else "no ad platform"
            fitting = " or ".join(PAYLOAD_NAMES[one] for one in platform.payloads)
            self.add_error("payload", f"{platform.label} is {kind} and takes {fitting}.")
        return values


class KeyForm(forms.Form):
    """A new key for a workspace or a pipe."""

    def __init__(self, subject: Workspace | Pipe, data: Any = None) -> None:
        super().__init__(data, prefix=None)
        self.subject = subject
        what = "App API key" if isinstance(subject, Workspace) else "write key"
        kind = SecretField if isinstance(subject, Workspace) else WriteKeyField
        required = {"required": f"Paste the new {what}. Nothing was changed."}
        self.fields["secret"] = kind(label=f"New {what} for {subject}", error_messages=required)

    def clean_secret(self) -> str:
        secret = str(self.cleaned_data["secret"])
        return free_write_key(secret, self.subject) if isinstance(self.subject, Pipe) else secret
