"""How much the bench measures: all of it, or on small data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """People in the two lists, rounds of each, events of the reference, and how many audiences the page shows."""

    small: int
    large: int
    small_rounds: int
    large_rounds: int
    reference: int
    slow_reference: int
    job_rounds: int
    audiences: int
    runs: int
    looks: int


FULL = Sizes(
    small=1_000_000,
    large=10_000_000,
    small_rounds=5,
    large_rounds=3,
    reference=50_000,
    slow_reference=10_000,
    job_rounds=3,
    audiences=500,
    runs=200,
    looks=60,
)
QUICK = Sizes(
    small=50_000,
    large=500_000,
    small_rounds=3,
    large_rounds=2,
    reference=10_000,
    slow_reference=3_000,
    job_rounds=2,
    audiences=500,
    runs=10,
    looks=40,
)


def people(count: int) -> str:
    """Return a number of people in a few letters: 50 k, 1 M."""
    return f"{count // 1_000_000} M" if count % 1_000_000 == 0 else f"{count // 1_000} k"
