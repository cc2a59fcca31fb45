"""What names an arm, and what never may be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.arms import LONGEST, NO_ARM, NOT_AN_ARM, arm_of, is_attribute


@pytest.mark.parametrize(
    ("value", "arm"),
    [
        ("control", "control"),
        (" Control ", "control"),
        ("Variant   B", "variant b"),
        ("variant_20261101", "variant_20261101"),
        ("0", "0"),
        ("10 % off", "10 % off"),
        ("Éclair", "éclair"),
        ("", NO_ARM),
        (" \n", NO_ARM),
        ("ann@shop.example", NOT_AN_ARM),
        ("+1 212 555 0100", NOT_AN_ARM),
        ("2125550100", NOT_AN_ARM),
        ("<b>control</b>", NOT_AN_ARM),
        ("=1+1", NOT_AN_ARM),
        ("x" * (LONGEST + 1), NOT_AN_ARM),
        ("con\x00trol", NOT_AN_ARM),
    ],
)
def test_a_value_names_an_arm_none_or_can_be_none(value: str, arm: str) -> None:
    assert arm_of(value) == arm


@given(st.text(max_size=80) | st.emails())
def test_whatever_it_is_the_name_is_short_and_names_itself(value: str) -> None:
    arm = arm_of(value)
    assert len(arm) <= LONGEST
    assert "@" not in arm
    assert arm == NOT_AN_ARM or arm_of(arm) == arm


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("exp_winback", True),
        ("Experiment1", True),
        ("email", False),
        ("Phone", False),
        ("cio_id", False),
        ("exp-winback", False),
        ("exp winback", False),
        ('x"; DROP TABLE identifies; --', False),
        ("1st_test", False),
        ("", False),
    ],
)
def test_only_a_name_of_its_own_holds_an_arm(name: str, may: bool) -> None:
    assert is_attribute(name) is may
