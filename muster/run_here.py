"""Runs Muster on this machine: everything in one home folder, under one supervisor, until somebody asks to stop."""

import contextlib
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connections

from muster import parts, running, set_up
from muster.demo import presence, rounds, sign_ins
from muster.environment import Environment
from muster.prepare import prepare
from muster.redis_server import RedisServer, answers, check_given, own
from muster.running import CannotRun
from muster.setup_link import fresh_link, loopback
from muster.supervisor import Child, Part, Supervisor, last_words

START_SECONDS = 90.0
SEED_SECONDS = 900.0
ENOUGH_FAILURES = 3
LOCK_PATIENCE = 30.0

Tell = Callable[[str], None]


def run_here(*, say: Tell, tell: Tell) -> None:
    """Start everything, `say` where it is, and keep it running until SIGINT, SIGTERM or SIGHUP. Raises CannotRun.

    `tell` takes what a person should know besides that one line.
    """
    os.umask(0o077)
    lock = running.lock(settings.HOME, wait=parts.front_seconds() + LOCK_PATIENCE, tell=tell)
    logs = settings.HOME / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    supervisor = Supervisor(settings.BASE_DIR, logs, lock, parts.front_seconds(), tell)
    with running.listen(settings.BIND, settings.PORT) as listener, redis_at() as redis, supervisor.signals():
        try:
            running.note(settings.HOME, url=address(), redis_url=redis.url)
            if start(supervisor, listener, redis):
                say(where())
                supervisor.watch()
            tell("Stopping. A run in progress finishes its slice first; Ctrl-C again stops it at once.")
        finally:
            supervisor.stop()
            running.forget(settings.HOME)


def address() -> str:
    """Return the URL at which a browser on this machine finds Muster."""
    return f"http://{loopback(settings.BIND)}:{settings.PORT}"


@contextlib.contextmanager
def redis_at() -> Iterator[RedisServer]:
    """Give the Redis to use: the given one, which has no command, or one of our own. Raises CannotRun."""
    if given := Environment().text("REDIS_URL"):
        check_given(given)
        yield RedisServer(given)
        return
    server = own(settings.HOME)
    try:
        yield server
    finally:
        server.clean_up()


def start(supervisor: Supervisor, listener: socket.socket, redis: RedisServer) -> bool:
    """Start all parts; return True once Muster answers, False when asked to stop before. Raises CannotRun."""
    environment = parts.child_environment(redis.url)
    waiting = []
    if redis.command:
        server = supervisor.add(parts.redis_part(redis, environment))
        waiting.append(Awaited(server, lambda: answers(redis.url)))
    if settings.DEMO:
        if presence.forget_half_made(embedded=connections["default"].vendor == "sqlite"):
            supervisor.tell("The demo was not made to its end the last time, so it is made anew.")
        sandbox = parts.Sandbox.place(settings.HOME)
        environment |= sandbox.environment()
        stand_ins = supervisor.add(sandbox.part(environment))
        waiting.append(Awaited(stand_ins, lambda: accepts("127.0.0.1", sandbox.rudder)))
    prepare()
    stale = settings.DEMO and not presence.is_done(f"http://127.0.0.1:{sandbox.rudder}")
    if stale and not (all_ready(supervisor, waiting) and seeded(supervisor, environment)):
        return False
    web = supervisor.add(parts.web_part(environment, listener.fileno()))
    waiting.append(Awaited(web, lambda: serves(settings.BIND, settings.PORT)))
    unplayed = settings.DEMO and not rounds.is_over()
    connections.close_all()
    if not all_ready(supervisor, waiting):
        return False
    # Only now, so that they do not take the processor from the page that somebody waits for.
    for part in parts.behind_the_web(environment):
        supervisor.add(part)
    if unplayed:
        supervisor.add(Part("demo", parts.manage("demo", "--history"), environment, once=True))
    return True


def seeded(supervisor: Supervisor, environment: dict[str, str]) -> bool:
    """Seed the demo in a process of its own, whose settings know where the stand-ins are. Raises CannotRun."""
    supervisor.tell(
        "Making up Northwind Outfitters and two weeks of its past. This takes a few minutes, the first time."
    )
    # The stand-in is told to answer so fast; Customer.io never would.
    hurried = {**environment, "MUSTER_CUSTOMERIO_RATE": "1000"}
    child = supervisor.add(Part("demo-seed", parts.manage("demo"), hurried, once=True))
    done = supervisor.watch(Awaited(child, lambda: child.finished, SEED_SECONDS).until(supervisor))
    supervisor.children.remove(child)
    return done


@dataclass(frozen=True)
class Awaited:
    """A part that must be `ready` before the start goes on."""

    child: Child
    ready: Callable[[], bool]
    seconds: float = START_SECONDS

    def until(self, supervisor: Supervisor) -> Callable[[], bool]:
        """Return what asks whether it is ready; that raises CannotRun once there is no hope."""
        late = time.monotonic() + self.seconds

        def is_ready() -> bool:
            if self.ready():
                return True
            if self.child.failures >= ENOUGH_FAILURES or time.monotonic() > late:
                name = self.child.part.name
                raise CannotRun(
                    f"The part called {name} does not start. Everything was stopped again. Its log, "
                    f"{supervisor.logs / name}.log, ends with:\n{last_words(supervisor.logs / f'{name}.log')}"
                )
            return False

        return is_ready


def all_ready(supervisor: Supervisor, waiting: list[Awaited]) -> bool:
    """Wait for each of them and return True, False when asked to stop before. Raises CannotRun."""
    return all(supervisor.watch(one.until(supervisor)) for one in waiting)


def accepts(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def serves(host: str, port: int) -> bool:
    """Whether the web server answers, whatever it answers."""
    asked = http.client.HTTPConnection(loopback(host).strip("[]"), port, timeout=1)
    with contextlib.closing(asked):
        try:
            asked.request("HEAD", "/")
            asked.getresponse()
        except (OSError, http.client.HTTPException):
            return False
    return True


def where() -> str:
    """Return the one line that a person needs."""
    if settings.DEMO:
        return f"Muster is at {address()} – {sign_ins.in_one_line()}"
    with contextlib.suppress(set_up.Closed):
        link = fresh_link(address())
        return f"Muster is at {address()} and has no administrator yet: become it here (this link works once): {link}"
    return f"Muster is at {address()}"
