"""Readiness: one word and sentences for every state that a platform can be in."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.expected_match import Expected, Source
from reconciliation.look import Look
from reconciliation.match_rate import Match
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import State
from reconciliation.readiness import Facts, Word, is_settling, readiness

from .looked import HOUR, NOW, READY, figure, look

LABELS = {"meta": "Meta", "google_ads": "Google Ads", "amplitude": "Amplitude", "posthog": "PostHog"}
USABLE = figure(8_700, 9_300)
OPEN = State("membership_status", "OPEN")
LONG_AGO = NOW - timedelta(days=30)


def facts(seen: Look | None, platform: str = "meta", **told: Any) -> Facts:
    known = {"moved_at": LONG_AGO, "every": 6 * HOUR, **told}
    return Facts(platform, LABELS[platform], NOW, look=seen, **known)


def google(*codes: tuple[str, str], size: int | None = 7_400) -> Look:
    states = tuple(State(axis, code) for axis, code in codes)
    return look(figure(size, of=Quantity.DISPLAY, basis=Basis.ROUNDED), states=(OPEN, *states), source="google_ads")


def meta(axis: str, code: str, *, size: int | None = 9_000, words: str = "") -> Look:
    others = tuple(state for state in READY if state.axis != axis)
    return look(figure(size), states=(*others, State(axis, code, words)))


BAND = Match(54, 58, Basis.RANGE)
DEFINED, RANGE = Expected(62, 66, Source.DEFINITION), Expected(60, 80, Source.PUBLISHED)


@pytest.mark.parametrize(
    ("given", "word", "says"),
    [
        (facts(None), Word.UNKNOWN, "Nothing was read back from Meta yet."),
        (facts(look(USABLE)), Word.USABLE, "Meta counts 8,700–9,300 people."),
        (facts(look(states=(State("list", "gone"),))), Word.BLOCKED, "Meta does not know this list."),
        (facts(look(USABLE, ago=19 * HOUR)), Word.STALE, "This was last read 19 h ago."),
        (facts(look(USABLE, ago=18 * HOUR)), Word.USABLE, "Meta counts"),
        (facts(look(USABLE, ago=13 * 24 * HOUR, source="manual")), Word.USABLE, "Meta counts"),
        (facts(look(USABLE, ago=15 * 24 * HOUR, source="csv")), Word.STALE, "This was last entered 15 d ago."),
        (facts(look(figure(0), accepted=0)), Word.UNKNOWN, "Nobody has been sent to this list yet."),
        (facts(look(figure(120, 180))), Word.TOO_SMALL, "Meta counts 120–180 people, fewer than the 300 it needs."),
        (facts(look(figure(0))), Word.TOO_SMALL, "Meta counts 0 people"),
        (facts(look(figure(1, 1))), Word.TOO_SMALL, "Meta counts 1 person"),
        (facts(look(figure(280, 310))), Word.USABLE, "Meta counts 280–310 people."),
        (facts(look(figure(None))), Word.UNKNOWN, "Meta gives no size for this list."),
        (facts(look()), Word.UNKNOWN, "Meta gives no size for this list."),
        (facts(look(USABLE), moved_at=NOW - 47 * HOUR), Word.SETTLING, "Meta is still taking in"),
        (facts(look(USABLE), moved_at=NOW - 49 * HOUR), Word.USABLE, "Meta counts"),
        (facts(look(figure(0)), moved_at=NOW - 60 * HOUR), Word.SETTLING, "Meta is still taking in"),
        (facts(look(figure(None)), moved_at=NOW - 71 * HOUR), Word.SETTLING, "Meta is still taking in"),
        (facts(look(figure(None)), moved_at=NOW - 74 * HOUR), Word.UNKNOWN, "Meta gives no size"),
        (facts(look(USABLE), match=BAND, expected=DEFINED), Word.LOW_MATCH, "below the 62–66% expected by its def"),
        (facts(look(USABLE), match=BAND, expected=RANGE), Word.LOW_MATCH, "60–80% expected from a published range"),
        (facts(look(USABLE), match=Match(54, 62, Basis.RANGE), expected=DEFINED), Word.USABLE, "Meta counts"),
        (facts(look(USABLE), match=BAND), Word.USABLE, "Meta counts"),
        # Google Ads
        (facts(google(("eligible_for_display", "true")), "google_ads"), Word.USABLE, "Google Ads counts 7,400 people."),
        (facts(google(("eligible_for_display", "true"), size=40), "google_ads"), Word.USABLE, "counts 40 people"),
        (facts(google(("eligible_for_display", "false"), size=40), "google_ads"), Word.TOO_SMALL, "than the 100 it"),
        (facts(google(("eligible_for_search", "false")), "google_ads"), Word.BLOCKED, "does not let ads use this list"),
        (
            facts(google(("eligible_for_search", "false"), ("eligible_for_display", "true")), "google_ads"),
            Word.USABLE,
            "Google Ads counts",
        ),
        (facts(google(("membership_status", "CLOSED")), "google_ads"), Word.BLOCKED, "takes in nobody new"),
        (facts(google(("account_user_list_status", "DISABLED")), "google_ads"), Word.BLOCKED, "no longer shared"),
        (facts(google(("membership_status", "HALF")), "google_ads"), Word.UNKNOWN, "membership_status HALF, which"),
        (facts(google(size=0), "google_ads", moved_at=NOW - 30 * HOUR), Word.SETTLING, "Google Ads is still taking"),
        (facts(google(size=0), "google_ads", moved_at=NOW - 50 * HOUR), Word.TOO_SMALL, "counts 0 people"),
        (facts(google(), "google_ads", moved_at=NOW - 25 * HOUR), Word.USABLE, "Google Ads counts"),
        # Meta's codes
        (facts(look(USABLE, states=READY)), Word.USABLE, "Meta counts 8,700–9,300 people."),
        (facts(meta("delivery_status", "300", size=None)), Word.TOO_SMALL, "Meta recognises too few people"),
        (facts(meta("delivery_status", "400")), Word.BLOCKED, "Meta does not let ads use it."),
        (facts(meta("delivery_status", "433", words="Policy X.")), Word.BLOCKED, "Policy X."),
        (facts(meta("operation_status", "0")), Word.USABLE, "Meta counts"),
        (facts(meta("operation_status", "100")), Word.STALE, "Meta deletes it"),
        (facts(meta("operation_status", "400")), Word.USABLE, "Meta counts"),
        (facts(meta("operation_status", "410", size=None)), Word.UNKNOWN, "Nobody has been uploaded yet."),
        (facts(meta("operation_status", "411")), Word.LOW_MATCH, "Meta recognises few of the people sent."),
        (facts(meta("operation_status", "412")), Word.LOW_MATCH, "Many rows of the last upload were invalid."),
        (facts(meta("operation_status", "414")), Word.SETTLING, "Meta is replacing the people on it."),
        (facts(meta("operation_status", "415")), Word.BLOCKED, "Replacing the people on it failed."),
        (facts(meta("operation_status", "421")), Word.UNKNOWN, "Its pixel is missing."),
        (facts(meta("operation_status", "441")), Word.SETTLING, "Meta is still adding people"),
        (facts(meta("operation_status", "450")), Word.STALE, "No ad has used it for 30 days"),
        (facts(meta("operation_status", "470")), Word.BLOCKED, "no longer active"),
        (facts(meta("operation_status", "471")), Word.BLOCKED, "integrity rules flag it"),
        (facts(meta("operation_status", "500")), Word.BLOCKED, "an error that the advertiser must clear"),
        (facts(meta("operation_status", "987")), Word.UNKNOWN, "operation_status 987, which Muster does not know."),
        # Analytics: no minimum, no settling window but their own word
        (facts(look(figure(3)), "amplitude", moved_at=NOW - HOUR), Word.USABLE, "Amplitude counts 3 people."),
        (
            facts(look(figure(3), states=(State("is_calculating", "true"),)), "posthog"),
            Word.SETTLING,
            "PostHog says is_calculating true.",
        ),
    ],
)
def test_the_word_and_its_sentence(given: Facts, word: Word, says: str) -> None:
    found = readiness(given)
    assert (found.word, says in found.what) == (word, True), found


def test_a_code_that_nobody_told_us_is_shown_in_the_platforms_words() -> None:
    found = readiness(facts(google(("membership_status", "HALF")), "google_ads"))
    assert found.why == "Google Ads says no more about it."
    strange = look(USABLE, states=(State("membership_status", "ODD", "Half open"),))
    found = readiness(facts(strange, "google_ads"))
    assert found.why == "In its own words: “Half open”"
    assert found.said == strange.states


def test_settling_says_until_when() -> None:
    filled = NOW - 10 * HOUR
    assert readiness(facts(look(USABLE), moved_at=filled)).until == filled + 48 * HOUR
    assert readiness(facts(look(figure(0)), moved_at=NOW - 60 * HOUR)).until == NOW + 12 * HOUR


def test_what_goes_on_longer_than_the_platform_takes_is_told() -> None:
    populating = meta("operation_status", "441")
    found = readiness(facts(populating, moved_at=NOW - 60 * HOUR))
    assert (found.until, found.why) == (NOW + 12 * HOUR, "")
    found = readiness(facts(populating, moved_at=NOW - 100 * HOUR))
    assert (found.word, found.until) == (Word.SETTLING, None)
    assert found.why == "That is longer than the 72 h it usually takes at most."
    calculating = look(figure(3), states=(State("is_calculating", "true"),))
    assert readiness(facts(calculating, "posthog")).why == ""


def test_a_network_near_the_minimum_says_so() -> None:
    assert "near the least" in readiness(facts(look(figure(280, 310)))).why
    assert readiness(facts(look(figure(320, 340)))).why == ""


def test_figures_within_the_window_are_not_judged() -> None:
    seen = look(USABLE)
    assert is_settling("meta", seen, NOW - 20 * HOUR)
    assert not is_settling("meta", seen, NOW - 60 * HOUR)
    assert not is_settling("amplitude", seen, NOW - 2 * HOUR)
    assert not is_settling("meta", seen, None)


SIZES = st.one_of(st.none(), st.integers(0, 10**6))


@given(
    low=SIZES,
    wider=st.integers(0, 10**4),
    platform=st.sampled_from(sorted(LABELS)),
    codes=st.lists(
        st.tuples(
            st.sampled_from(["membership_status", "eligible_for_display", "is_calculating", "other"]),
            st.sampled_from(["true", "false", "OPEN", "CLOSED", "", "?"]),
        ),
        max_size=3,
    ),
    moved=st.one_of(st.none(), st.integers(1, 200)),
    ago=st.integers(0, 100),
)
def test_every_look_has_a_word_and_a_sentence(
    low: int | None,
    wider: int,
    platform: str,
    codes: list[tuple[str, str]],
    moved: int | None,
    ago: int,
) -> None:
    size = figure(low, None if low is None else low + wider)
    seen = look(size, states=tuple(State(axis, code) for axis, code in codes), ago=ago * HOUR)
    found = readiness(facts(seen, platform, moved_at=NOW - moved * HOUR if moved else None))

    assert found.what.endswith(".")
    assert found.as_of == seen.as_of
    assert found.said == seen.states
    assert (found.word == Word.USABLE) <= (low is not None)
    assert found.until is None or found.word == Word.SETTLING
