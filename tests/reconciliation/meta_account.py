"""Orders to the stand-in of Meta, for tests of pages: lists, ad sets, tokens, faults."""

from typing import Any

from pytest_django import Settings

from tests.vendors import Vendors

TOKEN = "token-of-a-system-user-9d0e"
GIVEN = {"account": "act_1234567890", "token": TOKEN}


class MetaAccount:
    """One ad account at the stand-in, where Muster's settings point."""

    def __init__(self, vendors: Vendors, settings: Settings) -> None:
        self.vendors, self.base = vendors, f"{vendors.rudder}/platforms/meta"
        settings.PLATFORM_HOSTS = {**settings.PLATFORM_HOSTS, "meta": self.base}
        vendors.order(self.base, "/_sandbox/reset")
        self.token("full")

    def list(self, external_id: str, **wanted: Any) -> None:
        """Make or change a list, or with deleted=True take it away."""
        self.vendors.order(self.base, f"/_sandbox/lists/{external_id}", wanted)

    def ad_set(self, number: str, **wanted: Any) -> None:
        """Make or change an ad set."""
        self.vendors.order(self.base, f"/_sandbox/ad_sets/{number}", wanted)

    def token(self, state: str) -> None:
        """Set what the token is: full, expired, revoked, no_permission, development."""
        self.vendors.order(self.base, "/_sandbox/options", {"tokens": {TOKEN: state}})

    def fault(self, kind: str, path: str, times: int = 5) -> None:
        """Let requests to a path fail so often."""
        self.vendors.order(self.base, "/_sandbox/faults", {"kind": kind, "match": {"path": path}, "times": times})
