"""Servers that tests of reading back may ask for."""

import os
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.postgres import Unusable
from tests.reconciliation.cohort_tools import TOOLS, Desk
from tests.reconciliation.warehouses import Warehouse, emptied, running_server
from tests.vendors import Vendors


@pytest.fixture(scope="session")
def _warehouse_port() -> Iterator[int]:
    try:
        server = running_server()
        port, _ = server.__enter__()
    except Unusable as problem:
        if os.environ.get("MUSTER_REQUIRE_POSTGRES") == "1":
            raise
        pytest.skip(str(problem))
    yield port
    server.__exit__(None, None, None)


@pytest.fixture
def warehouse(_warehouse_port: int, settings: Settings) -> Iterator[Warehouse]:
    """A PostgreSQL with nothing landed; Muster may call it. Skipped where PostgreSQL is not installed."""
    settings.PRIVATE_HOSTS = frozenset({f"127.0.0.1:{_warehouse_port}"})
    connection = emptied(_warehouse_port)
    yield Warehouse(_warehouse_port, connection)
    connection.close()


@pytest.fixture
def landed(warehouse: Warehouse) -> Warehouse:
    """A schema whose identifies have the trait's column, and no row."""
    warehouse.schema()
    warehouse.identifies()
    return warehouse


@pytest.fixture(params=TOOLS)
def desk(request: pytest.FixtureRequest, vendors: Vendors) -> Desk:
    """Each analytics tool in turn."""
    return Desk(vendors, TOOLS[request.param])


@pytest.fixture
def amplitude(vendors: Vendors) -> Desk:
    return Desk(vendors, TOOLS["amplitude"])


@pytest.fixture
def mixpanel(vendors: Vendors) -> Desk:
    return Desk(vendors, TOOLS["mixpanel"])


@pytest.fixture
def posthog(vendors: Vendors) -> Desk:
    return Desk(vendors, TOOLS["posthog"])
