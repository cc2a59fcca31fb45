"""A mail server on loopback that takes what it is given, or refuses it as ordered."""

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


class Conversation(socketserver.StreamRequestHandler):
    """One connection: as much of SMTP as a client needs to hand over a message."""

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        server = cast("MailServer", self.server)
        server.conversations += 1
        self.say("220 mail.example.com")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "DATA":
                self.say("354 go on")
                self.take(server)
            elif word == "QUIT":
                self.say("221 bye")
                return
            elif word == "RCPT" and server.refuses:
                self.say(server.refuses)
            else:
                self.say("250 ok")

    def take(self, server: "MailServer") -> None:
        raw = b""
        while (piece := self.rfile.readline()) != b".\r\n":
            raw += piece.removeprefix(b".") if piece.startswith(b"..") else piece
        server.taken.append(message_from_bytes(raw, policy=policy.default))
        self.say("250 kept")


class MailServer(socketserver.ThreadingTCPServer):
    """`taken`: messages, oldest first. `refuses`: what is answered to every recipient, "450 later" or "550 nobody"."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.taken: list[EmailMessage] = []
        self.refuses = ""
        self.conversations = 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])
