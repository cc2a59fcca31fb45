"""A threaded HTTP/1.1 server for WSGI apps on loopback, and the command that starts all stand-ins."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, cast
from urllib.parse import unquote
from wsgiref.types import WSGIApplication

from sandbox.customerio import customerio_app
from sandbox.rudderstack import rudderstack_app
from sandbox.web import CutConnection


class Body:
    """The request's body as wsgi.input: knows its end, also when sent in chunks."""

    def __init__(self, stream: BinaryIO, length: int, chunked: bool) -> None:
        self.stream = stream
        self.left = length
        self.chunks = self._chunks() if chunked else None

    def read(self, size: int = -1) -> bytes:
        """Everything that is left (a size is honoured for bodies with a length)."""
        if self.chunks is not None:
            return b"".join(self.chunks)
        wanted = self.left if size < 0 else min(size, self.left)
        data = self.stream.read(wanted) if wanted else b""
        self.left -= wanted
        return data

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.stream.readline(64).split(b";")[0].strip() or b"0", 16):
            yield self.stream.read(size)
            self.stream.readline(8)
        self.stream.readline(8)


class Connection(BaseHTTPRequestHandler):
    """One keep-alive connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 120

    def serve(self) -> None:
        """Answer one request."""
        server = cast("Server", self.server)
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        body = Body(cast(BinaryIO, self.rfile), int(self.headers.get("Content-Length") or 0), chunked)
        try:
            pieces = server.app(self.environ(body), self.start)
            self.reply(pieces)
            body.read()
        except CutConnection:
            self.reset()
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = serve

    def environ(self, body: Body) -> dict[str, Any]:
        """The WSGI environment of the current request."""
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(cast("Server", self.server).port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
        environ["CONTENT_LENGTH"] = environ.pop("HTTP_CONTENT_LENGTH", "")
        return environ

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """WSGI's start_response: remembered until the first piece of the body."""
        self.head = (status, headers)
        return self.wfile.write

    def reply(self, pieces: Iterable[bytes]) -> None:
        """Send head and body; chunked where the length is unknown."""
        status, headers = self.head
        code, _, words = status.partition(" ")
        self.send_response_only(int(code), words)
        for name, value in headers:
            self.send_header(name, value)
        chunked = not any(name == "Content-Length" for name, _ in headers)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            if piece and self.command != "HEAD":
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                self.wfile.flush()
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def reset(self) -> None:
        """Send what is buffered, then break the connection the hard way (RST)."""
        self.close_connection = True
        try:
            self.wfile.flush()
            # Let a half-sent page leave the machine before the reset throws away what the peer has not read.
            time.sleep(0.02)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            return
        self.rfile.close()
        self.connection.close()

    def finish(self) -> None:
        """Close quietly; the peer, or we, may already be gone."""
        try:
            super().finish()
        except (OSError, ValueError):
            return

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are recorded by the apps, not printed."""


class Server(ThreadingHTTPServer):
    """A thread a connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    app: WSGIApplication

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Connection)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(cast(tuple[str, int], self.server_address)[1])

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()


def serve_rudderstack(server: Server, data: Path, speed: float, lifeline: int) -> None:
    """The RudderStack stand-in's process: ends when its parent does."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server.app = rudderstack_app(data, speed)
    server.run()
    os.read(lifeline, 1)
    os._exit(0)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=__doc__)
    for name in ("us", "eu", "rudder"):
        parser.add_argument(f"--{name}", type=int, default=0, metavar="PORT")
    parser.add_argument("--data", type=Path, required=True, help="where the state lives")
    parser.add_argument("--speed", type=float, default=1.0, help="50: clocks run 50 times as fast")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin closes or the parent dies")
    return parser.parse_args(arguments)


def orphaned(parent: int) -> bool:
    """Whether stdin has ended or the parent is gone. Waits a fifth of a second at most."""
    readable, _, _ = select.select([sys.stdin], [], [], 0.2)
    return bool(readable and not os.read(sys.stdin.fileno(), 4096)) or os.getppid() != parent


def main(arguments: list[str] | None = None) -> int:
    """Start everything, say where it is, and wait to be told to stop."""
    options = parse(arguments)
    servers = {name: Server(getattr(options, name)) for name in ("us", "eu", "rudder")}
    parent = os.getppid()
    lifeline, held = os.pipe()
    # The gateway gets a process of its own: rendering an export must not slow the storing of bodies down.
    child = os.fork()
    if child == 0:
        os.close(held)
        serve_rudderstack(servers["rudder"], options.data / "rudder", options.speed, lifeline)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    servers["rudder"].socket.close()
    for region in ("us", "eu"):
        servers[region].app = customerio_app(region, options.data / region, options.speed)
        servers[region].run()
    print(json.dumps({name: server.url for name, server in servers.items()}), flush=True)
    while not stopping.is_set():
        if options.with_parent:
            if orphaned(parent):
                break
        else:
            stopping.wait(1)
    os.close(held)
    os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
