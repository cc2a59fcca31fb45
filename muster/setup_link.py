"""The link to the page on which the first administrator of a new installation comes in."""

from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from . import set_up


def fresh_link(base_url: str = "") -> str:
    """Return a link that works once, which makes older ones useless. Raises set_up.Closed when an administrator exists."""
    token = set_up.new_token()
    return f"{base_url or address()}{reverse('setup')}?{urlencode({'token': token})}"


def address() -> str:
    """Return where people reach this installation, as far as the settings tell."""
    named = [host for host in settings.ALLOWED_HOSTS if host not in {*settings.LOOPBACK_HOSTS, "*"}]
    if settings.SECURE and named:
        return f"https://{named[0].removeprefix('.')}"
    return f"http://{loopback(settings.BIND)}:{settings.PORT}"


def loopback(host: str) -> str:
    """Return the host as one that a browser on this machine can open."""
    if host in {"0.0.0.0", "::", ""}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
