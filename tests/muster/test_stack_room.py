"""Deep calls cost no fresh memory each time where there is room."""

import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from muster.stack_room import in_room

CALLS = 200
DEPTHS = range(1, 500)  # their frames fill the first chunk and a part of the next


def down(depth: int) -> None:
    if depth:
        down(depth - 1)
        return
    for _ in range(CALLS):
        leaf()


def leaf() -> list[int]:
    return [sum((1, 2)) for _ in (1,)]


def plainly(call: Callable[[int], None], depth: int) -> None:
    call(depth)


def most_faults(way: Callable[..., Any]) -> int:
    """Return how many fresh pages the calls at the most expensive depth touched."""
    found = []
    for depth in DEPTHS:
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        way(down, depth)
        found.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)
    return max(found)


def in_a_thread(way: Callable[..., Any]) -> int:
    """Look with a stack of its own: the tests' own has room."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(most_faults, way).result()


def test_where_there_is_room_a_call_at_any_depth_takes_no_fresh_memory() -> None:
    outside = in_a_thread(plainly)
    if outside < CALLS:
        pytest.skip("This interpreter keeps the memory of its stack.")
    assert in_a_thread(in_room) < CALLS // 2


def test_what_is_raised_and_returned_comes_through() -> None:
    assert in_room(divmod, 7, 2) == (3, 1)
    assert in_room(dict, one=1) == {"one": 1}
    with pytest.raises(ZeroDivisionError):
        in_room(divmod, 1, 0)
