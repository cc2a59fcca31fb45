"""Connections for `requests` that call only judged addresses and keep one deadline over a whole exchange.

`requests` limits each socket operation, not their sum: a server that sends one byte a second would hold a worker for
hours. Here each operation gets what is left until the deadline. The address is judged where the connection is made, so
that a name which resolves differently the second time gains nothing; TLS still verifies the name.
"""

import http.client
import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from .addresses import resolve


@dataclass
class Exchange:
    """One request and its answer: until when (monotonic seconds), how long one wait may last, whether a byte left."""

    deadline: float
    idle: float
    sent: bool = False

    def left(self) -> float:
        """Seconds that the next socket operation may take. Raises TimeoutError at the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline passed")
        return min(left, self.idle)


EXCHANGE: ContextVar[Exchange] = ContextVar("exchange")


class DeadlineReader(io.RawIOBase):
    """Reads a socket, never past the exchange's deadline."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self.sock, self.exchange = sock, exchange
        self.ended = False
        self.stream = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.sock.settimeout(self.exchange.left())
        read = self.stream.readinto(buffer)
        self.ended = self.ended or read == 0
        return read

    def close(self) -> None:
        self.stream.close()
        super().close()


class TimedSocket:
    """What `http.client` needs of a socket to read an answer: a file over it."""

    def __init__(self, sock: socket.socket) -> None:
        self.reader = DeadlineReader(sock, EXCHANGE.get())

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self.reader, 1 << 16)


class TimedAnswer(http.client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        self._timed = TimedSocket(sock)
        super().__init__(cast(socket.socket, self._timed), debuglevel, method, url)

    def begin(self) -> None:
        super().begin()
        # Python takes a head that breaks off for one that is complete, and "200 OK" for an answer.
        if self._timed.reader.ended:
            raise http.client.IncompleteRead(b"")


def connect(host: str, port: int, exchange: Exchange) -> socket.socket:
    """Return a socket to the first of the host's judged addresses that answers. Raises Forbidden and OSError."""
    problem = OSError(f"{host} has no address")
    for family, address in resolve(host, port):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(exchange.left())
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            problem = error
    raise problem


class TimedConnection(HTTPConnection):
    response_class = TimedAnswer

    def _new_conn(self) -> socket.socket:
        return connect(self.host, self.port or self.default_port, EXCHANGE.get())

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        exchange = EXCHANGE.get()
        self.sock.settimeout(exchange.left())
        exchange.sent = True  # before the call: half a request may be a whole one to the other side
        super().send(data)


class TimedSecureConnection(TimedConnection, HTTPSConnection):
    pass


class TimedPool(HTTPConnectionPool):
    ConnectionCls = TimedConnection


class TimedSecurePool(HTTPSConnectionPool):
    ConnectionCls = TimedSecureConnection


class JudgedAdapter(HTTPAdapter):
    """Sends over the connections above; never retries by itself."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=args[0], maxsize=args[1], block=False)
        self.poolmanager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedSecurePool}


def judged_session() -> requests.Session:
    """Return a session for one thread: keep-alive, nothing taken from the environment (no proxies, no .netrc)."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, JudgedAdapter(pool_connections=4, pool_maxsize=8, max_retries=0))
    return session
