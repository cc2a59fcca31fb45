"""Which addresses Muster may call: public ones over https, and the hosts that the environment lists by name.

The resolved address is judged, never the spelling: `127.1` and `0x7f000001` are no IP addresses to Python's parser, and
127.0.0.1 to the resolver.
"""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings

NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
# Python's own lists differ between its releases; these must be out in all of them. The last is Azure's host, as its
# guests see it.
NEVER = tuple(IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
NEVER_SIX = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))
Found = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


class Forbidden(ValueError):
    """Muster does not call this address; the text says why."""


def is_private_host(host: str, port: int | None = None) -> bool:
    """Whether the environment lists this host (`name` or `name:port`) as one that may be private and plain http."""
    bare = host.lower().strip("[]")
    names = {bare, f"{bare}:{port}", f"[{bare}]", f"[{bare}]:{port}"}
    return any(str(listed).lower() in names for listed in settings.PRIVATE_HOSTS)


def check_url(url: str) -> str:
    """Return the URL if Muster may call it, as far as its spelling tells. Raises Forbidden."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Forbidden("the address cannot be read") from error
    if not host or parts.scheme not in {"http", "https"}:
        raise Forbidden("the address must begin with https:// and name a host")
    if parts.scheme != "https" and not is_private_host(host, port):
        raise Forbidden(f"{host} must be called over https")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("the address must not carry a user name or password")
    if "#" in url:
        raise Forbidden("the address must not carry a fragment (#)")
    if any(ord(letter) <= 32 or ord(letter) == 127 or letter == "\\" for letter in url):
        raise Forbidden("the address must not hold spaces, control characters or backslashes")
    return url


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the public internet, also when it is an IPv4 address in IPv6 clothes."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else address.ipv4_mapped or address.sixtofour
        if inner is None:
            in_use = address in GLOBAL_UNICAST and not any(address in network for network in NEVER_SIX)
            return in_use and address.is_global
        address = inner
    return address.is_global and not address.is_multicast and not any(address in network for network in NEVER)


def resolve(host: str, port: int) -> list[Found]:
    """Return the addresses of a host, each judged. Raises Forbidden when one of them is not public, OSError when unknown."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    if not is_private_host(host, port) and not all(is_public(str(address[0])) for *_, address in found):
        raise Forbidden(f"{host} leads to an address that is not public")
    return [(family, address) for family, _, _, _, address in found]
