"""A RudderStack that only accepts: keeps each body as it came, unparsed, and says `ok`; a thread a connection.

`python -m bench.sink FOLDER SECONDS` prints its port and serves until its standard input closes; SECONDS is how long it
lets every request wait. The bodies of one write key are one file: 5 bytes (length, 1 for gzip) before each body.
"""

import os
import socket
import struct
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FRAME: Final = struct.Struct(">IB")
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nok"
END: Final = b"\r\n\r\n"


class Sink:
    """Keeps bodies in a folder, a file a write key."""

    def __init__(self, folder: Path, delay: float) -> None:
        self.folder, self.delay = folder, delay
        self._files: dict[str, int] = {}
        self._lock = threading.Lock()

    def keep(self, key: str, body: bytes, *, packed: bool) -> None:
        """Append a body to its write key's file."""
        with self._lock:
            if key not in self._files:
                path = self.folder / key
                self._files[key] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            data = FRAME.pack(len(body), packed) + body
            if os.write(self._files[key], data) != len(data):
                raise OSError("the sink's disk is full")

    def serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection until the other side closes it."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = b""
        with connection:
            while True:
                while END not in buffer:
                    piece = connection.recv(1 << 16)
                    if not piece:
                        return
                    buffer += piece
                head, _, rest = buffer.partition(END)
                headers = parsed(head)
                body, buffer = received(connection, rest, int(headers.get("content-length", "0")))
                if self.delay:
                    time.sleep(self.delay)
                self.keep(write_key(headers), body, packed=headers.get("content-encoding") == "gzip")
                connection.sendall(OK)


def parsed(head: bytes) -> dict[str, str]:
    """Return a request's headers by name in lower case."""
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def write_key(headers: dict[str, str]) -> str:
    """Return the user name of HTTP Basic, fit for a file's name."""
    name = b64decode(headers.get("authorization", "").rpartition(" ")[2]).decode().partition(":")[0]
    return "".join(letter for letter in name if letter.isalnum() or letter in "-_") or "nobody"


def received(connection: socket.socket, begun: bytes, length: int) -> tuple[bytes, bytes]:
    """Return a body of this length that has begun to arrive, and what came behind it."""
    body = bytearray(length)
    at = min(len(begun), length)
    body[:at] = begun[:at]
    view = memoryview(body)
    while at < length:
        count = connection.recv_into(view[at:])
        if not count:
            raise ConnectionError("the body was cut off")
        at += count
    return bytes(body), begun[length:]


def frames(path: Path) -> Iterator[tuple[int, int, bool]]:
    """Yield (place, length, gzip) of each body in a write key's file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        while head := file.read(FRAME.size):
            length, packed = FRAME.unpack(head)
            yield file.tell(), length, bool(packed)
            file.seek(length, os.SEEK_CUR)


def main(folder: str, delay: str) -> None:
    """Serve until standard input closes."""
    sink = Sink(Path(folder), float(delay))
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        print(server.getsockname()[1], flush=True)
        threading.Thread(target=accept, args=(server, sink), daemon=True).start()
        sys.stdin.read()


def accept(server: socket.socket, sink: Sink) -> None:
    """Give every connection a thread."""
    while True:
        connection, _ = server.accept()
        threading.Thread(target=sink.serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:3])
