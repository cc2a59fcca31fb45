"""What a person is sent: subject, plain text and HTML, of a digest or of one change."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string

from .digest import Digest, lines

TEMPLATE = "reconciliation/mail.html"
FOOT = "How Muster tells you things is set in your profile: "


@dataclass(frozen=True)
class Message:
    """One message in every form that a channel takes."""

    subject: str
    text: str
    html: str


def of_digest(digest: Digest) -> Message:
    """Return the weekly digest of one person."""
    context: dict[str, object] = {
        "lead": digest.lead,
        "duties": digest.told,
        "more": digest.more,
        "rest": [digest.recovery, digest.standing],
    }
    return _message(digest.subject, lines(digest, settings.URL), context)


def of_change(subject: str, sentences: Sequence[str], path: str) -> Message:
    """Return the message of one change: its first sentence leads, and the link leads to where something can be done."""
    lead, *rest = sentences
    text = [lead, *rest, "", f"{settings.URL}{path}"]
    return _message(subject, text, {"lead": lead, "duties": [], "rest": rest, "path": path})


def _message(subject: str, text: Sequence[str], context: dict[str, object]) -> Message:
    one_line = " ".join(subject.split())[:200]
    html = render_to_string(TEMPLATE, {"subject": one_line, "base": settings.URL, **context})
    body = "\n".join([*text, "", f"{FOOT}{settings.URL}/profile/"])
    return Message(one_line, body, html)
