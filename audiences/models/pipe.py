"""Where people must arrive, and the RudderStack source that carries them there."""

from typing import ClassVar

from django.db import models

from audiences.platforms import PAYLOAD_NAMES, PLATFORMS, Payload, Platform
from muster.vault import EncryptedTextField

from .workspace import CheckState


class Destination(models.Model):
    name = models.CharField(max_length=120, unique=True, help_text='As people say it: "Meta, NW US"')
    platform = models.CharField(max_length=20, choices=[(kind, platform.label) for kind, platform in PLATFORMS.items()])
    account = models.CharField(max_length=120, blank=True, default="", help_text="Ad account, project or schema")
    payload = models.CharField(max_length=20, help_text="The administrator's default payload type")
    lag_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="How late the platform is, as people declare it; never measured"
    )
    life_span_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long its lists keep a member who is not sent again; empty: the platform's"
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> Platform:
        return PLATFORMS[self.platform]

    @property
    def payload_name(self) -> str:
        return PAYLOAD_NAMES[Payload(self.payload)]


class Pipe(models.Model):
    name = models.CharField(max_length=120, unique=True, help_text="The RudderStack source's name")
    data_plane_url = models.CharField(max_length=300)
    write_key = EncryptedTextField(blank=True, default="")
    write_key_last4 = models.CharField(max_length=4, blank=True, default="")
    write_key_check = models.CharField(
        max_length=32, blank=True, default="", help_text="Keyed digest, to find the same key again"
    )
    events_a_month = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="What the RudderStack plan leaves to this source; empty: not known"
    )
    check_state = models.CharField(max_length=12, choices=CheckState.choices, default=CheckState.UNKNOWN)
    check_words = models.CharField(max_length=500, blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["write_key_check"], condition=~models.Q(write_key_check=""), name="write_key_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
