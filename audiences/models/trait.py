"""The trait registry: the only attributes that may be asked for and sent on."""

from django.conf import settings
from django.db import models


class Trait(models.Model):
    class Type(models.TextChoices):
        TEXT = "text", "text"
        NUMBER = "number", "number"
        BOOLEAN = "boolean", "true or false"
        TIMESTAMP = "timestamp", "timestamp, ISO 8601 with offset"

    name = models.CharField(max_length=120, unique=True, help_text="The attribute's name in Customer.io")
    type = models.CharField(max_length=12, choices=Type.choices)
    description = models.CharField(max_length=300, blank=True, default="")
    sensitive = models.BooleanField(default=False, help_text="Only an administrator may allow it for an audience")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
