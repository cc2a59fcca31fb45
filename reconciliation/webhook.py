"""The one webhook of the installation: takes `{"text": …}`, as Slack's incoming webhooks and what is like them do."""

from typing import Final
from urllib.parse import urlsplit

from muster.http import Door

LONGEST: Final = 3_500  # Slack cuts a text at 4,000 characters, somewhere
# Slack's three control characters; without this a name could call a whole channel.
ESCAPES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


def payload(text: str) -> dict[str, str]:
    """Return what is posted: the text with Slack's control characters escaped, cut at a line if it is too long."""
    for character, instead in ESCAPES:
        text = text.replace(character, instead)
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition("\n")[0] + "\n… The whole message is in Muster, under Your profile."
    return {"text": text}


def post(url: str, text: str) -> None:
    """Post one message. Raises VendorError; no error carries the address, which is a secret."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    secrets = [path, path.lstrip("/"), *(part for part in parts.path.split("/") if len(part) > 4)]
    door = Door(f"{parts.scheme}://{parts.netloc}", vendor="The webhook", secrets=secrets, max_bytes=1 << 16)
    door.post(path, json=payload(text))
