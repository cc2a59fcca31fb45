"""The physical limit: two processes that only hash, fill a template, compress, and post through a raw socket.

No comparison, no ledger, no encryption, no answer recorded: what a delivery of two identifiers a person cannot be faster than.
"""

import multiprocessing
import os
import socket
import time
from base64 import b64encode
from hashlib import sha256
from multiprocessing.synchronize import Barrier
from typing import Any, Final

from isal import igzip

from bench.people import email, phone

PROCESSES: Final = 2
PEOPLE_A_BODY: Final = 12_500


class Part:
    """Some people, ready to be sent: their identifiers and random ids as texts, as a database would give them."""

    def __init__(self, people: range) -> None:
        self.people = len(people)
        self.emails = [email(number).encode() for number in people]
        self.phones = [phone(number).encode() for number in people]
        raw = os.urandom(32 * len(people)).hex()
        self.ids = [(raw[at : at + 32], raw[at + 32 : at + 64]) for at in range(0, len(raw), 64)]

    def body(self, start: int) -> bytes:
        """Return one compressed body."""
        stop = start + PEOPLE_A_BODY
        texts = [
            f'{{"type":"record","action":"insert","userId":"{user}","messageId":"{message}","channel":"server",'
            f'"context":{{}},"fields":{{"EMAIL":"{sha256(one).hexdigest()}","PHONE":"{sha256(two).hexdigest()}"}}}}'
            for (user, message), one, two in zip(
                self.ids[start:stop], self.emails[start:stop], self.phones[start:stop], strict=True
            )
        ]
        return bytes(igzip.compress(f'{{"batch":[{",".join(texts)}]}}'.encode(), 1))


class Post:
    """One connection to a sink."""

    def __init__(self, port: int, key: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = (
            "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
            f"Authorization: Basic {b64encode(f'{key}:'.encode()).decode()}\r\nContent-Length: "
        )

    def send(self, body: bytes) -> None:
        """Post a body and wait for the answer. Raises ConnectionError for anything but ok."""
        self.socket.sendall(f"{self.head}{len(body)}\r\n\r\n".encode() + body)
        answer = self.socket.recv(4096)
        if not answer.startswith(b"HTTP/1.1 200") or not answer.endswith(b"ok"):
            raise ConnectionError("the sink did not say ok")


def work(people: range, port: int, key: str, barrier: Barrier) -> None:
    """Send some people, once everybody is ready."""
    part, post = Part(people), Post(port, key)
    barrier.wait()
    for start in range(0, part.people, PEOPLE_A_BODY):
        post.send(part.body(start))
    barrier.wait()


def repost(people: range, port: int, key: str, barrier: Barrier) -> None:
    """Send some people's first body again and again, as often as there are bodies: the sink's own speed."""
    part, post = Part(people[:PEOPLE_A_BODY]), Post(port, key)
    body = part.body(0)
    barrier.wait()
    for _ in range(0, len(people), PEOPLE_A_BODY):
        post.send(body)
    barrier.wait()


def run(port: int, key: str, people: int, again: bool = False) -> dict[str, Any]:
    """Send the first `people` people; `again` sends ready-made bodies instead. Return the seconds it took."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(PROCESSES + 1)
    share = -(-people // PROCESSES)
    children = [
        context.Process(
            target=repost if again else work, args=(range(start, min(start + share, people)), port, key, barrier)
        )
        for start in range(0, people, share)
    ]
    for child in children:
        child.start()
    barrier.wait(120)
    began = time.perf_counter()
    barrier.wait(120)
    seconds = time.perf_counter() - began
    for child in children:
        child.join(10)
    return {"seconds": seconds, "people": people}
