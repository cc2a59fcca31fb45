"""Muster calls the public internet and the hosts that its environment lists. However an address is spelled, no other."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from muster.addresses import Forbidden, check_url, is_private_host, is_public, resolve
from muster.http import AddressRefused, Door, VendorError

PRIVATE = (
    # loopback, as people write it
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f.1",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "2130706433",
    "00000000177.0.0.1",
    "127.0x0.0.01",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost.localdomain",
    "ip6-localhost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::0.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:0:0:0:0:80ff:fffe]",
    # this host
    "0",
    "0.0.0.0",
    "0.0",
    "0x0",
    "000.000.000.000",
    "0.1.2.3",
    "[::]",
    "[::ffff:0.0.0.0]",
    # the metadata of clouds
    "169.254.169.254",
    "169.254.43518",
    "169.16689662",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fd00:ec2::254]",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16.nip.example",
    "metadata",
    "metadata.google.internal",
    "instance-data.ec2.internal",
    # private networks
    "10.0.0.1",
    "10.255.255.255",
    "10.1",
    "012.0.0.1",
    "0xa.0.0.1",
    "167772161",
    "172.16.0.1",
    "172.31.255.255",
    "172.1048577",
    "192.168.0.1",
    "192.168.1",
    "3232235521",
    "0xc0a80001",
    "[::ffff:10.0.0.1]",
    "[::ffff:c0a8:1]",
    "[2002:c0a8:1::]",
    "[2002:a00:1::1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::10.0.0.1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fdff:ffff::]",
    "[fec0::1]",
    # link-local, shared, test, benchmark, documentation, multicast, broadcast, reserved
    "169.254.0.1",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[febf::1]",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "[ff02::1]",
    "[ff0e::1]",
    "[2001:db8::1]",
    "[100::1]",
    "[2001:2::1]",
    "[::ffff:255.255.255.255]",
    "168.63.129.16",
    "192.88.99.1",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
    "[v1.x]",
    # names that lead there
    "localtest.example",
    "ten.example",
    "metadata.example",
    "ula.example",
    "mixed.example",
    "mixed-six.example",
    # letters that look like digits, dots and slashes
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "loc\u00adalhost",
    "%6c%6f%63alhost",
    "127%2e0%2e0%2e1",
)
NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "localhost.localdomain": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "metadata": ["169.254.169.254"],
    "metadata.google.internal": ["169.254.169.254"],
    "instance-data.ec2.internal": ["169.254.169.254"],
    "168.63.129.16.nip.example": ["192.168.129.16"],
    "localtest.example": ["127.0.0.1"],
    "ten.example": ["10.2.3.4"],
    "metadata.example": ["169.254.169.254"],
    "ula.example": ["fd00::5"],
    "mixed.example": ["93.184.216.34", "10.0.0.1"],
    "mixed-six.example": ["93.184.216.34", "::1"],
    "public.example": ["93.184.216.34"],
}
REFUSED_URLS = (
    "http://public.example/",
    "HTTP://public.example/",
    "ftp://public.example/",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/",
    "ldap://127.0.0.1/",
    "unix:///run/redis.sock",
    "javascript:alert(1)",
    "data:text/plain,x",
    "//public.example/",
    "public.example",
    "https:",
    "https://",
    "https:///path",
    "https:/public.example",
    "https:public.example",
    "https://:443/",
    "https://user@public.example/",
    "https://user:password@public.example/",
    "https://@public.example/",
    "https://:@public.example/",
    "https://public.example@127.0.0.1/",
    "https://127.0.0.1@public.example/",
    "https://public.example#@127.0.0.1/",
    "https://public.example/#fragment",
    "https://public.example/#",
    "https://public.example\\@127.0.0.1/",
    "https://127.0.0.1\\.public.example/",
    "https:\\\\public.example/",
    "https://public.example /",
    " https://public.example/",
    "https://public.example/a b",
    "https://public.example/\r\nHost: 127.0.0.1",
    "https://public.example/\n",
    "https://pub\tlic.example/",
    "https://public.example\0.evil.example/",
    "https://public.example/\x7f",
    "https://public.example:99999/",
    "https://public.example:-1/",
    "https://public.example:port/",
    "https://[::1/",
    "https://::1/",
    "https://[127.0.0.1]/",
    "",
)


@dataclass
class Network:
    """A resolver of our own, and the addresses that somebody tried to connect to."""

    names: dict[str, list[Any]] = field(default_factory=lambda: dict(NAMES))
    tried: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    real: Callable[..., Any] = socket.getaddrinfo

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        """Numbers in every spelling are read by the C library, as in life; names come from the table."""
        self.looked_up.append(host)
        try:
            return list(self.real(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        except OSError:
            answers = self.names.get(host.lower().rstrip("."))
            if answers is None:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
        if answers and isinstance(answers[0], list):
            answers = answers.pop(0)
        return [found for answer in answers for found in self.real(answer, port, type=socket.SOCK_STREAM)]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Network]:
    settings.PRIVATE_HOSTS = frozenset()
    watched = Network()

    def connect(self: socket.socket, address: Any) -> None:
        watched.tried.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", watched.getaddrinfo)
        patch.setattr(socket.socket, "connect", connect)
        yield watched


def call(url: str) -> VendorError:
    """Try every way out to this URL and return the last error."""
    with pytest.raises(VendorError) as as_base:
        Door(url, vendor="V", timeout=1).get("")
    with pytest.raises(VendorError), Door("https://public.example", vendor="V", timeout=1).stream(url):
        pass
    return as_base.value


def test_the_list_is_long() -> None:
    assert len(set(PRIVATE)) + len(set(REFUSED_URLS)) > 150


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("form", ["https://{}/x", "https://{}:8443/x?y=1", "http://{}/x"])
def test_no_spelling_leads_inside(network: Network, host: str, form: str) -> None:
    error = call(form.format(host))

    assert network.tried == []
    # What is no address at all is unreachable, or cannot be sent; the rest is refused as what it is.
    if not isinstance(error, AddressRefused):
        assert network.looked_up[:1] in ([], [host.strip("[]")]) or "%" in host or not host.isascii()
        assert not network.names.get(host.lower())


@pytest.mark.parametrize("host", [host for host in PRIVATE if host.isascii() and "%" not in host])
def test_what_has_an_address_is_refused_because_of_it(network: Network, host: str) -> None:
    try:
        network.getaddrinfo(host.strip("[]"), 443)
    except OSError:
        pytest.skip("no address at all on this system")

    assert isinstance(call(f"https://{host}/"), AddressRefused)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_what_is_no_proper_address_is_refused_before_anything_is_looked_up(network: Network, url: str) -> None:
    with pytest.raises(AddressRefused):
        Door(url, vendor="V")

    assert (network.tried, network.looked_up) == ([], [])


@pytest.mark.parametrize(
    "path", ["https://10.0.0.1/", "//10.0.0.1/x", "\\\\10.0.0.1\\x", "@10.0.0.1/", ":80@10.0.0.1/", ".ten.example/"]
)
def test_a_path_does_not_change_the_host(network: Network, path: str) -> None:
    with pytest.raises(VendorError):
        Door("https://public.example", vendor="V").get(path)

    assert set(network.tried) <= {"93.184.216.34"}


def test_a_name_that_changes_its_mind_gains_nothing(network: Network) -> None:
    """The address that was judged is the one that is called; a second look-up is judged again."""
    network.names["rebind.example"] = [["93.184.216.34"], ["127.0.0.1"], ["10.0.0.1"]]
    door = Door("https://rebind.example", vendor="V")

    outcomes = []
    for _ in range(3):
        with pytest.raises(VendorError) as caught:
            door.get("/x")
        outcomes.append(isinstance(caught.value, AddressRefused))

    assert outcomes == [False, True, True]
    assert network.tried == ["93.184.216.34"]
    assert network.looked_up == ["rebind.example"] * 3


def test_a_public_name_is_called(network: Network) -> None:
    with pytest.raises(VendorError) as caught:
        Door("https://public.example/base", vendor="V").get("/x")

    assert not isinstance(caught.value, AddressRefused)
    assert network.tried == ["93.184.216.34"]


# What the environment lists


@pytest.mark.parametrize(
    ("listed", "host", "port", "allowed"),
    [
        ("127.0.0.1:8000", "127.0.0.1", 8000, True),
        ("127.0.0.1:8000", "127.0.0.1", 8001, False),
        ("127.0.0.1:8000", "127.0.0.1", None, False),
        ("127.0.0.1", "127.0.0.1", 8001, True),
        ("127.0.0.1", "127.0.0.2", 80, False),
        ("Rudder.Internal", "rudder.internal", 443, True),
        ("rudder.internal", "RUDDER.INTERNAL", 443, True),
        ("rudder.internal", "evil.rudder.internal", 443, False),
        ("rudder.internal", "rudder.internal.evil", 443, False),
        ("[::1]:8000", "::1", 8000, True),
        ("[::1]:8000", "::1", 8001, False),
        ("::1", "::1", 8001, True),
        ("", "127.0.0.1", 80, False),
    ],
)
def test_a_listed_host_may_be_private(
    settings: Settings, listed: str, host: str, port: int | None, allowed: bool
) -> None:
    settings.PRIVATE_HOSTS = frozenset({listed} if listed else ())

    assert is_private_host(host, port) is allowed


def test_a_listed_host_is_called_over_plain_http(network: Network, settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"ten.example:8080"})

    with pytest.raises(VendorError) as caught:
        Door("http://ten.example:8080", vendor="V").get("/")
    assert not isinstance(caught.value, AddressRefused)
    assert network.tried == ["10.2.3.4"]

    with pytest.raises(AddressRefused):
        Door("http://ten.example:8081", vendor="V")


def test_a_listed_host_must_still_be_a_proper_address(settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"ten.example"})

    for url in ("http://user@ten.example/", "http://ten.example/#x", "ftp://ten.example/"):
        with pytest.raises(Forbidden):
            check_url(url)


# Addresses


@pytest.mark.parametrize(
    "text",
    [
        "93.184.216.34",
        "8.8.8.8",
        "1.1.1.1",
        "2606:2800:220:1::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::",
    ],
)
def test_public_addresses(text: str) -> None:
    assert is_public(text)


@given(st.ip_addresses(v=4))
def test_an_address_in_six_clothes_is_judged_as_the_one_inside(address: Any) -> None:
    number = int(address)
    inside = is_public(str(address))

    assert is_public(f"::ffff:{address}") is inside
    assert is_public(f"64:ff9b::{address}") is inside
    assert is_public(f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1") is inside


def test_an_unknown_name_is_no_answer(network: Network) -> None:
    with pytest.raises(OSError):
        resolve("nobody.example", 443)
