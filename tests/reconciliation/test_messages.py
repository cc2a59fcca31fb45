"""Messages from the week to the mail server and the webhook: each once, again after a failure, never in the way."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from pytest_django import Settings

from audiences.models import Activation, Destination
from muster.models import Installation, Person
from reconciliation import alerts, postbox, posting, sending
from reconciliation.messages import of_change
from reconciliation.models import Delivery, ListWeek, Report, Wish
from tests import factories
from tests.reconciliation import list_weeks
from tests.reconciliation.mail_server import MailServer
from tests.vendors import Vendors

Sign = Callable[[Person], Client]
pytestmark = pytest.mark.django_db
SEVEN = datetime(2026, 11, 23, 7, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET = "/platforms/webhook/services/T0000/B0000/sandbox-webhook-secret"


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_USE_TLS, settings.DEFAULT_FROM_EMAIL = False, "Muster <muster@shop.example>"
    settings.URL = "https://muster.shop.example"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(vendors: Vendors, settings: Settings) -> Callable[[], list[str]]:
    """Gives the texts that the webhook took."""
    settings.WEBHOOK_URL = vendors.rudder + SECRET
    base = vendors.at("webhook")
    return lambda: [str(one["text"]) for one in vendors.get(base, "/_sandbox/messages")["messages"]]


def drifting(owner: Person, name: str = "VIP", **fields: Any) -> Activation:
    place = Destination.objects.filter(name="Meta NW").first() or factories.destination(name="Meta NW")
    one = factories.activation(factories.audience(name=name, owner=owner), place)
    Person.objects.filter(pk=one.audience.drift_checker_id).update(is_active=False)
    list_weeks.week(one, verdict="drifting", **fields)
    return Activation.objects.get(pk=one.pk)


def frozen() -> Report:
    return Report.objects.create(monday=list_weeks.MONDAY, frozen_at=list_weeks.FROZEN, digest="0" * 64)


def sent(at: datetime) -> int:
    """Send everything that is due, as workers do."""
    due = list(Delivery.objects.filter(sent_at=None, next_at__lte=at).values_list("pk", flat=True))
    return sum(sending.perform(pk, at=at) for pk in due)


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


# Digests


def test_everybody_gets_one_digest(mail: MailServer, marketer: Person, manager: Person, paid_media: Person) -> None:
    one = drifting(marketer, cause_words="Bears & <b>wolves</b>.")
    frozen()

    assert posting.make_digests(at=SEVEN - timedelta(seconds=1)) == 0
    assert posting.make_due(at=SEVEN) == 3
    assert posting.make_due(at=SEVEN + HOUR) == 0
    assert sent(SEVEN) == 3
    assert sent(SEVEN + HOUR) == 0
    by = {str(message["To"]): message for message in mail.taken}
    assert by.keys() == {marketer.email, manager.email, paid_media.email}
    mine = by[marketer.email]
    assert mine["Subject"] == "Muster, 2026-W47: 1 thing to do"
    assert mine["Message-ID"] == f"<muster.digest.2026-W47.{marketer.pk}.email@shop.example>"
    text, html = content(mine, "plain"), content(mine, "html")
    assert text.startswith("This needs you.\n\n1. VIP at Meta NW is outside tolerance. Answer it.\n")
    assert f"https://muster.shop.example/lists/{one.pk}/answer/" in text
    assert "Suggested reply: Fixing: everybody is sent again before more expire." in text
    assert "Bears & <b>wolves</b>." in text
    assert "Bears &amp; &lt;b&gt;wolves&lt;/b&gt;." in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "prefers-color-scheme: dark" in html
    assert "sign the report of 2026-W47" in content(by[manager.email], "plain")
    assert by[paid_media.email]["Subject"] == "Muster, 2026-W47: nothing to do"


def test_the_digest_waits_for_the_report_but_not_for_ever(marketer: Person) -> None:
    assert posting.make_digests(at=SEVEN) == 0
    frozen()
    assert posting.digest_due(SEVEN + 2 * DAY - HOUR) == list_weeks.MONDAY
    assert posting.digest_due(SEVEN + 2 * DAY) is None
    assert posting.digest_due(SEVEN + 7 * DAY) is None


@pytest.mark.parametrize(("zone", "at"), [("UTC", 7), ("Europe/Berlin", 6), ("America/New_York", 12)])
def test_seven_is_on_the_workspaces_clock(zone: str, at: int) -> None:
    Installation.objects.create(pk=1, time_zone=zone)
    frozen()
    begins = SEVEN.replace(hour=at)

    assert posting.digest_due(begins) == list_weeks.MONDAY
    assert posting.digest_due(begins - timedelta(seconds=1)) is None


def test_who_chose_no_channel_gets_nothing(marketer: Person) -> None:
    Wish.objects.create(person=marketer, by_email=False)
    frozen()

    assert posting.make_digests(at=SEVEN) == 0


def test_promises_and_silence_come_to_those_they_concern(marketer: Person, manager: Person) -> None:
    broken, silent, back = (drifting(marketer, name) for name in ("Broken", "Silent", "Back"))
    list_weeks.answer(broken, marketer, fix_by=list_weeks.MONDAY)
    ListWeek.objects.update(monday=list_weeks.MONDAY - list_weeks.WEEK, since=list_weeks.MONDAY - 3 * list_weeks.WEEK)
    broken.answers.update(since=list_weeks.MONDAY - 3 * list_weeks.WEEK)
    for one in (broken, silent):
        list_weeks.week(one, verdict="drifting", since=list_weeks.MONDAY - 3 * list_weeks.WEEK)
    list_weeks.week(back)
    frozen()

    posting.make_digests(at=SEVEN)
    mine = Delivery.objects.get(person=marketer).body
    assert mine.index("Broken at Meta NW: promised by 16 Nov, and still outside.") < mine.index("2. Silent at Meta NW")
    assert "Back on target: Back at Meta NW." in mine
    theirs = Delivery.objects.get(person=manager).body
    assert "Silent at Meta NW: nobody answered for 21 days." in theirs
    assert "“Send the whole list again”, Mara Keller." in theirs


# Sending


def test_a_refused_message_is_tried_again_and_given_up(mail: MailServer, marketer: Person) -> None:
    mail.refuses = "450 try later"
    postbox.post("test:1", marketer, of_change("Hello", ["Hello."], "/"), at=SEVEN)

    at, waits = SEVEN, []
    for _ in range(sending.MOST_TRIES):
        assert sent(at) == 0
        one = Delivery.objects.get()
        if one.next_at:
            waits.append((one.next_at - at).seconds // 60)
            at = one.next_at
    assert waits == [1, 2, 4, 8, 16, 32, 64]
    assert (one.next_at, one.sent_at) == (None, None)
    assert one.words.startswith("The mail server did not take it:")
    assert marketer.email not in one.words


def test_a_retry_that_works_sends_once(mail: MailServer, settings: Settings, marketer: Person) -> None:
    postbox.post("test:1", marketer, of_change("Hello\nBcc: x", ["Hello."], "/"), at=SEVEN)
    settings.EMAIL_PORT = 1
    assert sent(SEVEN) == 0
    settings.EMAIL_PORT = mail.port
    assert "refused" in Delivery.objects.get().words.lower()
    assert sent(SEVEN + timedelta(minutes=1)) == 1
    assert sent(SEVEN + DAY) == 0
    [message] = mail.taken
    assert (message["Subject"], message["Bcc"]) == ("Hello Bcc: x", None)
    assert (Delivery.objects.get().words, Delivery.objects.get().tries) == ("", 2)


def test_two_ticks_ring_once_and_two_jobs_send_once(mail: MailServer, redis: object, marketer: Person) -> None:
    at = timezone.now()
    postbox.post("test:1", marketer, of_change("Hello", ["Hello."], "/"), at=at)
    postbox.post("test:1", marketer, of_change("Hello", ["Hello."], "/"), at=at)

    assert posting.send_due(at=at) == 1
    assert posting.send_due(at=at) == 0
    one = Delivery.objects.get()
    assert import_string(posting.JOB).__module__ == "reconciliation.jobs"
    sending.perform(one.pk, at=at)
    sending.perform(one.pk, at=at)
    assert len(mail.taken) == 1
    assert posting.send_due(at=at + HOUR) == 0


def test_a_channel_that_is_not_set_up_gives_up_at_once(marketer: Person, settings: Settings) -> None:
    settings.EMAIL_HOST = settings.WEBHOOK_URL = ""
    Wish.objects.create(person=marketer, by_webhook=True)
    postbox.post("test:1", marketer, of_change("Hello", ["Hello."], "/"), at=SEVEN)

    assert sent(SEVEN) == 0
    assert {(one.channel, one.words, one.next_at) for one in Delivery.objects.all()} == {
        (channel, words, None) for channel, words in sending.NOT_SET_UP.items()
    }


def test_the_webhook_is_posted_to(hook: Callable[[], list[str]], vendors: Vendors, marketer: Person) -> None:
    Wish.objects.create(person=marketer, by_email=False, by_webhook=True)
    vendors.fault(vendors.at("webhook"), "status", status=503, times=1)
    postbox.post("test:1", marketer, of_change("<VIP> & more", ["It is off."], "/lists/1/answer/"), at=SEVEN)

    assert sent(SEVEN) == 0
    assert hook() == []
    assert Delivery.objects.get().words.startswith("The webhook did not answer, or could not do its work (503).")
    assert sent(SEVEN + timedelta(minutes=1)) == 1
    [text] = hook()
    assert text.startswith("For Mara Keller\n&lt;VIP&gt; &amp; more\n\nIt is off.\n")


def test_no_error_tells_the_webhooks_address(hook: object, settings: Settings, marketer: Person) -> None:
    Wish.objects.create(person=marketer, by_email=False, by_webhook=True)
    settings.WEBHOOK_URL = settings.WEBHOOK_URL.replace("sandbox-webhook-secret", "another-secret")
    postbox.post("test:1", marketer, of_change("Hello", ["Hello."], "/"), at=SEVEN)

    assert sent(SEVEN) == 0
    one = Delivery.objects.get()
    assert one.next_at is None
    assert "404" in one.words
    assert "another-secret" not in one.words


# Alerts


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("", "on_target")], []),
        ([("", "unknown")], []),
        ([("", "drifting")], ["drifting"]),
        ([("on_target", "drifting"), ("drifting", "broken")], ["drifting", "broken"]),
        ([("on_target", "drifting"), ("drifting", "on_target")], ["drifting", "on_target"]),
        ([("on_target", "drifting"), ("drifting", "unknown"), ("unknown", "drifting")], ["drifting", "unknown"]),
        (
            [("on_target", "unknown"), ("unknown", "on_target"), ("on_target", "unknown")],
            ["unknown", "on_target", "unknown"],
        ),
        ([("unknown", "on_target")], []),
        ([("drifting", "drifting")], []),
    ],
)
def test_what_is_told_of_changes(marketer: Person, changes: list[tuple[str, str]], told: list[str]) -> None:
    one = drifting(marketer)

    for days, (before, after) in enumerate(changes):
        alerts.note_change(one, before, after, "Because.", SEVEN + days * DAY)
        alerts.note_change(one, before, after, "Because.", SEVEN + days * DAY + HOUR)
    keys = Delivery.objects.order_by("pk").values_list("key", flat=True)
    assert [key.split(":")[2] for key in keys] == told


def test_an_alert_goes_to_owner_and_checker_by_their_channels(marketer: Person, other_marketer: Person) -> None:
    one = drifting(marketer)
    one.audience.drift_checker = other_marketer
    one.audience.save()
    Wish.objects.create(person=other_marketer, by_email=False, by_webhook=True)

    assert alerts.note_change(one, "on_target", "drifting", "8.8% fewer than expected.", SEVEN) == 2
    made = Delivery.objects.order_by("channel")
    assert [(row.person, row.channel) for row in made] == [(marketer, "email"), (other_marketer, "webhook")]
    assert made[0].subject == "VIP at Meta NW is outside its tolerance."
    assert f"/lists/{one.pk}/answer/" in made[0].body


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({}, 1),
        ({"alerts": False}, 0),
        ({"muted_until": SEVEN + HOUR}, 0),
        ({"muted_until": SEVEN}, 1),
        ({"by_email": False}, 0),
    ],
)
def test_wishes(marketer: Person, wish: dict[str, Any], told: int) -> None:
    Wish.objects.create(person=marketer, **wish)

    assert alerts.note_change(drifting(marketer), "on_target", "broken", "Because.", SEVEN) == told


def test_what_nobody_answers_is_raised_once(marketer: Person, manager: Person) -> None:
    one = drifting(marketer)
    thursday = datetime(2026, 11, 26, 6, tzinfo=UTC)

    assert posting.make_due(at=thursday - timedelta(seconds=1)) == 0
    assert posting.make_due(at=thursday) == 1
    assert posting.make_due(at=thursday + DAY) == 0
    made = Delivery.objects.get()
    assert made.person == manager
    assert made.subject == "VIP at Meta NW: nobody answered its drift for three working days."
    assert "Ask Mara Keller for an answer" in made.body
    assert str(one.pk) in made.key


# Pages


def test_wishes_are_set_in_the_profile(marketer: Person, signed_in: Sign) -> None:
    client, day = signed_in(marketer), timezone.localdate() + timedelta(days=3)

    assert 'hx-get="/profile/messages/"' in client.get("/profile/").content.decode()
    page = client.get("/profile/messages/", headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<section class="panel" id="told"')
    assert "This installation has no mail server yet" in page
    saved = client.post("/profile/messages/", {"by_webhook": "on", "muted_until": day.isoformat()}, follow=True)
    assert "How you are told is saved. It holds from the next message on." in saved.content.decode()
    wish = Wish.objects.get(person=marketer)
    assert (wish.by_email, wish.by_webhook, wish.alerts) == (False, True, False)
    assert wish.muted_until is not None
    assert wish.muted_until.date() == day + DAY
    assert f"{day:%d %b %Y}" in client.get("/profile/messages/").content.decode()
    refused = client.post("/profile/messages/", {"muted_until": "1 Jan 2099"})
    assert "Choose a day from today on, at most 60 days ahead." in refused.content.decode()
    silent = client.post("/profile/messages/", {}, follow=True)
    assert "Nothing is sent to you: no channel is chosen." in silent.content.decode()


def test_messages_are_read_by_whom_they_are_for(marketer: Person, manager: Person, signed_in: Sign) -> None:
    now = timezone.now()
    postbox.post("test:1", marketer, of_change("Hello <you>", ["It is <off>."], "/health/"), at=now)
    made = Delivery.objects.get()
    sending.perform(made.pk, at=now)

    client = signed_in(marketer)
    assert "Hello &lt;you&gt;" in client.get("/profile/messages/").content.decode()
    page = client.get(f"/profile/messages/{made.pk}/").content.decode()
    assert "It is &lt;off&gt;." in page
    assert "Given up" in page
    client = signed_in(manager)
    assert client.get(f"/profile/messages/{made.pk}/").status_code == 404
    page = client.get("/health/messages/").content.decode()
    assert "This installation has no mail server" in page
    assert "Hello" not in page
    assert 'hx-get="/health/messages/"' in client.get("/health/").content.decode()
