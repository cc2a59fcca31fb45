"""Rings of the doorbell while Redis cannot hear them: nobody waits for it."""

import socket
import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from syncs.doorbell import enqueue


class Deaf:
    """A Redis that hangs up on whoever calls, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._hang_up)
        self._thread.start()

    def _hang_up(self) -> None:
        while True:
            called, _ = self._listener.accept()
            called.close()
            if self.calls < 0:
                return
            self.calls += 1

    def stop(self) -> int:
        calls, self.calls = self.calls, -1
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._listener.close()
        return calls


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    made = Deaf()
    yield made
    if made.calls >= 0:
        made.stop()


def test_a_ring_that_is_not_heard_is_not_repeated(deaf: Deaf, settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{deaf.port}/0"

    assert enqueue("syncs.jobs.wake", "run", run_id=1) is False
    assert deaf.stop() == 1
