"""The platforms behind RudderStack, as one reads them back: each a stand-in of its own under /platforms/NAME."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.amplitude import amplitude_app
from sandbox.google_ads import google_apps
from sandbox.meta import meta_app
from sandbox.mixpanel import mixpanel_app
from sandbox.platform_lists import Behind
from sandbox.posthog import posthog_app
from sandbox.webhook import webhook_app

PREFIX = "/platforms/"


class PlatformApp(Protocol):
    """A stand-in that can forget everything."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...

    def forget(self) -> None:
        """Forget orders, faults, records."""


class Mounts:
    """A WSGI app with others below it: what begins with /platforms/NAME/ goes there without that beginning."""

    def __init__(self, front: WSGIApplication, mounted: Mapping[str, PlatformApp]) -> None:
        self.front, self.mounted = front, mounted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ["PATH_INFO"])
        name, slash, rest = path.removeprefix(PREFIX).partition("/")
        app = self.mounted.get(name) if path.startswith(PREFIX) and slash else None
        if app is None:
            return self.front(environ, start_response)
        environ["PATH_INFO"] = f"/{rest}"
        return app(environ, start_response)


def platform_apps(behind: Behind) -> dict[str, PlatformApp]:
    """Make every platform's stand-in, by its name in the address."""
    amplitude, mixpanel, posthog = amplitude_app(behind), mixpanel_app(behind), posthog_app(behind)
    return {
        "meta": meta_app(behind),
        **google_apps(behind),
        **dict.fromkeys(("amplitude_us", "amplitude_eu"), amplitude),
        **dict.fromkeys(("mixpanel_us", "mixpanel_eu", "mixpanel_in"), mixpanel),
        **dict.fromkeys(("posthog_us", "posthog_eu"), posthog),
        "webhook": webhook_app(behind),
    }
