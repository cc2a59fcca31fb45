"""The analytics tools behind the RudderStack stand-in, and short ways to order cohorts from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciliation.readers.opening import reader_for
from reconciliation.readers.seen import ListSeen
from tests.sandbox.conftest import basic
from tests.vendors import Vendors

TRAIT = "muster_aud_vip"


@dataclass(frozen=True)
class Tool:
    """One tool as the tests use it: RudderStack's type, where it is mounted, what a person enters."""

    platform: str
    mount: str
    type: str
    options: Mapping[str, str]
    secrets: Mapping[str, str]
    vendor: str
    size: str = "count"
    more: dict[str, Any] = field(default_factory=dict)


TOOLS = {
    "amplitude": Tool(
        "amplitude",
        "amplitude_us",
        "AMPLITUDE",
        {"region": "us"},
        {"api_key": "sandbox-amplitude-key", "secret_key": "sandbox-amplitude-secret"},
        "Amplitude",
        "size",
    ),
    "mixpanel": Tool(
        "mixpanel",
        "mixpanel_us",
        "MIXPANEL",
        {"region": "us", "project": "1001", "user": "sandbox.mp-service-account"},
        {"password": "sandbox-mixpanel-secret"},
        "Mixpanel",
    ),
    "posthog": Tool(
        "posthog",
        "posthog_us",
        "POSTHOG",
        {"region": "us", "project": "2001"},
        {"token": "phx_sandbox_personal_key"},
        "PostHog",
    ),
}


class Desk:
    """One tool at the running stand-ins."""

    def __init__(self, vendors: Vendors, tool: Tool) -> None:
        self.vendors, self.tool = vendors, tool
        self.base = vendors.at(tool.mount)

    def cohort(self, one: str, **wanted: Any) -> None:
        """Order a cohort (trait= or members=, name=, settling=, fields=, omit=, deleted= …)."""
        self.vendors.order(self.base, f"/_sandbox/lists/{one}", wanted)

    def choose(self, **options: Any) -> None:
        """Turn the stand-in's switches."""
        self.vendors.order(self.base, "/_sandbox/options", options)

    def fault(self, kind: str, **details: Any) -> None:
        """Order a fault for the next request, or for more with `times`."""
        self.vendors.fault(self.base, kind, **details)

    def asked(self) -> list[str]:
        """Return path and query of each request to the tool, without orders."""
        return [
            f"{one['path']}?{one['query']}" for one in self.vendors.get(self.base, "/_sandbox/requests")["requests"]
        ]

    def identify(self, users: Mapping[str, bool], key: str = "wk", trait: str = TRAIT) -> None:
        """Send identifies with the trait through RudderStack."""
        self.vendors.source(key, self.tool.type)
        batch = [
            {
                "type": "identify",
                "userId": user,
                "messageId": f"{key}-{user}-{value}",
                "context": {"traits": {trait: value}},
            }
            for user, value in users.items()
        ]
        answer = self.vendors.session.post(
            f"{self.vendors.rudder}/v1/batch", json={"batch": batch}, headers={"Authorization": basic(key)}, timeout=30
        )
        assert answer.status_code == 200

    def read(self, ids: Sequence[str], **other: str) -> Mapping[str, ListSeen]:
        """Read cohorts back with what a person entered, changed where told: options and secrets by their names."""
        options = {name: other.pop(name, value) for name, value in self.tool.options.items()}
        secrets = {name: other.pop(name, value) for name, value in self.tool.secrets.items()}
        return reader_for(self.tool.platform, {**options, **other}, secrets).lists(ids)

    def one(self, one: str = "7", **other: str) -> ListSeen:
        """Read one cohort."""
        return self.read([one], **other)[one]


def size_of(seen: ListSeen) -> int | None:
    """Return the one figure of a cohort: one number or unknown."""
    (figure,) = seen.figures
    assert (figure.quantity, figure.basis, figure.low) == ("members", "reported", figure.high)
    return figure.low
