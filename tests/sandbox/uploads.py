"""People uploaded to a stand-in of an ad platform through RudderStack's, by their digests."""

import base64
import json
from hashlib import sha256

from tests.vendors import Vendors


def digests(start: int, end: int) -> list[str]:
    return [sha256(f"person {number}".encode()).hexdigest() for number in range(start, end)]


def upload(vendors: Vendors, write_key: str, start: int, end: int, *, action: str = "insert") -> None:
    """Send people by number in one request; Meta's field is upper case and Google's lower, so both go along."""
    events = [
        {"type": "record", "action": action, "fields": {"EMAIL": one, "email": one}, "messageId": one, "userId": one}
        for one in digests(start, end)
    ]
    key = base64.b64encode(f"{write_key}:".encode()).decode()
    answer = vendors.session.post(
        f"{vendors.rudder}/v1/batch",
        data=json.dumps({"batch": events}),
        headers={"Authorization": f"Basic {key}"},
        timeout=30,
    )
    assert answer.status_code == 200
