"""What `manage.py up` runs: Redis and the stand-ins at the back; web, workers and tick in front."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from . import running
from .redis_server import RedisServer, free_port
from .supervisor import Part

SANDBOX_NAMES = ("us", "eu", "rudder")
WEB_STOP_SECONDS = 10
STOP_MARGIN = 15.0  # over a worker's slice: its last request and its goodbye


def front_seconds() -> float:
    """Return how long the front may take to stop, at most."""
    return settings.SLICE_SECONDS + STOP_MARGIN


def child_environment(redis_url: str) -> dict[str, str]:
    """Return the environment of every part: the caller's, and where Redis is."""
    values = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "muster.settings"),
        "MUSTER_HOME": str(settings.HOME),
        "REDIS_URL": redis_url,
        "PYTHONUNBUFFERED": "1",
        "OPENBLAS_NUM_THREADS": "1",  # a worker forks, and a fork keeps one thread only
    }
    if sys.platform == "darwin":
        values |= {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES", "no_proxy": "*"}
    return values


@dataclass(frozen=True)
class Sandbox:
    """Where the stand-ins listen."""

    us: int
    eu: int
    rudder: int

    @classmethod
    def place(cls, home: Path) -> "Sandbox":
        """Return the ports used here before where they are free, since the demo's rows name them; else free ones."""
        known = running.read_ports(home)
        ports = cls(**{name: usable(known.get(name, 0)) for name in SANDBOX_NAMES})
        running.note_ports(home, {name: getattr(ports, name) for name in SANDBOX_NAMES})
        return ports

    def environment(self) -> dict[str, str]:
        """Return the settings that make Muster call the stand-ins instead of the vendors."""
        ports = (self.us, self.eu, self.rudder)
        private = [*settings.PRIVATE_HOSTS, *(f"127.0.0.1:{port}" for port in ports)]
        return {
            "MUSTER_CUSTOMERIO_US": f"http://127.0.0.1:{self.us}",
            "MUSTER_CUSTOMERIO_EU": f"http://127.0.0.1:{self.eu}",
            "MUSTER_SANDBOX_RUDDER": f"http://127.0.0.1:{self.rudder}",
            "MUSTER_PLATFORM_HOSTS": ",".join(
                f"{name}=http://127.0.0.1:{self.rudder}/platforms/{name}" for name in settings.PLATFORM_HOSTS
            ),
            "MUSTER_PRIVATE_HOSTS": ",".join(private),
        }

    def part(self, environment: Mapping[str, str]) -> Part:
        """Return the process: it ends with the supervisor, whose end of its input then closes."""
        ports = [word for name in SANDBOX_NAMES for word in (f"--{name}", str(getattr(self, name)))]
        command = [sys.executable, "-m", "sandbox.server", *ports, "--data", str(settings.HOME / "sandbox")]
        return Part("sandbox", (*command, "--with-parent"), environment, back=True, held=True)


def usable(port: int) -> int:
    """Return the port if it is free on loopback, else one that is."""
    if port:
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            pass
    return free_port()


def redis_part(server: RedisServer, environment: Mapping[str, str]) -> Part:
    return Part("redis", server.command, environment, back=True, stdin=server.config)


def manage(*words: str) -> tuple[str, ...]:
    """Return the command line of a management command."""
    return (sys.executable, str(settings.BASE_DIR / "manage.py"), *words)


def behind_the_web(environment: Mapping[str, str]) -> Iterator[Part]:
    """Yield the workers and tick."""
    for number in range(1, settings.WORKERS + 1):
        yield Part(f"worker-{number}", manage("worker"), environment)
    yield Part("tick", manage("tick"), environment)


def web_part(environment: Mapping[str, str], listener: int) -> Part:
    """Return the web server, one process with eight threads on a socket that is open already."""
    options = {
        "bind": f"fd://{listener}",
        "workers": "1",
        "threads": "8",
        "worker-class": "gthread",
        "graceful-timeout": str(WEB_STOP_SECONDS),
        "keep-alive": "5",
        "log-level": "warning",
    }
    if os.access("/dev/shm", os.W_OK):
        options["worker-tmp-dir"] = "/dev/shm"  # its sign of life must not wait for a slow disk
    words = [f"--{name}={value}" for name, value in options.items()]
    command = (sys.executable, "-m", "gunicorn", *words, *(["--reload"] if settings.DEBUG else []), "muster.wsgi")
    return Part("web", command, environment, descriptors=(listener,))
