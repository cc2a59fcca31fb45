"""Clients that speak to the stand-ins as a vendor's customer does, and see every status."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.vendors import US_KEY, Vendors

Ask = Callable[..., requests.Response]


@pytest.fixture
def api(vendors: Vendors) -> Ask:
    """Asks the App API: `api("GET", "/v1/segments", key=…, base=…)`; `key=None` sends no credential."""

    def ask(
        method: str, path: str, *, key: str | None = US_KEY, base: str = "", headers: Any = None, **parts: Any
    ) -> requests.Response:
        sent = {**({"Authorization": f"Bearer {key}"} if key is not None else {}), **(headers or {})}
        return vendors.session.request(
            method, (base or vendors.us) + path, headers=sent, timeout=30, allow_redirects=False, **parts
        )

    return ask


@pytest.fixture
def gateway(vendors: Vendors) -> Ask:
    """Asks RudderStack: `gateway("/v1/batch", {"batch": […]}, key=…)`. A body of bytes goes as it is."""

    def ask(
        path: str, body: Any = None, *, key: str | None = "wk", method: str = "POST", headers: Any = None, **parts: Any
    ) -> requests.Response:
        sent = {**({"Authorization": basic(key)} if key is not None else {}), **(headers or {})}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return vendors.session.request(
            method, vendors.rudder + path, data=data, headers=sent, timeout=30, allow_redirects=False, **parts
        )

    return ask


def basic(key: str, password: str = "") -> str:
    """Return the Authorization header for a write key."""
    return "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()
