"""The door out: every status, every way in which an exchange can go wrong, and what of it reaches a person."""

import base64
import gzip
import itertools
import socket
import ssl
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given
from hypothesis import settings as chances
from hypothesis import strategies as st
from pytest_django import Settings
from requests.structures import CaseInsensitiveDict

from muster.http import (
    AddressRefused,
    BadCredentials,
    Door,
    Gone,
    RateLimited,
    Refusal,
    Rejected,
    Unreachable,
    Unreadable,
    VendorError,
    retry_after,
)
from tests.muster.wire import Wire, broken, head, once, seconds, whole

MakeDoor = Callable[..., Door]
SECRET = "key-4f9a+b/c d"
NOBODY = "http://127.0.0.1:9"


def failure(call: Callable[[], object]) -> VendorError:
    """Return the error that a call ends with."""
    with pytest.raises(VendorError) as caught:
        call()
    return caught.value


def told(error: VendorError) -> str:
    """Return everything that a log or a page could show of an error."""
    return "\n".join([str(error), repr(error), error.detail, *error.words, *traceback.format_exception(error)])


# Statuses

NAMED = {401: BadCredentials, 403: BadCredentials, 404: Gone, 410: Gone, 408: Unreachable}


def expected(status: int) -> type[VendorError]:
    if status in {425, 429}:
        return RateLimited
    return NAMED.get(status) or (Unreachable if status >= 500 else Rejected)


@pytest.mark.parametrize("status", [*(status for status in HTTPStatus if status >= 300), 299 + 1, 419, 499, 521, 599])
def test_each_status_has_one_error(wire: Wire, door: MakeDoor, status: int) -> None:
    wire.script = wire.saying(whole(b"why not", status))

    error = failure(lambda: door().post("/x", json={}))

    assert type(error) is expected(status)
    assert error.status == status
    assert error.ambiguous == (status >= 500)
    assert error.retryable == (expected(status) in {RateLimited, Unreachable})
    assert all(sentence.endswith((".", "Connections.")) and "{" not in sentence for sentence in error.words)
    assert ("why not" in error.detail) is not (300 <= status < 400)


@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 226])
def test_an_answer_is_read_whole(wire: Wire, door: MakeDoor, status: int) -> None:
    wire.script = wire.saying(whole(b'{"a": 1}', status, "X-Told: yes"))

    answer = door().get("/x")

    assert (answer.status, answer.json(), answer.headers["x-told"]) == (status, {"a": 1}, "yes")


def test_an_answer_may_have_no_body(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(head(204))

    assert door().get("/x").body == b""


def test_a_vendor_may_mean_something_else_by_a_status(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(b"no", 400))

    assert type(failure(lambda: door(statuses={400: BadCredentials}).get("/x"))) is BadCredentials
    assert type(failure(lambda: door().get("/x"))) is Rejected


def test_a_vendors_body_may_say_more_than_its_status(wire: Wire, door: MakeDoor) -> None:
    body = b'{"pad": "' + b"x" * 9000 + b'", "code": 17}'
    wire.script = wire.saying(whole(body, 400, "X-Usage: 99"))
    seen: list[Refusal] = []

    def judge(refusal: Refusal) -> VendorError | None:
        seen.append(refusal)
        return RateLimited("Vendor", retry_after=7.0) if len(seen) == 1 else None

    asked = door(judge=judge)
    error = failure(lambda: asked.get("/x"))
    assert (type(error), error.retry_after) == (RateLimited, 7.0)  # type: ignore[attr-defined]
    assert (seen[0].status, seen[0].headers["x-usage"], seen[0].body) == (400, "99", body)
    assert type(failure(lambda: asked.get("/x"))) is Rejected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(wire: Wire, other_wire: Wire, door: MakeDoor, status: int) -> None:
    wire.script = wire.saying(whole(b"", status, f"Location: {other_wire.url}/secret"))

    for call in (lambda: door().get("/x"), lambda: door().post("/x", json={})):
        error = failure(call)
        assert type(error) is Rejected
        assert "redirect" in error.detail
        assert not error.ambiguous
    assert other_wire.connections == 0
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("1", 1),
        ("0", 0),
        (" 120 ", 120),
        ("Wed, 01 Jan 2025 00:01:30 GMT", 90),
        ("Wed, 01 Jan 2025 00:01:30 -0000", 90),
        ("Tue, 31 Dec 2024 00:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("Wed, 99 Foo 2025", None),
        ("9" * 400, 86_400),
        ("Wed, 01 Jan 2125 00:00:00 GMT", 86_400),
    ],
)
def test_how_long_a_vendor_asks_to_wait(value: str, wait: float | None) -> None:
    headers = CaseInsensitiveDict({"retry-after": value})

    assert retry_after(headers, datetime(2025, 1, 1, tzinfo=UTC)) == wait


def test_a_vendor_that_asks_to_wait_says_how_long(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(b"", 429, "Retry-After: 7"))

    error = failure(lambda: door().get("/x"))

    assert isinstance(error, RateLimited)
    assert error.retry_after == 7


def test_an_answer_that_is_not_json(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(b"<!DOCTYPE html>"))

    error = failure(lambda: door().get("/x").json())

    assert type(error) is Unreadable
    assert (error.status, error.retryable) == (200, True)


# What is sent


def test_what_a_request_carries(wire: Wire, door: MakeDoor) -> None:
    door(headers={"Authorization": f"Bearer {SECRET}"}).get("/v1/x", params=[("start", "a b+c"), ("n", 1)])
    door(auth=("user", "pass")).post("/y", json={"é": 1}, headers={"X-One": "1"})

    get, post = (request.decode() for request in wire.requests)
    assert get.startswith("GET /v1/x?start=a+b%2Bc&n=1 HTTP/1.1\r\n")
    assert f"Authorization: Bearer {SECRET}\r\n" in get
    assert "User-Agent: Muster/1" in get
    assert f"Authorization: Basic {base64.b64encode(b'user:pass').decode()}\r\n" in post
    assert "Content-Type: application/json\r\n" in post
    assert "X-One: 1\r\n" in post
    assert post.endswith('\r\n\r\n{"é":1}')


def test_connections_are_kept_and_cookies_are_not(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(b"{}", 200, "Set-Cookie: session=abc; Path=/"))
    calling = door()

    for _ in range(3):
        calling.get("/x")

    assert wire.connections == 1
    assert not any(b"cookie" in request.lower() for request in wire.requests)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy_is_taken_from_the_environment(
    wire: Wire, other_wire: Wire, door: MakeDoor, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, other_wire.url)

    door().get("/x")

    assert (wire.connections, other_wire.connections) == (1, 0)


def test_no_password_is_taken_from_a_netrc(
    wire: Wire, door: MakeDoor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password leaked\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))

    door().get("/x")

    assert b"authorization" not in wire.requests[0].lower()


@pytest.mark.parametrize("key", ["new\nline", "carriage\rreturn", "emoji 🙂", "Ω"])
def test_a_key_that_no_header_can_carry(wire: Wire, door: MakeDoor, key: str) -> None:
    error = failure(lambda: door(headers={"Authorization": f"Bearer {key}"}).get("/x"))

    assert type(error) is Rejected
    assert wire.requests == []


# Time


def slow_scripts(wire: Wire) -> dict[str, Any]:
    """Return ways to be slow that no time limit for a single wait would notice."""
    drops: Any = itertools.repeat(b"x")
    packed = gzip.compress(bytes(range(256)) * 400, compresslevel=0)
    return {
        "status line": wire.dripping(b"", itertools.repeat(b"H")),
        "head": wire.dripping(b"HTTP/1.1 200 OK\r\nX: ", drops),
        "header after header": wire.dripping(b"HTTP/1.1 200 OK\r\n", itertools.repeat(b"X: 1\r\n")),
        "body": wire.dripping(head(200, "Content-Length: 99999"), drops),
        "chunks": wire.dripping(head(200, "Transfer-Encoding: chunked"), itertools.repeat(b"1\r\nx\r\n")),
        "endless": wire.dripping(head(200), drops),
        "packed": wire.dripping(
            head(200, "Content-Encoding: gzip", "Content-Length: 99999"), (packed[i : i + 1] for i in range(9999))
        ),
        "interim answers": wire.dripping(b"", itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
    }


@pytest.mark.parametrize(
    "kind",
    ["status line", "head", "header after header", "body", "chunks", "endless", "packed", "interim answers"],
)
def test_one_deadline_holds_over_everything_that_drips(wire: Wire, door: MakeDoor, kind: str) -> None:
    wire.script = slow_scripts(wire)[kind]
    errors: list[VendorError] = []

    took = seconds(lambda: errors.append(failure(lambda: door(timeout=0.4).post("/x", json={}))))

    assert 0.3 < took < 1.2
    assert type(errors[0]) is Unreachable
    assert errors[0].ambiguous
    assert "time limit" in errors[0].detail


def test_a_dripping_error_keeps_its_kind(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.dripping(head(403, "Content-Length: 99999") + b"because", itertools.repeat(b"!"))
    errors: list[VendorError] = []

    took = seconds(lambda: errors.append(failure(lambda: door(timeout=0.4).get("/x"))))

    assert took < 1.2
    assert type(errors[0]) is BadCredentials
    assert errors[0].detail == "The reason it gave was lost on the way."


def test_no_answer_at_all(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.silent

    error = failure(lambda: door(timeout=0.2).post("/x", json={}))

    assert (type(error), error.ambiguous, error.status) == (Unreachable, True, None)


def test_a_vendor_that_reads_nothing(wire: Wire, door: MakeDoor) -> None:
    wire.script = None
    errors: list[VendorError] = []

    took = seconds(lambda: errors.append(failure(lambda: door(timeout=0.3).post("/x", data=b"x" * (32 << 20)))))

    assert took < 1.5
    assert (type(errors[0]), errors[0].ambiguous) == (Unreachable, True)


def test_a_vendor_that_takes_no_connection(settings: Settings) -> None:
    """The kernel answers no more connects once the queue of a listener is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        settings.PRIVATE_HOSTS = frozenset({f"127.0.0.1:{port}"})
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))

        error = failure(lambda: Door(f"http://127.0.0.1:{port}", vendor="V", timeout=0.2).post("/x", json={}))

        assert (type(error), error.ambiguous) == (Unreachable, False)
        for one in waiting:
            one.close()


def test_nobody_listens(settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1:9"})

    error = failure(lambda: Door(NOBODY, vendor="V", timeout=1).post("/x", json={}))

    assert (type(error), error.ambiguous) == (Unreachable, False)
    assert "127.0.0.1" not in told(error)


def test_a_late_answer_is_not_the_next_requests(wire: Wire, door: MakeDoor) -> None:
    """A connection whose answer is still on its way is never used again."""
    numbers = itertools.count(1)
    calling = door(timeout=0.2)

    def answer(peer: socket.socket) -> None:
        number = next(numbers)
        if number == 1:
            time.sleep(0.3)
        peer.sendall(whole(b'{"request": %d}' % number))

    wire.script = answer
    failure(lambda: calling.get("/first"))
    time.sleep(0.2)

    assert calling.get("/second").json() == {"request": 2}


def test_the_time_limit_of_the_settings_is_used(wire: Wire, settings: Settings) -> None:
    settings.REQUEST_TIMEOUT = 0.2
    wire.script = wire.silent

    assert seconds(lambda: failure(lambda: Door(wire.url, vendor="V").get("/x"))) < 1


# Broken connections


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-",
        head(200, "Content-Length: 10"),
        head(200, "Content-Length: 10") + b"half",
        head(200, "Transfer-Encoding: chunked") + b"5\r\nhal",
        head(200, "Transfer-Encoding: chunked") + b"5\r\nwhole\r\n",
    ],
)
@pytest.mark.parametrize("hard", [True, False])
def test_a_cut_is_ambiguous_once_a_byte_was_sent(wire: Wire, door: MakeDoor, said: bytes, hard: bool) -> None:
    say = wire.saying(said)
    wire.script = broken(say) if hard else once(say)

    error = failure(lambda: door().post("/x", json={}))

    assert (type(error), error.ambiguous) == (Unreachable, True)
    assert error.retryable


def test_a_connection_that_the_vendor_closed_meanwhile_is_not_used(wire: Wire, door: MakeDoor) -> None:
    wire.script = once(wire.saying(whole()))
    calling = door()

    for _ in range(3):
        calling.post("/x", json={})
        time.sleep(0.02)

    assert wire.connections == 3


# Size and packing


@pytest.mark.parametrize(
    "start", [("Content-Length: 5000",), ("Transfer-Encoding: chunked",), ()], ids=["length", "chunked", "open end"]
)
def test_an_answer_that_is_too_long(wire: Wire, door: MakeDoor, start: tuple[str, ...]) -> None:
    chunked = "Transfer-Encoding: chunked" in start
    body = b"1388\r\n" + b"x" * 5000 + b"\r\n0\r\n\r\n" if chunked else b"x" * 5000
    wire.script = once(wire.saying(head(200, *start) + body))

    error = failure(lambda: door(max_bytes=4999).get("/x"))
    assert (type(error), error.ambiguous) == (Unreadable, True)
    assert "4,999" in error.detail

    assert len(door(max_bytes=5000).get("/x").body) == 5000


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_packed_bomb_costs_little(wire: Wire, door: MakeDoor, layers: int) -> None:
    bomb = b"\0" * (200 << 20)
    for _ in range(layers):
        bomb = gzip.compress(bomb, compresslevel=1)
    packing = ", ".join(["gzip"] * layers)
    wire.script = wire.saying(whole(bomb, 200, f"Content-Encoding: {packing}"))
    calling = door(max_bytes=1 << 20, timeout=5.0)

    tracemalloc.start()
    error = failure(lambda: calling.get("/x"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert type(error) is Unreadable
    assert peak < 24 << 20


def test_a_packed_bomb_in_an_error_costs_little(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(gzip.compress(b"0" * (100 << 20), 1), 500, "Content-Encoding: gzip"))

    tracemalloc.start()
    error = failure(lambda: door(timeout=5.0).get("/x"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert type(error) is Unreachable
    assert len(error.detail) <= 300
    assert peak < 24 << 20


PACKED = gzip.compress(b"".join(b"%d," % (number * number) for number in range(900)), mtime=0)


@pytest.mark.parametrize(
    "body",
    [
        b"not gzip at all",
        PACKED[:-9],
        PACKED[:600],
        PACKED[:11],
        PACKED[:-8] + b"\0" * 8,
        PACKED[:40] + b"!!!" + PACKED[43:],
    ],
)
def test_an_answer_that_cannot_be_unpacked(wire: Wire, door: MakeDoor, body: bytes) -> None:
    wire.script = wire.saying(whole(body, 200, "Content-Encoding: gzip"))

    error = failure(lambda: door().get("/x"))

    assert (type(error), error.ambiguous, error.retryable) == (Unreadable, True, True)


def test_a_packed_answer_is_unpacked(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(gzip.compress(b'{"a": 1}'), 200, "Content-Encoding: gzip"))

    assert door().get("/x").json() == {"a": 1}


# Downloads


def test_a_download_comes_in_pieces_and_without_the_key(wire: Wire, door: MakeDoor, settings: Settings) -> None:
    wire.script = wire.saying(whole(b"x" * 300_000))
    calling = door(headers={"Authorization": f"Bearer {SECRET}"})

    with calling.stream(f"{wire.url}/file?sig=1") as pieces:
        sizes = [len(piece) for piece in pieces]

    assert (sum(sizes), max(sizes)) == (300_000, 1 << 16)
    assert SECRET.encode() not in wire.requests[0]


def test_the_key_goes_only_home(wire: Wire, other_wire: Wire, door: MakeDoor, settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({wire.host, other_wire.host})
    calling = door(headers={"Authorization": f"Bearer {SECRET}"})

    with calling.stream("/export", bearer=True) as pieces:
        assert b"".join(pieces) == b"{}"
    assert SECRET.encode() in wire.requests[0]

    for url in (other_wire.url, wire.url.replace("http:", "https:")):
        with pytest.raises(AddressRefused), calling.stream(f"{url}/export", bearer=True):
            pass
    assert other_wire.connections == 0


def test_a_download_may_go_elsewhere_but_only_where_muster_may(wire: Wire, other_wire: Wire, door: MakeDoor) -> None:
    with pytest.raises(AddressRefused), door().stream(f"{other_wire.url}/file"):
        pass

    assert other_wire.connections == 0


def test_a_download_has_a_deadline_and_a_limit_of_its_own(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.dripping(head(200, "Content-Length: 9999999"), itertools.repeat(b"x" * 10_000))

    def read(**limits: Any) -> int:
        with door(timeout=0.2).stream("/x", **limits) as pieces:
            return sum(map(len, pieces))

    errors: list[VendorError] = []
    assert 0.5 < seconds(lambda: errors.append(failure(lambda: read(timeout=0.6)))) < 1.5
    errors.append(failure(lambda: read(timeout=5.0, max_bytes=90_000)))

    assert [type(error) for error in errors] == [Unreachable, Unreadable]


def test_a_download_that_stands_still_is_given_up_by_the_doors_own_limit(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(head(200, "Content-Length: 100") + b"x", then=wire.silent)

    def read() -> None:
        with door(timeout=0.3).stream("/x", timeout=30) as pieces:
            list(pieces)

    assert 0.2 < seconds(lambda: failure(read)) < 1.5


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500])
def test_a_download_is_refused_like_any_request(wire: Wire, door: MakeDoor, status: int) -> None:
    wire.script = wire.saying(whole(b"no", status))

    with pytest.raises(expected(status)), door().stream("/x"):
        pass


def test_a_download_that_is_left_early_does_not_spoil_the_next_request(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(b"x" * 500_000))
    calling = door()
    with calling.stream("/x") as pieces:
        next(pieces)

    wire.script = wire.saying(whole(b'{"fresh": true}'))
    assert calling.get("/y").json() == {"fresh": True}


# What a person sees


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_what_the_vendor_echoes_is_hidden(wire: Wire, door: MakeDoor, status: int) -> None:
    basic = base64.b64encode(f"{SECRET}:".encode()).decode()
    echo = f"bad key {SECRET} or key-4f9a%2Bb%2Fc%20d or {basic} for ann@example.com, +1 212 555 0100"
    wire.script = wire.saying(whole(echo.encode(), status))

    for options in (
        {"headers": {"Authorization": f"Bearer {SECRET}"}, "secrets": [SECRET]},
        {"auth": (SECRET, "")},
    ):
        shown = told(failure(lambda options=options: door(**options).get("/x")))  # type: ignore[misc]
        for hidden in (SECRET, "4f9a", basic, "ann@", "555"):
            assert hidden not in shown
        assert "bad key [hidden]" in shown
        assert "[email]" in shown
        assert "[phone]" in shown


@pytest.mark.parametrize("offset", range(-30, 6, 5))
def test_what_is_cut_in_the_middle_is_hidden_too(wire: Wire, door: MakeDoor, offset: int) -> None:
    filler = "w " * ((4096 + offset) // 2)
    for secret in ("ann.longname@example.com", "+12125550100", "k" * 24):
        wire.script = wire.saying(whole((filler + secret + " end").encode(), 400))
        shown = told(failure(lambda secret=secret: door(secrets=[secret]).get("/x")))  # type: ignore[misc]
        assert not any(secret[:length] in shown.replace("w ", "") for length in range(6, len(secret)))


def test_a_vendors_words_are_one_short_line(wire: Wire, door: MakeDoor) -> None:
    wire.script = wire.saying(whole(("first\r\n\x1b[31msecond\u202e " + "x y " * 500).encode(), 400))

    detail = failure(lambda: door().get("/x")).detail

    assert detail.startswith("first [31msecond x")
    assert len(detail) == 300
    assert detail.isprintable()


def test_an_address_in_the_network_layers_words_is_hidden(settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1:9"})

    path = "/s3cret-path?e=a@b.example"
    error = failure(lambda: Door(NOBODY, vendor="V", secrets=["s3cret-path"]).get(path))

    assert not any(word in told(error) for word in ("s3cret-path?", 'a@b.example"', "127.0.0.1"))


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the TLS settings of somebody who calls themselves 127.0.0.1 and is known to nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "both.pem").write_bytes(key.private_bytes(*plain) + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def test_somebody_with_a_certificate_of_their_own_gets_no_request(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = self_signed(tmp_path)
    server = Wire(context)
    settings.PRIVATE_HOSTS = frozenset({server.host})
    # Nor do the environment's certificates count.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "both.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "both.pem"))

    error = failure(lambda: Door(f"https://{server.host}", vendor="V").post("/x", json={"a": SECRET}))

    assert (type(error), error.ambiguous) == (Unreachable, False)
    assert (server.connections, server.requests) == (1, [])
    server.stop()


def test_a_handshake_that_drips_ends_at_the_deadline(wire: Wire) -> None:
    wire.script = None
    errors: list[VendorError] = []
    secure = Door(wire.url.replace("http:", "https:"), vendor="V", timeout=0.3)

    assert seconds(lambda: errors.append(failure(lambda: secure.get("/x")))) < 1
    assert (type(errors[0]), errors[0].ambiguous) == (Unreachable, False)


# Threads and noise


def test_threads_share_a_door(wire: Wire, door: MakeDoor) -> None:
    calling, wrong = door(), []

    def ask(number: int) -> None:
        for _ in range(20):
            if calling.post("/x", json=number).json() != number:
                wrong.append(number)

    wire.script = wire.echo
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(wire.requests) == 160
    assert wire.connections == 8


PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 500 No\r\n",
        b"HTTP/9.9 200 OK\r\n",
        b"HTTP/1.1 99999 x\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: x\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: deflate, gzip\r\n",
        b"Content-Encoding: br\r\n",
        b"Content-Type: text/html; charset=nonsense\r\n",
        b"Location: http://[::1\r\n",
        b"Retry-After: \xff\r\n",
        b"Set-Cookie: \x00\xff=;;;=\r\n",
        b"no colon here\r\n",
        b" folded\r\n",
        b"X: " + b"y" * 70_000 + b"\r\n",
        b"X: y\r\n" * 200,
        b"\r\n",
        b"5\r\nhello\r\n",
        b"-5\r\nhello\r\n",
        b"zz\r\n",
        b"0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFF\r\n",
        b"\x1f\x8b\x08\x00",
        b"{}",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=40), max_size=12), st.booleans())
@chances(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_vendor_says_ends_in_an_answer_or_a_named_error(
    wire: Wire, door: MakeDoor, pieces: list[bytes], starts_well: bool
) -> None:
    said = b"".join(pieces)
    wire.script = once(wire.saying(b"HTTP/1.1 200 OK\r\n" + said if starts_well else said))

    told = None
    try:
        assert 200 <= door(timeout=1.0).get("/x").status < 300
    except VendorError as error:
        told = error
    assert told is None or type(told) in {Unreachable, Unreadable, Rejected, BadCredentials, Gone, RateLimited}
