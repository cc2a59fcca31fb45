"""What the guards are for: 200 plans that are mistakes are all held, and 1,000 ordinary weeks are hardly ever held up."""

from collections import Counter

import numpy as np
import pytest

from .simulated_weeks import DAILY, DAY, HOURLY, MISTAKES, WARM, List, drawn, week, wrong

OUTAGES = (0, 0, 1 * DAY, 2 * DAY, 3 * DAY)


def seeded(number: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(number))


def test_of_a_thousand_ordinary_weeks_at_most_ten_runs_are_held() -> None:
    """One week in five syncs hourly, the others daily; three in five begin after an outage of one to three days."""
    judged, held = Counter[str](), Counter[str]()
    for number in range(1000):
        random = seeded(number)
        every = HOURLY if number % 5 == 0 else DAILY
        for _, verdict in week(drawn(random, every), OUTAGES[number // 5 % 5], random):
            judged["runs"] += 1
            held.update(side for side, said in verdict.items() if said["held"])
    assert judged["runs"] > 30_000
    assert held.total() <= 10, held


@pytest.mark.parametrize("mistake", MISTAKES)
def test_two_hundred_mistakes_are_all_held(mistake: str) -> None:
    """Each mistake 29 times, on targeting and suppression lists of 100 to 1,000,000 people, hourly and daily."""
    for number in range(29):
        random = seeded(10_000 + MISTAKES.index(mistake) * 100 + number)
        one = List(drawn(random, (HOURLY, DAILY)[number % 2]), random, WARM + DAY).warmed()
        now = one.before + one.kind.every
        usual = one.next(now)
        figures = wrong(mistake, usual, one.members, random)

        verdict = one.verdict(figures, now)

        assert any(said["held"] for said in verdict.values()), (one.kind, figures, verdict)
        worst = "adds" if figures.adds > usual.adds else "removes"
        assert verdict[worst]["held"], (one.kind, figures, verdict)
        ordinary = one.verdict(usual, now)
        assert not any(said["held"] for said in ordinary.values()), (one.kind, usual, ordinary)
