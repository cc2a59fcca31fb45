from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from muster.http import Door
from tests.muster.wire import Wire


@pytest.fixture
def wire(settings: Settings) -> Iterator[Wire]:
    """A server with a script, which Muster may call."""
    server = Wire()
    settings.PRIVATE_HOSTS = frozenset({server.host})
    yield server
    server.stop()


@pytest.fixture
def other_wire() -> Iterator[Wire]:
    """A second one, which Muster may not call."""
    server = Wire()
    yield server
    server.stop()


@pytest.fixture
def door(wire: Wire) -> Callable[..., Door]:
    """Makes a door to the wire, with a time limit of 2 seconds."""

    def make(**options: object) -> Door:
        return Door(wire.url, **{"vendor": "Vendor", "timeout": 2.0, **options})  # type: ignore[arg-type]

    return make
