"""What the demo orders from the vendors' stand-ins, over HTTP as anybody else would."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import orjson
from django.conf import settings

from muster.http import Door

from .northwind import COMPANY, EDITED, PEOPLE, REFUNDED, SEGMENTS, TEAM
from .sign_ins import DOMAIN

NO_CONFIG: Final[Mapping[str, Any]] = {}


def member(name: str, number: int) -> dict[str, Any]:
    """Return somebody of the team as Customer.io knows them."""
    address = f"{name}@{DOMAIN}"
    return {"id": f"team-{number}", "email": address, "phone": f"+1212555{number:04}", "ad_consent": True, "orders": 2}


class StandIns:
    """The stand-in of Customer.io's US region, and the one of RudderStack with the ad platforms behind it."""

    def __init__(self) -> None:
        self.customerio_url = str(settings.CUSTOMERIO_HOSTS["us"])
        self.rudder_url = str(settings.SANDBOX_RUDDER)
        self.customerio = Door(self.customerio_url, vendor="Sandbox Customer.io", timeout=60)
        self.rudder = Door(self.rudder_url, vendor="Sandbox RudderStack", timeout=60)

    @contextmanager
    def in_haste(self) -> Iterator[None]:
        """Let Customer.io's stand-in answer a thousand requests a second meanwhile, as no vendor would; then ten again."""
        self.customerio.post("/_sandbox/options", json={"rate_limit": 1000})
        try:
            yield
        finally:
            self.customerio.post("/_sandbox/options", json={"rate_limit": 10})

    def make_workspace(self, api_key: str) -> None:
        """Generate people and segments, and let the ad platforms know the same human beings."""
        self.customerio.post("/_sandbox/options", json={"workspace": {"id": 4471, "name": COMPANY}})
        self.customerio.post("/_sandbox/keys", json={"key": api_key, "scope": "full"})
        self.customerio.post("/_sandbox/people", json=PEOPLE)
        for segment in SEGMENTS:
            self.customerio.post("/_sandbox/segments", json=segment.order())
        self.make_team()
        self.mirror()

    def make_team(self) -> None:
        """Let the company's own people be people in Customer.io, each in the segments that their team tests."""
        for place, plan in enumerate(TEAM):
            people = [member(name, 100 * place + number) for number, name in enumerate(plan.names)]
            made = self.customerio.post("/_sandbox/people/upsert", json={"people": people}).json()
            for segment in plan.segments:
                self.customerio.post(f"/_sandbox/segments/{segment}", json={"add": made["cio_ids"]})

    def mirror(self) -> None:
        """Make the ad platforms' people those of Customer.io as they are now."""
        self.rudder.post("/_sandbox/platform/mirror", json={"customerio": self.customerio_url, "strict": True})

    def make_data_out(self, write_key: str, coupons_key: str) -> None:
        """Set up Customer.io's own Data Out to RudderStack, which Muster reads and shows: of emails into a source of its own,
        of coupons into one that Muster uses too.
        """
        self.make_source("customerio-data-out", write_key, "AMPLITUDE")
        hooks = [
            self.data_out("RudderStack (legacy)", write_key, "email_sent", "email_opened", "email_clicked"),
            self.data_out("RudderStack (legacy), coupons", coupons_key, "coupon_shown"),
        ]
        self.customerio.post("/_sandbox/reporting_webhooks", json={"reporting_webhooks": hooks})

    def data_out(self, name: str, write_key: str, *events: str) -> dict[str, Any]:
        endpoint = f"{self.rudder_url}/v1/webhook?writeKey={quote(write_key)}"
        return {"name": name, "endpoint": endpoint, "events": list(events)}

    def make_event_source(self, name: str, write_key: str, kinds: Sequence[str]) -> None:
        """Create a RudderStack source for events, with a destination of each kind behind it."""
        places = [{"name": f"{name}-{kind.lower()}", "type": kind, "config": {}} for kind in kinds]
        self.rudder.post("/_sandbox/sources", json={"name": name, "write_key": write_key, "destinations": places})

    def make_source(self, name: str, write_key: str, kind: str, config: Mapping[str, Any] = NO_CONFIG) -> None:
        """Create a RudderStack source with one destination behind it, hashing off; `config` names the list it fills."""
        place: dict[str, Any] = {"name": name, "type": kind, "config": {"isHashRequired": False, **config}}
        self.rudder.post("/_sandbox/sources", json={"name": name, "write_key": write_key, "destinations": [place]})

    def churn(self, segment: int, share: float, seed: int) -> None:
        """Let a share of a segment's people leave and as many others enter."""
        self.customerio.post(f"/_sandbox/segments/{segment}/churn", json={"share": share, "seed": seed})

    def lose_phones(self, segment: int, share: float) -> int:
        """Take the phone from a share of a segment's people, as a form that no longer asks for it; return from how many."""
        answer = self.customerio.get(f"/_sandbox/segments/{segment}/members")
        known = [person for line in answer.body.splitlines() if "phone" in (person := orjson.loads(line))]
        losing = [{"cio_id": person["cio_id"], "phone": None} for person in known[: round(len(known) * share)]]
        self.customerio.post("/_sandbox/people/upsert", json={"people": losing})
        return len(losing)

    def edit_refunds(self) -> None:
        """Change the refund segment's logic, as somebody in Customer.io would."""
        self.customerio.post(f"/_sandbox/segments/{REFUNDED}", json=EDITED)
