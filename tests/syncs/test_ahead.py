"""Things made beforehand: in order, all of them, and an error where it was made."""

import threading
from collections.abc import Iterator

import pytest

from syncs.ahead import beforehand


def test_each_is_made_while_the_one_before_is_worked_on() -> None:
    made = [threading.Event() for _ in range(3)]

    def things() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in beforehand(things()):
        assert all(event.wait(5) for event in made[: number + 2])


@pytest.mark.parametrize("count", [0, 1, 5])
def test_all_arrive_in_order(count: int) -> None:
    assert list(beforehand(iter(range(count)))) == list(range(count))


def test_an_error_is_raised_where_it_was_made() -> None:
    def things() -> Iterator[int]:
        yield 1
        raise LookupError("the second")

    found = beforehand(things())

    assert next(found) == 1
    with pytest.raises(LookupError, match="the second"):
        next(found)


def test_whoever_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    found = beforehand(iter(range(9)))
    next(found)
    found.close()  # type: ignore[attr-defined]

    assert threading.active_count() == before
