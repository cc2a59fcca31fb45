"""The running stand-ins for Customer.io (two regions) and RudderStack, and short ways to order from them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

ROOT = Path(__file__).resolve().parent.parent
SPEED = 50
US_KEY, EU_KEY = "sandbox-us-key", "sandbox-eu-key"


class OrderRefused(AssertionError):
    """The sandbox did not carry an order out; the text is its answer."""


class Vendors:
    """Base URLs `us`, `eu`, `rudder`, and orders. Everything is at a stand-in of one region unless `base` says otherwise.

    Time-limited things (export jobs, building segments, rate windows) run 50 times as fast as at the vendor.
    """

    def __init__(self, folder: Path, speed: float = SPEED) -> None:
        command = [sys.executable, "-m", "sandbox.server", "--data", str(folder), "--speed", f"{speed:g}"]
        self.process = subprocess.Popen(
            [*command, "--with-parent"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.us, self.eu, self.rudder = str(told["us"]), str(told["eu"]), str(told["rudder"])
        self.session = requests.Session()
        self.session.trust_env = False

    @property
    def hosts(self) -> list[str]:
        """Return `host:port` of each stand-in."""
        return [urlsplit(url).netloc for url in (self.us, self.eu, self.rudder)]

    def at(self, platform: str) -> str:
        """Return the address of a platform's stand-in, by its name in settings.PLATFORM_HOSTS."""
        return f"{self.rudder}/platforms/{platform}"

    def stop(self) -> None:
        """End the stand-ins."""
        self.session.close()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(10)

    def reset(self) -> None:
        """Forget people, segments, sources, faults, records."""
        for base in (self.us, self.eu, self.rudder):
            self.order(base, "/_sandbox/reset")

    def _asked(self, method: str, base: str, path: str, **parts: Any) -> requests.Response:
        answer = self.session.request(method, base + path, timeout=600, **parts)
        if answer.status_code != 200:
            raise OrderRefused(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    def order(self, base: str, path: str, body: Any = None) -> Any:
        """POST an order, or ask without one, and return what the sandbox answered."""
        return self._asked("POST", base, path, json={} if body is None else body).json()

    def get(self, base: str, path: str, **query: Any) -> Any:
        """Ask, and return the answer: JSON, or a list where it comes one a line."""
        answer = self._asked("GET", base, path, params=query)
        if answer.headers["Content-Type"] == "application/x-ndjson":
            return [json.loads(line) for line in answer.content.splitlines()]
        return answer.json()

    def delete(self, base: str, path: str) -> Any:
        return self._asked("DELETE", base, path).json()

    # Customer.io

    def people(self, count: int, *, base: str = "", **wanted: Any) -> int:
        """Generate a population (seed=, shares=, plain=, twins=) and return its size."""
        return int(self.order(base or self.us, "/_sandbox/people", {"count": count, **wanted})["count"])

    def upsert(self, *people: dict[str, Any], base: str = "") -> list[str]:
        """Create or change people by their attributes and return their cio_ids."""
        return list(self.order(base or self.us, "/_sandbox/people/upsert", {"people": people})["cio_ids"])

    def forget(self, *cio_ids: str, base: str = "") -> None:
        """Delete people."""
        self.order(base or self.us, "/_sandbox/people/delete", {"cio_ids": cio_ids})

    def segment(self, *, base: str = "", **wanted: Any) -> int:
        """Create a segment (id=, name=, members=[cio_id], generated={}, conditions=, state= …) and return its id."""
        return int(self.order(base or self.us, "/_sandbox/segments", wanted)["id"])

    def change_segment(self, number: int, *, base: str = "", **wanted: Any) -> None:
        """Change a segment (add=[cio_id], remove=[cio_id], state=, conditions=, delete=True …)."""
        self.order(base or self.us, f"/_sandbox/segments/{number}", wanted)

    def churn(self, number: int, share: float, *, seed: int = 1, base: str = "") -> dict[str, int]:
        """Swap a share of the members and return who left, entered and was added to the population."""
        return dict(self.order(base or self.us, f"/_sandbox/segments/{number}/churn", {"share": share, "seed": seed}))

    def members(self, number: int, *, base: str = "") -> list[dict[str, str]]:
        """Return the true members of a segment with their attributes."""
        return list(self.get(base or self.us, f"/_sandbox/segments/{number}/members"))

    def cio_requests(self, *, base: str = "", after: int = 0) -> list[dict[str, Any]]:
        """Return the recorded requests to a Customer.io stand-in, oldest first."""
        return list(self.get(base or self.us, "/_sandbox/requests", after=after)["requests"])

    # RudderStack

    def source(self, write_key: str, type: str = "FB_CUSTOM_AUDIENCE", *, name: str = "", **config: Any) -> int:
        """Create a source with one destination of this type and configuration."""
        place = {"type": type, "name": name or type, "config": config}
        return int(
            self.order(self.rudder, "/_sandbox/sources", {"write_key": write_key, "destinations": [place]})["id"]
        )

    def membership(self, write_key: str, **query: Any) -> dict[str, Any]:
        """Return what the source's destination holds now (destination=, trait=, identifiers=0)."""
        return dict(self.get(self.rudder, f"/_sandbox/sources/{quote(write_key, safe='')}/membership", **query))

    def audit(self, write_key: str, **query: Any) -> dict[str, Any]:
        """Return the membership with the message ids that came more than once."""
        return dict(self.get(self.rudder, f"/_sandbox/sources/{quote(write_key, safe='')}/audit", **query))

    def requests(self, write_key: str) -> list[dict[str, Any]]:
        """Return every request with this write key, oldest first."""
        return list(self.get(self.rudder, f"/_sandbox/sources/{quote(write_key, safe='')}/requests")["requests"])

    def events(self, write_key: str) -> list[dict[str, Any]]:
        """Return every stored event of this write key, in order."""
        return [
            line["event"] for line in self.get(self.rudder, f"/_sandbox/sources/{quote(write_key, safe='')}/events")
        ]

    def mirror(self, *, base: str = "", strict: bool = True) -> int:
        """Let the ad platforms know every person of a Customer.io stand-in, by each platform's own normal forms."""
        return int(
            self.order(self.rudder, "/_sandbox/platform/mirror", {"customerio": base or self.us, "strict": strict})[
                "people"
            ]
        )

    # Both

    def fault(self, base: str, kind: str, match: dict[str, str] | None = None, **details: Any) -> int:
        """Order a fault (times=, after=, and what the kind takes) and return its id."""
        return int(self.order(base, "/_sandbox/faults", {"kind": kind, "match": match or {}, **details})["id"])

    def faults(self, base: str) -> list[dict[str, Any]]:
        """Return the ordered faults with how many requests each has seen."""
        return list(self.get(base, "/_sandbox/faults")["faults"])

    # Webhooks

    def webhook(self, endpoint: str, key: str, **wanted: Any) -> int:
        """Make a webhook at the stand-in of the US (kind=, lanes=, hour_seconds=, resign=) and return its id."""
        return int(self.order(self.us, "/_sandbox/webhooks", {"endpoint": endpoint, "key": key, **wanted})["id"])

    def send(self, webhook: int, events: list[Any], **wanted: Any) -> int:
        """Queue events at a webhook (duplicate=, shuffle=) and return how many requests that will be."""
        return int(self.order(self.us, f"/_sandbox/webhooks/{webhook}/send", {"events": events, **wanted})["queued"])

    def send_once(self, webhook: int, event: Any, **wanted: Any) -> int:
        """Post one event past the queue (forge=, age=) and return the status of the answer."""
        return int(self.order(self.us, f"/_sandbox/webhooks/{webhook}/once", {"event": event, **wanted})["status"])

    def sent(self, webhook: int) -> dict[str, Any]:
        """Return what became of what a webhook sends."""
        return dict(self.get(self.us, f"/_sandbox/webhooks/{webhook}"))

    def tracked(self, write_key: str) -> dict[str, Any]:
        """Return the track events of a source as a vendor counts them that tells them apart by messageId."""
        return dict(self.get(self.rudder, f"/_sandbox/sources/{quote(write_key, safe='')}/tracked"))
