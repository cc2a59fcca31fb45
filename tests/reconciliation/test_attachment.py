"""Where ads use a list, and the sentence that says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.attachment import Use, is_attached, told, use_of
from reconciliation.readers.seen import AdSetSeen

LIST = "1200"


def ad_set(name: str, *, excludes: tuple[str, ...] = (), includes: tuple[str, ...] = (), id: str = "") -> AdSetSeen:
    return AdSetSeen("ad set", id or name, name, frozenset(includes), frozenset(excludes))


@pytest.mark.parametrize(
    ("use", "suppresses", "platform", "sentence"),
    [
        (Use(None), True, "meta", "Nobody has looked yet where it is used."),
        (Use(0), True, "meta", "No ad set is active there now, so no ad reaches anybody."),
        (Use(3, excluded=("a", "b", "c")), True, "meta", "Excluded in all 3 active ad sets."),
        (
            Use(17, excluded=("x",) * 14, lacking=("ad set A", "ad set B", "ad set C")),
            True,
            "meta",
            "Excluded in 14 of 17 active ad sets; missing in: ad set A, ad set B, ad set C.",
        ),
        (
            Use(2, lacking=("a", "b")),
            True,
            "google_ads",
            "Excluded in none of 2 active campaigns and ad groups: everybody on it can be shown ads.",
        ),
        (
            Use(1, included=("ad set A",), excluded=("ad set A",)),
            True,
            "meta",
            "Excluded in the only one, 1 active ad set. Included in ad set A: ads are aimed at people who should see none.",
        ),
        (
            Use(5, lacking=("a",) * 5),
            False,
            "meta",
            "Included in none of 5 active ad sets: nobody is shown an ad because of it.",
        ),
        (
            Use(5, included=("a",), excluded=("b",), lacking=("a",)),
            False,
            "meta",
            "Included in 1 of 5 active ad sets: a. Excluded in: b.",
        ),
        (
            Use(9, lacking=tuple("abcdefg")),
            True,
            "meta",
            "Excluded in 2 of 9 active ad sets; missing in: a, b, c, d, e and 2 more.",
        ),
    ],
)
def test_the_sentence(use: Use, suppresses: bool, platform: str, sentence: str) -> None:
    assert told(use, suppresses=suppresses, platform=platform) == sentence


def test_a_list_is_looked_up_in_what_is_active() -> None:
    seen = [
        ad_set("Prospecting DE", excludes=(LIST,)),
        ad_set("Prospecting FR", excludes=("9",)),
        ad_set("Retargeting", includes=(LIST,), excludes=("9",)),
    ]

    use = use_of(LIST, seen)

    assert use == Use(
        3,
        included=("ad set Retargeting",),
        excluded=("ad set Prospecting DE",),
        lacking=("ad set Prospecting FR", "ad set Retargeting"),
    )
    assert is_attached(use, suppresses=True) is False
    assert is_attached(use, suppresses=False) is True
    assert is_attached(Use(None), suppresses=True) is None


def test_names_that_occur_twice_are_told_apart() -> None:
    use = use_of(LIST, [ad_set("Same", id="1"), ad_set("Same", id="2", excludes=(LIST,)), ad_set("", id="3")])

    assert (use.excluded, use.lacking) == (("ad set Same (2)",), ("ad set 3", "ad set Same (1)"))


@given(st.lists(st.tuples(st.text(max_size=3), st.booleans(), st.booleans()), max_size=12))
def test_each_active_one_excludes_it_or_lacks_it(drawn: list[tuple[str, bool, bool]]) -> None:
    seen = [
        ad_set(name, id=str(number), excludes=(LIST,) if out else (), includes=(LIST,) if into else ())
        for number, (name, out, into) in enumerate(drawn)
    ]

    use = use_of(LIST, seen)

    assert use.active == len(use.excluded) + len(use.lacking) == len(seen)
    assert not set(use.excluded) & set(use.lacking)
    assert len(use.included) == sum(into for _, _, into in drawn)
    assert told(use, suppresses=True).endswith((".", "!"))
