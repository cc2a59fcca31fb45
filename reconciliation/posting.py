"""Makes each message once and sends it: a row first, then a worker, then again until it left or is given up.

Two ticks make one row, because its key is unique, and one ring, because a row is taken by a conditional update. What
cannot leave is said on the row; nothing else waits for it.
"""

import smtplib
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from muster.http import VendorError
from muster.models import Installation, Person
from muster.redaction import excerpt
from syncs.doorbell import enqueue

from . import alerts, messages, webhook
from .digesting import Week
from .messages import Message
from .models import Delivery, Report, Wish

JOB: Final = "reconciliation.jobs.send"
SENT_AT: Final = time(7)
LATEST: Final = timedelta(days=2)  # a digest of a report frozen later says nothing that is still news
TAKEN: Final = timedelta(minutes=20)  # a lost job costs so long, then it is asked for again
FIRST_RETRY: Final = timedelta(minutes=1)
MOST_TRIES: Final = 8
NOT_SET_UP: Final = {
    "email": "This installation has no mail server, so no email leaves. An administrator sets MUSTER_EMAIL_HOST.",
    "webhook": "This installation has no webhook, so nothing is posted. An administrator sets MUSTER_WEBHOOK_URL.",
}


class NotSetUp(Exception):
    """The installation has no such channel."""


def channels_of(person: Person) -> list[str]:
    """Return by which channels somebody wants to be told; email unless they said otherwise."""
    wish = Wish.objects.filter(person=person).first() or Wish(person=person)
    return [name for name, wanted in (("email", wish.by_email), ("webhook", wish.by_webhook)) if wanted]


def post(key: str, person: Person, message: Message, *, at: datetime) -> int:
    """Make the message once for each channel of the person, and return how many are new. It leaves with the next tick."""
    made = 0
    for channel in channels_of(person):
        values = {
            "person": person,
            "channel": channel,
            "subject": message.subject,
            "body": message.text,
            "html": message.html,
            "made_at": at,
            "next_at": at,
        }
        made += Delivery.objects.get_or_create(key=f"{key}:{person.pk}:{channel}", defaults=values)[1]
    return made


def ring_due(*, at: datetime) -> int:
    """Make what is due: the week's digests, drifts raised to managers. Return how many messages are new."""
    return make_digests(at=at) + alerts.raise_unanswered(at=at)


def make_digests(*, at: datetime) -> int:
    """Make everybody's digest of last week from Monday 07:00 on, as soon as its report is frozen."""
    monday = digest_due(at)
    if monday is None:
        return 0
    prefix = f"digest:{monday:%G-W%V}"
    told = set(Delivery.objects.filter(key__startswith=f"{prefix}:").values_list("person", flat=True))
    left = [one for one in Person.objects.active().exclude(pk__in=told) if channels_of(one)]
    if not left:
        return 0
    week = Week(monday, at)
    return sum(post(prefix, one, messages.of_digest(week.digest(one)), at=at) for one in left)


def digest_due(at: datetime) -> date | None:
    """Return the Monday of the week whose digests may be made now; None outside of their two days or before the report."""
    local = at.astimezone(ZoneInfo(Installation.current().time_zone))
    this_monday = local.date() - timedelta(days=local.weekday())
    begins = datetime.combine(this_monday, SENT_AT, tzinfo=local.tzinfo)
    monday = this_monday - timedelta(days=7)
    if not begins <= local < begins + LATEST or not Report.objects.filter(monday=monday, frozen_at__lte=at).exists():
        return None
    return monday


def send_due(*, at: datetime) -> int:
    """Ask for a worker for each message that is due, each taken by one tick only, and return how many."""
    rang = 0
    due = Delivery.objects.filter(sent_at=None, next_at__lte=at).order_by("made_at", "pk")
    for pk, next_at in due.values_list("pk", "next_at")[:200]:
        if Delivery.objects.filter(pk=pk, sent_at=None, next_at=next_at).update(next_at=at + TAKEN):
            rang += enqueue(JOB, "message", delivery_id=pk)
    return rang


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
        again = not isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPAuthenticationError)
        _failed(found, f"The mail server did not take it: {excerpt(str(error), limit=300)}", at, again=again)
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
