"""Simulated years: the rule stays quiet where nothing happens and finds what was planted, beside the two common rules."""

from functools import cache

import pytest

from bench.found import Found, judged
from bench.rules import RULES
from bench.years import KINDS, Kind

BY_NAME = {kind.name: kind for kind in KINDS}
MUSTER, FIXED, MEAN = "Muster, ±5 %", "fixed ±10 %", "mean ± 3 sd"
SEED = 11


@cache
def found(kind: str, rule: str, years: int) -> Found:
    return judged(BY_NAME[kind], RULES[rule], years, SEED)


@pytest.mark.parametrize("kind", ["quiet", "one bad week half a year ago"])
def test_a_quiet_year_stays_quiet(kind: str) -> None:
    assert found(kind, MUSTER, 12).false_alarms <= 0.25


def test_a_fifth_missing_is_found_within_four_weeks_also_after_a_bad_week() -> None:
    kind = "noisy, step: 20 % missing, a bad week four weeks before"
    mine = found(kind, MUSTER, 12)
    assert mine.soon is not None
    assert mine.soon >= 0.9
    assert found(kind, MEAN, 12).soon == 0


def test_creep_is_found_which_a_fixed_rule_misses() -> None:
    kind = "slow creep: 1 % a week for 15 weeks"
    mine, fixed = found(kind, MUSTER, 12), found(kind, FIXED, 12)
    assert mine.late is not None
    assert fixed.late is not None
    assert mine.late >= 0.75 > 0.3 >= fixed.late


def test_the_same_seed_makes_the_same_years() -> None:
    kind = KINDS[0]
    assert judged(kind, RULES[MEAN], 5, 3) == judged(kind, RULES[MEAN], 5, 3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_whole_years(kind: Kind) -> None:
    mine = judged(kind, RULES[MUSTER], 300, SEED)
    assert mine.false_alarms <= (1.0 if kind.memory > 0.5 else 0.25)
    if kind.drop:
        assert mine.late is not None
        assert mine.late >= 0.85
    if kind.drop >= 0.2:
        assert mine.soon is not None
        assert mine.soon >= 0.95
