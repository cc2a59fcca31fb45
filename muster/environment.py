"""Typed readers of environment variables. A value that cannot be used stops the start with a sentence, never later."""

import base64
import binascii
import os
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
YES = frozenset({"1", "true", "yes", "on"})
MAIL_SECURITY = ("starttls", "tls", "none")
NO = frozenset({"0", "false", "no", "off"})


class Environment:
    """Reads settings from a mapping, by default the process's environment. An empty value counts as not set."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = os.environ if values is None else values

    def text(self, name: str, default: str = "") -> str:
        """Return the value without spaces around it, else the default."""
        return self.values.get(name, "").strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no. Raises ImproperlyConfigured for anything that is neither."""
        text = self.text(name).lower()
        if text in YES | NO:
            return text in YES
        if text:
            raise ImproperlyConfigured(f"{name} is {text!r}. Set it to 1 or 0.")
        return default

    def number(self, name: str, default: float, *, low: float, high: float) -> float:
        """Return a number from `low` to `high`. Raises ImproperlyConfigured."""
        text = self.text(name)
        try:
            value = float(text) if text else float(default)
        except ValueError:
            raise ImproperlyConfigured(f"{name} is {text!r}. Set it to a number.") from None
        if not low <= value <= high:
            raise ImproperlyConfigured(f"{name} is {text}. Set it to a number from {low:g} to {high:g}.")
        return value

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`. Raises ImproperlyConfigured."""
        value = self.number(name, default, low=low, high=high)
        if not value.is_integer():
            raise ImproperlyConfigured(f"{name} is {value:g}. Set it to a whole number.")
        return int(value)

    def names(self, name: str, default: str = "") -> list[str]:
        """Return a comma-separated list without its empty places."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def url(self, name: str, default: str) -> str:
        """Return an http(s) URL without a slash at its end. Raises ImproperlyConfigured."""
        value = self.text(name, default).rstrip("/")
        parts = split_url(name, value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ImproperlyConfigured(f"{name} is not a web address. Set it to one that begins with https://.")
        return value

    def mail_security(self, name: str, default: str) -> tuple[bool, bool]:
        """Return whether mail is sent by STARTTLS, and whether by TLS from the first byte. Raises ImproperlyConfigured."""
        given = self.text(name, default).lower()
        if given not in MAIL_SECURITY:
            raise ImproperlyConfigured(f"{name} is {given!r}. Set it to one of: {', '.join(MAIL_SECURITY)}.")
        return given == "starttls", given == "tls"

    def url_or_none(self, name: str) -> str:
        """Return an http(s) URL, or the empty text when none is set. Raises ImproperlyConfigured, never quoting the value."""
        return self.url(name, "") if self.text(name) else ""

    def urls(self, name: str, defaults: Mapping[str, str]) -> dict[str, str]:
        """Return URLs by name: the defaults, overridden by "name=url,name=url". Raises ImproperlyConfigured."""
        pairs = [part.partition("=") for part in self.names(name)]
        if unknown := [key for key, _, _ in pairs if key not in defaults]:
            raise ImproperlyConfigured(f"{name} names {unknown[0]!r}. Names are: {', '.join(sorted(defaults))}.")
        given = Environment({key: url for key, _, url in pairs})
        return {key: given.url(key, url) for key, url in defaults.items()}

    def pepper(self, name: str, default: str) -> bytes:
        """Return 32 secret bytes from base64. Raises ImproperlyConfigured, never quoting the value."""
        return key_bytes(name, self.text(name, default))

    def keys(self, name: str, default: str) -> list[tuple[str, bytes]]:
        """Return (id, 32 bytes) pairs from "id:base64,id:base64"; the first encrypts. Raises ImproperlyConfigured."""
        pairs = [pair.partition(":") for pair in self.names(name, default)]
        if not pairs or not all(key_id and colon for key_id, colon, _ in pairs):
            raise ImproperlyConfigured(f"{name} is not readable. Set it to id:base64 pairs with commas between them.")
        if len({key_id for key_id, _, _ in pairs}) < len(pairs):
            raise ImproperlyConfigured(f"{name} uses an id twice. Give each key an id of its own.")
        return [(key_id, key_bytes(name, text)) for key_id, _, text in pairs]


def key_bytes(name: str, text: str) -> bytes:
    """Return the 32 bytes that the base64 text stands for. Raises ImproperlyConfigured, never quoting the text."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"{name} must hold {KEY_BYTES} bytes as base64. Make some with: openssl rand -base64 32"
        )
    return value


def split_url(name: str, url: str) -> SplitResult:
    """Return the parts of a URL whose host and port can be read. Raises ImproperlyConfigured."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not an address that can be read. Look at its host and port.") from None
    return parts


def redis_parts(url: str) -> dict[str, object]:
    """Return a Redis URL as the parts that RQ_QUEUES takes. Raises ImproperlyConfigured.

    Given as `URL`, redis-py does not retry, and a busy worker dies of an outage of 1.5 seconds; given as parts, it does.
    """
    parts = split_url("REDIS_URL", url)
    database = parts.path.strip("/") if parts.scheme != "unix" else parse_qs(parts.query).get("db", ["0"])[0]
    if not (database or "0").isdecimal():
        raise ImproperlyConfigured("REDIS_URL names a database that is not a number.")
    if parts.scheme == "unix":
        if parts.username or parts.password or not parts.path:
            raise ImproperlyConfigured("REDIS_URL over a socket is unix:///path, without user and password.")
        return {"UNIX_SOCKET_PATH": unquote(parts.path), "DB": int(database or 0)}
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ImproperlyConfigured(
            "REDIS_URL must begin with redis://, rediss:// or unix:// and name a host or a path."
        )
    return {
        "HOST": parts.hostname,
        "PORT": parts.port or 6379,
        "DB": int(database or 0),
        "USERNAME": unquote(parts.username) if parts.username else None,
        "PASSWORD": unquote(parts.password) if parts.password else None,
        "SSL": parts.scheme == "rediss",
    }
