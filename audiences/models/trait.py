"""The trait registry: the only attributes that may be asked for and sent on."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from .audience import Audience


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


class TraitAllowance(models.Model):
    """An administrator's word that a sensitive trait may be used for one audience, and why."""

    trait = models.ForeignKey(Trait, on_delete=models.CASCADE, related_name="allowances")
    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="trait_allowances")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["trait", "audience"], name="trait_allowed_once")]

    def __str__(self) -> str:
        return f"{self.trait_id} for {self.audience_id}"
