"""Why people are not on a suppression list, as a sentence: the first thing that holds. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.exposure_told import Cause, Facts, told

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
FINE = Facts("Buyers", "Meta, NW US", NOW, UTC, 41, read_at=NOW.replace(minute=0), next_at=NOW.replace(minute=30))


@pytest.mark.parametrize(
    ("facts", "cause", "words"),
    [
        (replace(FINE, came="Bought"), Cause.SINCE_RUN, "Bought after 09:00; next run 09:30."),
        (replace(FINE, underway=True), Cause.SINCE_RUN, "Entered after 09:00; a run is under way."),
        (replace(FINE, next_at=None), Cause.SINCE_RUN, "Entered after 09:00; no run is planned."),
        (replace(FINE, missing=0), Cause.NOBODY, "Everybody who can be on the list is on it."),
        (
            replace(FINE, has_list=False),
            Cause.NOT_SET,
            "Buyers has no list at Meta, NW US, so nobody is left out by it.",
        ),
        (
            replace(FINE, stopped="The key is refused.", key_refused=True, failed_since=NOW.replace(hour=0, minute=12)),
            Cause.KEY_REFUSED,
            "Write key refused since 00:12.",
        ),
        (
            replace(FINE, stopped="RudderStack refuses it.", failed_since=NOW.replace(hour=0, minute=12)),
            Cause.STOPPED,
            "Sending is stopped since 00:12: RudderStack refuses it.",
        ),
        (
            replace(FINE, paused_since=NOW - timedelta(days=1)),
            Cause.PAUSED,
            "Paused since Sun 22 Nov, 09:20: nobody is added meanwhile.",
        ),
        (replace(FINE, read_at=None), Cause.NEVER_ARRIVED, "No sync of the list has arrived yet; next run 09:30."),
        (
            replace(FINE, trusted=False),
            Cause.FILLED_ANEW,
            "It is another list than before: nobody counts until everybody was sent again; next run 09:30.",
        ),
        (
            replace(FINE, parked=1_291, parked_since=NOW.replace(minute=5)),
            Cause.HELD,
            "1,291 additions are parked since 09:05.",
        ),
        (
            replace(FINE, failed_since=NOW.replace(minute=2)),
            Cause.FAILED,
            "No sync got through since 09:02; next run 09:30.",
        ),
        (replace(FINE, ramp=10), Cause.RAMP, "Only the first 10% are sent until somebody ends the ramp step."),
        (replace(FINE, retired=True, read_at=None), Cause.RETIRED, "The list was retired: nobody is added any more."),
    ],
)
def test_the_first_thing_that_holds_is_told(facts: Facts, cause: Cause, words: str) -> None:
    assert told(facts) == (cause, words)


times = st.none() | st.integers(0, 80_000).map(lambda minutes: NOW - timedelta(minutes=minutes))


@given(
    st.builds(
        Facts,
        st.just("Buyers"),
        st.just("Meta"),
        st.just(NOW),
        st.just(UTC),
        st.integers(0, 10**7),
        has_list=st.booleans(),
        retired=st.booleans(),
        stopped=st.sampled_from(["", "It is refused."]),
        key_refused=st.booleans(),
        failed_since=times,
        paused_since=times,
        read_at=times,
        next_at=times,
        trusted=st.booleans(),
        parked=st.integers(0, 9),
        parked_since=times,
        underway=st.booleans(),
        ramp=st.sampled_from([10, 100]),
    )
)
def test_whoever_is_missing_has_a_cause_in_one_sentence(facts: Facts) -> None:
    cause, words = told(facts)
    assert words.endswith(".")
    assert "not known" not in words.replace(facts.time(None), "not known") or cause in {Cause.HELD}
    assert (cause == Cause.NOBODY) == (facts.missing == 0 and facts.has_list)
