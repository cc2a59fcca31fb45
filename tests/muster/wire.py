"""A server that answers with exactly the bytes, pauses and cuts that a test wants: what vendors do on a bad day."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

Script = Callable[[socket.socket], None]


def head(status: int = 200, *headers: str) -> bytes:
    """Return the head of an answer."""
    lines = [f"HTTP/1.1 {status} Said", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def whole(body: bytes = b"{}", status: int = 200, *headers: str) -> bytes:
    """Return a complete answer with its length."""
    return head(status, f"Content-Length: {len(body)}", *headers) + body


def reset(peer: socket.socket) -> None:
    """Break the connection the hard way."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


class Wire:
    """Listens on loopback. `script` gets each request's connection once the request was read; None: nothing is ever read.

    `requests` holds each request as it came, `connections` counts.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.script: Script | None = self.saying(whole())
        self.requests: list[bytes] = []
        self.connections = 0
        self.latest = threading.local()
        self.stopped = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def saying(self, *pieces: bytes, pause: float = 0, then: Script | None = None) -> Script:
        """Return a script that sends the pieces, with a pause before each but the first."""

        def say(peer: socket.socket) -> None:
            for index, piece in enumerate(pieces):
                if index and pause and self.stopped.wait(pause):
                    return
                peer.sendall(piece)
            if then:
                then(peer)

        return say

    def silent(self, peer: socket.socket) -> None:
        """A script that says nothing and keeps the connection."""
        self.stopped.wait(5)

    def echo(self, peer: socket.socket) -> None:
        """A script that sends the request's body back."""
        peer.sendall(whole(self.latest.request.partition(b"\r\n\r\n")[2]))

    def dripping(self, start: bytes, drops: Iterable[bytes], pause: float = 0.03) -> Script:
        """Return a script that sends `start`, then a drop at a time."""

        def drip(peer: socket.socket) -> None:
            peer.sendall(start)
            for drop in drops:
                if self.stopped.wait(pause):
                    return
                peer.sendall(drop)

        return drip

    def stop(self) -> None:
        self.stopped.set()
        # Closing alone does not wake the thread that accepts.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, suppress(OSError):
            if self.tls:
                peer = self.tls.wrap_socket(peer, server_side=True)
            if self.script is None:
                self.stopped.wait(30)
                return
            while request := read_request(peer):
                self.requests.append(request)
                self.latest.request = request
                self.script(peer)
                if peer.fileno() < 0:
                    return


def once(script: Script) -> Script:
    """Return the script with the connection closed after it."""

    def run(peer: socket.socket) -> None:
        script(peer)
        with suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)
        peer.close()

    return run


def broken(script: Script) -> Script:
    """Return the script with the connection reset after it."""

    def run(peer: socket.socket) -> None:
        script(peer)
        time.sleep(0.02)
        reset(peer)

    return run


def read_request(peer: socket.socket) -> bytes:
    """Return one request with its body, or nothing when the peer is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = peer.recv(1 << 16)
        if not piece:
            return b""
        data += piece
    top, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        piece = peer.recv(1 << 16)
        if not piece:
            return b""
        body += piece
    return top + b"\r\n\r\n" + body


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.monotonic()
    call()
    return time.monotonic() - began
