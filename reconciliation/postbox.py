"""Where messages wait: one row for each message, person and channel, made once."""

from datetime import datetime

from django.db import transaction

from muster.models import Person

from .messages import Message
from .models import Delivery, Wish


def wish_of(person: Person) -> Wish:
    """Return how somebody wants to be told; unless they said otherwise by email, alerts too."""
    return Wish.objects.filter(person=person).first() or Wish(person=person)


def channels_of(person: Person) -> list[str]:
    """Return by which channels somebody wants to be told; email unless they said otherwise."""
    wish = wish_of(person)
    return [name for name, wanted in (("email", wish.by_email), ("webhook", wish.by_webhook)) if wanted]


def post(key: str, person: Person, message: Message, *, at: datetime) -> int:
    """Make the message once for each channel of the person, and return how many are new. It leaves with the next tick."""
    parts = {"subject": message.subject, "body": message.text, "html": message.html, "made_at": at, "next_at": at}
    made = 0
    with transaction.atomic():
        for channel in channels_of(person):
            values = {"person": person, "channel": channel, **parts}
            made += Delivery.objects.get_or_create(key=f"{key}:{person.pk}:{channel}", defaults=values)[1]
    return made
