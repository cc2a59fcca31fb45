"""No child outlives its test, and it goes before the database is emptied."""

from collections.abc import Iterator

import pytest

from tests.faults.child import leave_none


@pytest.fixture(autouse=True)
def _no_child_is_left(transactional_db: None) -> Iterator[None]:
    yield
    leave_none()
