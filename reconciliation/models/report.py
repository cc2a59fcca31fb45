"""The weekly drift report: frozen, signed, corrected by additions only."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from .append_only import AppendOnlyModel, AppendOnlyQuerySet


class Report(models.Model):
    """One ISO week. `content` is everything the page says, made once when it is frozen; `digest` its SHA-256.

    Only the signature is added later; what is found later is a Correction.
    """

    monday = models.DateField(unique=True)
    frozen_at = models.DateTimeField()
    content = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.monday:%G-W%V}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it once; after that only the signature may be saved."""
        if not self._state.adding:
            kwargs["update_fields"] = ["signed_by", "signed_at"]
        super().save(*args, **kwargs)


class CorrectionQuerySet(AppendOnlyQuerySet["Correction"]):
    """What was found after a week was frozen."""


class Correction(AppendOnlyModel):
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="corrections")
    at = models.DateTimeField()
    words = models.CharField(max_length=500)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["report", "at"], name="correction_of_report")]

    def __str__(self) -> str:
        return self.words


class Delivery(models.Model):
    """One message to one person by one channel: a digest, or an alert on a change of state or a recovery.

    `key` makes it once: "digest:2026-W47:12:email", "alert:<list>:<verdict>:<since>:12:email".
    """

    key = models.CharField(max_length=120, unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, help_text="email or webhook")
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="As it was, or will be, sent")
    html = models.TextField(blank=True, default="")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True, default="", help_text="Why it did not leave")

    def __str__(self) -> str:
        return self.key


class Wish(models.Model):
    """How a person wants to be told: by which channels, and from what until when not at all."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="wish"
    )
    by_email = models.BooleanField(default=True)
    by_webhook = models.BooleanField(default=False)
    alerts = models.BooleanField(default=True)
    muted_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"wishes of {self.person_id}"
