"""One deadline over a whole exchange, and connections to judged addresses only."""

import socket
import time
from typing import Any

import pytest
from pytest_django import Settings
from requests.adapters import HTTPAdapter

from muster.addresses import Forbidden
from muster.sockets import EXCHANGE, Exchange, connect, judged_session
from tests.muster.wire import Wire

NOBODY = "http://127.0.0.1:9"


def exchange(seconds: float, idle: float | None = None) -> Exchange:
    return Exchange(time.monotonic() + seconds, idle=seconds if idle is None else idle)


def test_what_is_left_shrinks_and_a_single_wait_has_its_own_limit() -> None:
    assert exchange(10, idle=2).left() == 2
    assert 0 < exchange(1, idle=2).left() <= 1
    with pytest.raises(TimeoutError):
        exchange(-0.001).left()


def test_the_first_address_that_answers_is_taken(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(wire.host.rpartition(":")[2])
    answers = [("127.0.0.2", 9), ("127.0.0.1", port)]
    monkeypatch.setattr("muster.sockets.resolve", lambda host, port: [(socket.AF_INET, found) for found in answers])

    with connect("vendor.example", port, exchange(1)) as reached:
        assert reached.getpeername() == ("127.0.0.1", port)


def test_no_address_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for answers in ([], [(socket.AF_INET, ("127.0.0.1", 9))] * 2):
        monkeypatch.setattr("muster.sockets.resolve", lambda host, port, answers=answers: answers)
        with pytest.raises(OSError):
            connect("vendor.example", 9, exchange(1))


def test_a_name_with_one_private_address_among_others_is_not_called(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PRIVATE_HOSTS = frozenset()
    found: Any = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(Forbidden, match="not public"):
        connect("vendor.example", 443, exchange(1))


def test_an_exchange_knows_whether_a_byte_left(wire: Wire, settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})

    for url, sent in ((wire.url, True), (NOBODY, False)):
        noted = exchange(1)
        token = EXCHANGE.set(noted)
        try:
            judged_session().get(url, timeout=1)
        except OSError:
            pass
        finally:
            EXCHANGE.reset(token)
        assert noted.sent is sent


def test_a_session_takes_nothing_from_the_environment() -> None:
    session = judged_session()

    assert session.trust_env is False
    assert session.verify is True
    for adapter in session.adapters.values():
        assert isinstance(adapter, HTTPAdapter)
        assert adapter.max_retries.total == 0
