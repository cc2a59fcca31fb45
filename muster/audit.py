"""The append-only event log: who did what to which object, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django.db import models
from django.utils import timezone

from .models import Event, Person
from .redaction import excerpt, redact_value

MUSTER = "Muster"


def record(
    *,
    verb: str,
    subject: models.Model | None = None,
    by: Person | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    audience_id: int | None = None,
    run_id: int | None = None,
    at: datetime | None = None,
) -> Event:
    """Write one event and return it. Without `by`, Muster did it by itself; without `at`, now.

    Email addresses and phone numbers are taken out of every text, also inside `detail`; give numbers as numbers.
    """
    return Event.objects.create(
        at=at or timezone.now(),
        actor=by,
        actor_label=by.full_name if by else MUSTER,
        verb=verb,
        kind=subject._meta.model_name or "" if subject else "",
        object_id=str(subject.pk) if subject else "",
        object_label=excerpt(str(subject)) if subject else "",
        reason=excerpt(reason, limit=2000),
        detail=cast("dict[str, Any]", redact_value(dict(detail or {}))),
        audience_id=audience_id,
        run_id=run_id,
    )
