"""Sends one message by its channel, and tries again until it left or is given up. Nothing else waits for it."""

import smtplib
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from muster.http import VendorError
from muster.redaction import excerpt

from . import webhook
from .models import Delivery

FIRST_RETRY: Final = timedelta(minutes=1)
MOST_TRIES: Final = 8
NOT_SET_UP: Final = {
    "email": "This installation has no mail server, so no email leaves. An administrator sets MUSTER_EMAIL_HOST.",
    "webhook": "This installation has no webhook, so nothing is posted. An administrator sets MUSTER_WEBHOOK_URL.",
}


class NotSetUp(Exception):
    """The installation has no such channel."""


def perform(delivery_id: int, *, at: datetime) -> bool:
    """Send one message and return whether it left. A failure is kept in words, and the next try comes by itself."""
    found = Delivery.objects.select_related("person").filter(pk=delivery_id, sent_at=None).first()
    if found is None or found.next_at is None:
        return False
    # Taken a second time: a ring that came twice finds another count of tries.
    if not Delivery.objects.filter(pk=found.pk, sent_at=None, tries=found.tries).update(tries=found.tries + 1):
        return False
    try:
        send(found)
    except NotSetUp:
        _failed(found, NOT_SET_UP[found.channel], at, again=False)
    except VendorError as error:
        _failed(found, f"{error.words.happened} {error.detail}".strip(), at, again=error.retryable)
    except (smtplib.SMTPException, OSError) as error:
        _failed(found, f"The mail server did not take it: {excerpt(str(error), limit=300)}", at, again=True)
    else:
        Delivery.objects.filter(pk=found.pk).update(sent_at=at, next_at=None, words="")
        return True
    return False


def _failed(found: Delivery, words: str, at: datetime, *, again: bool) -> None:
    tries = found.tries + 1
    next_at = at + FIRST_RETRY * 2**found.tries if again and tries < MOST_TRIES else None
    Delivery.objects.filter(pk=found.pk).update(words=words[:500], next_at=next_at)


def send(delivery: Delivery) -> None:
    """Hand a message to its channel. Raises NotSetUp, VendorError, SMTPException, OSError."""
    if delivery.channel == "webhook":
        if not settings.WEBHOOK_URL:
            raise NotSetUp
        webhook.post(settings.WEBHOOK_URL, f"For {delivery.person.full_name}\n{delivery.subject}\n\n{delivery.body}")
        return
    if not settings.EMAIL_HOST:
        raise NotSetUp
    mail = EmailMultiAlternatives(delivery.subject, delivery.body, to=[delivery.person.email])
    # The same on every try, so that a mail program shows a message that was sent twice once.
    domain = str(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2].strip(" >")
    mail.extra_headers["Message-ID"] = f"<muster.{delivery.key.replace(':', '.')}@{domain}>"
    mail.extra_headers["Auto-Submitted"] = "auto-generated"
    mail.attach_alternative(delivery.html, "text/html")
    mail.send()
