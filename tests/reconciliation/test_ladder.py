"""The count ladder adds up, at both ends of every step, whatever runs and destinations count."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation import losses
from reconciliation.bands import NOBODY, Band, exactly
from reconciliation.ladder import (
    LEARNING,
    NOT_COUNTED,
    NOT_READ,
    NOT_REPORTED,
    TRUNK,
    Held,
    Ladder,
    Place,
    Seen,
    There,
    Waiting,
    Wanted,
    ladder,
)
from reconciliation.ladder_stored import restored, stored
from reconciliation.look import Look
from reconciliation.match_rate import Gap, match_of
from reconciliation.quantities import Basis, Quantity
from reconciliation.readiness import Word
from reconciliation.shown import shown
from reconciliation.steps import UNEXPLAINED, USUAL, Explained
from syncs.reasons import LEFT_OUT
from tests.reconciliation.looked import figure, look

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
LEFT = {"excluded:7": 1106, "consent": 688, "excluded:9": 97, "no_identifier": 398, "id_has_at": 14}
WANTED = Wanted(AT, 18_412, LEFT, duplicates=58)
HELD = Held(AT, 16_109)


def seen(low: int, high: int | None = None, reading: str = "members") -> Seen:
    return Seen(Band(low, high if high is not None else low), AT, Basis.REPORTED, reading)


# --- tables ---------------------------------------------------------------------------------------------------------


def test_the_ladder_of_an_ad_list_names_every_person() -> None:
    size = seen(8_700, 9_300)
    coverage = Explained("coverage", Band(550, 1_190), estimated=True)
    there = There(
        seen(15_997, reading="received"), size, size, expected=(62.02, 66.01), on_the_way=54, losses=[coverage]
    )
    made = ladder(WANTED, HELD, there)
    assert [str(rung.people) for rung in made.rungs] == [
        *("18,412", "16,521", "16,109", "16,051", "16,051", "15,997", "8,700–9,300", "8,700–9,300")
    ]
    matched = made[Place.MATCHED]
    assert [(one.code, str(one.people)) for one in matched.step.losses] == [
        ("not_recognised", "5,437–6,076"),
        ("coverage", "550–1,190"),
        (UNEXPLAINED, "71–670"),
    ]
    assert str(made.missing) == "621–1,860"
    assert str(made.unexplained) == "71–670"
    assert made[Place.USABLE].step.net == (0, 0)
    assert matched.since == Place.RECEIVED


def test_what_a_platform_does_not_report_is_passed_by_and_said() -> None:
    there = There(None, seen(9_230, 9_390, "rate"), seen(7_350, 7_450, "display"), expected=(56, 60))
    made = ladder(WANTED, HELD, there)
    received, matched, usable = (made[place] for place in (Place.RECEIVED, Place.MATCHED, Place.USABLE))
    assert (received.people, received.why_none, received.step.losses) == (None, NOT_REPORTED, ())
    assert matched.since == Place.ACCEPTED
    assert [(one.code, str(one.people), one.estimated) for one in usable.step.losses] == [
        ("not_reached", "1,780–2,040", True),
        (UNEXPLAINED, "0", False),
    ]
    assert made.unexplained == NOBODY


def test_people_who_are_not_counted_as_duplicates_are_not_said_to_be_none() -> None:
    made = ladder(Wanted(AT, 100, {}), Held(AT, 100, duplicates=7))
    assert (made[Place.DISTINCT].people, made[Place.DISTINCT].why_none) == (None, NOT_COUNTED)
    assert made[Place.ACCEPTED].people == exactly(100)
    assert made[Place.ACCEPTED].since == Place.IDENTIFIABLE


def test_before_a_run_and_before_a_reading_nothing_is_zero() -> None:
    made = ladder(None, None)
    assert {rung.people for rung in made.rungs} == {None}
    assert {rung.why_none for rung in made.rungs} == {NOT_READ}
    assert made.unexplained == NOBODY


def test_parked_passes_are_named_apart() -> None:
    held = Held(AT, 900, Waiting(parked=150, refused=3, not_sent=7), Waiting(parked=60))
    accepted = ladder(Wanted(AT, 1_000, {}, 0), held)[Place.ACCEPTED].step
    assert {one.code: one.at_low for one in accepted.losses} == {
        "additions_parked": 150,
        "additions_not_sent": 7,
        "additions_refused": 3,
        UNEXPLAINED: 0,
    }
    assert [(one.code, one.at_low) for one in accepted.gains] == [("removals_parked", 60)]


def test_missing_and_not_removed_are_never_netted() -> None:
    there = There(
        None,
        seen(1_000),
        expected=(100, 100),
        losses=[Explained("lag", exactly(40))],
        gains=[Explained("not_removed", exactly(40))],
    )
    made = ladder(Wanted(AT, 1_000, {}, 0), Held(AT, 1_000), there)[Place.MATCHED].step
    assert [(one.code, one.at_low) for one in made.losses] == [("lag", 40), (USUAL, 0), (UNEXPLAINED, 0)]
    assert [(one.code, one.at_low) for one in made.gains] == [("not_removed", 40)]


def test_more_than_expected_is_a_gain_of_its_own() -> None:
    size = seen(700, 720)
    gone = Explained("not_removed", Band(30, 50), estimated=True)
    made = ladder(Wanted(AT, 1_000, {}, 0), Held(AT, 1_000), There(None, size, expected=(60, 62), gains=[gone]))
    step = made[Place.MATCHED].step
    assert [(one.code, str(one.people)) for one in step.gains] == [("not_removed", "30–50"), (UNEXPLAINED, "50–70")]
    assert made.unexplained == NOBODY
    assert str(step.too_many) == "80–120"


def test_nothing_is_usable_where_the_platform_refuses_the_list() -> None:
    made = ladder(Wanted(AT, 300, {}, 0), Held(AT, 300), There(None, seen(80, 120), refuses="too_small"))
    usable = made[Place.USABLE]
    assert (usable.people, usable.step.losses[0].code, str(usable.step.losses[0].people)) == (
        NOBODY,
        "too_small",
        "80–120",
    )


def test_without_an_expectation_a_loss_is_not_called_usual() -> None:
    made = ladder(Wanted(AT, 300, {}, 0), Held(AT, 300), There(None, seen(80, 120)))
    assert [one.code for one in made[Place.MATCHED].step.losses] == [LEARNING, UNEXPLAINED]


def test_a_look_at_meta_is_matched_and_usable_in_one() -> None:
    seen_there = look(figure(8_700, 9_300), figure(2_948, of=Quantity.RECEIVED))
    there = shown("meta", seen_there, match_of("meta", seen_there, settled=True), expected=(62, 66), word=Word.USABLE)
    assert there.received is None
    assert there.matched == there.usable
    assert ladder(WANTED, HELD, there)[Place.USABLE].step.net == (0, 0)


def test_sessions_that_carried_the_whole_list_are_received() -> None:
    seen_there = look(figure(8_700, 9_300), figure(15_997, of=Quantity.RECEIVED), figure(54, of=Quantity.INVALID))
    there = shown("meta", seen_there, Gap.SETTLING, whole=True)
    made = ladder(WANTED, HELD, there)
    assert [(one.code, one.at_low) for one in made[Place.RECEIVED].step.losses] == [(UNEXPLAINED, 54)]
    assert (made[Place.MATCHED].since, made[Place.MATCHED].step.losses[0].code) == (Place.RECEIVED, "invalid")


def test_a_look_at_google_is_matched_by_its_rate_and_usable_by_its_size() -> None:
    display = figure(7_350, 7_450, of=Quantity.DISPLAY, basis=Basis.ROUNDED)
    seen_there = look(display, figure(580, of=Quantity.MATCH_RATE))
    there = shown("google_ads", seen_there, match_of("google_ads", seen_there, settled=True))
    assert there.matched
    assert there.usable
    assert (str(there.matched.people), str(there.usable.people)) == ("9,229–9,390", "7,350–7,450")


@pytest.mark.parametrize(
    ("word", "people"), [(Word.TOO_SMALL, NOBODY), (Word.BLOCKED, NOBODY), (Word.USABLE, Band(80, 120))]
)
def test_what_may_not_be_used_is_not_usable(word: Word, people: Band) -> None:
    there = shown("meta", look(figure(80, 120)), Gap.SETTLING, word=word)
    assert ladder(WANTED, HELD, there)[Place.USABLE].people == people


def test_what_was_never_read_is_not_reported_as_nothing() -> None:
    assert shown("meta", None, Gap.NOT_READ).unread == NOT_READ
    nothing = Look(AT, AT, "meta")
    assert shown("meta", nothing, Gap.NOT_REPORTED).unread == NOT_REPORTED


@pytest.mark.parametrize("code", [*LEFT_OUT, "excluded:12", *losses.LOSSES, "a_code_of_tomorrow"])
def test_every_loss_has_words(code: str) -> None:
    words = losses.loss_in_words(code, "Meta", {12: "Bought"}, {12: "They bought"})
    assert words.label
    assert "{" not in words.label + words.meaning + words.next_step


@pytest.mark.parametrize("code", [*losses.GAINS, "a_code_of_tomorrow"])
def test_every_gain_has_words(code: str) -> None:
    assert "{" not in losses.gain_in_words(code, "Google Ads").meaning


# --- properties -----------------------------------------------------------------------------------------------------

PEOPLE = st.integers(0, 5_000)
FEW = st.integers(0, 400)
PERCENTS = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(lambda two: (min(two), max(two)))
BANDS = st.tuples(PEOPLE, PEOPLE).map(lambda two: Band(min(two), max(two)))
CODES = st.sampled_from(["coverage", "lag", "expired", "not_removed", "other_writers"])
EXPLAINED = st.builds(
    Explained, CODES, st.tuples(FEW, FEW).map(lambda two: Band(min(two), max(two))), estimated=st.booleans()
)
WAITING = st.builds(Waiting, FEW, FEW, FEW, FEW)
REASONS = st.dictionaries(st.sampled_from([*LEFT_OUT, "excluded:3", "unheard_of"]), FEW)
SEEN = st.one_of(
    st.none(), st.builds(Seen, BANDS, st.just(AT), st.sampled_from(Basis), st.sampled_from(["", "a", "b"]))
)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Wanted, Held]:
    """A run whose counts are consistent: what is not in the ledger waits for a reason."""
    left_out, wanted = draw(REASONS), draw(st.integers(1_600, 20_000))
    duplicates = draw(st.one_of(st.none(), st.integers(0, wanted - 1_600)))
    additions, removals = draw(WAITING), draw(WAITING)
    members = wanted - sum(vars(additions).values()) + sum(vars(removals).values())
    return (
        Wanted(AT, wanted + sum(left_out.values()), left_out, duplicates),
        Held(AT, members, additions, removals),
    )


THERES = st.builds(
    There,
    received=SEEN,
    matched=SEEN,
    usable=SEEN,
    expected=st.one_of(st.none(), PERCENTS),
    reached=st.one_of(st.none(), PERCENTS),
    invalid=FEW,
    on_the_way=FEW,
    losses=st.lists(EXPLAINED, max_size=3),
    gains=st.lists(EXPLAINED, max_size=3),
    refuses=st.sampled_from(["", "", "too_small", "blocked"]),
)


def adds_up(made: Ladder) -> None:
    """Each step leads from the rung it starts at to its own, at the low end and at the high end, and loses nobody twice."""
    for rung in made.rungs:
        if rung.people is None or rung.since is None:
            assert rung.step.losses == ()
            continue
        above = made[rung.since].people
        assert above is not None
        low, high = rung.step.net
        ends = (above.low - low, above.high - high)
        assert ends in {(rung.people.high, rung.people.low), (rung.people.low, rung.people.high)}
        every = [*rung.step.losses, *rung.step.gains]
        assert all(one.at_low >= 0 and one.at_high >= 0 for one in every)
        assert rung.step.losses[-1].code == UNEXPLAINED


@given(runs(), THERES)
def test_rungs_add_up_whatever_is_read(run: tuple[Wanted, Held], there: There) -> None:
    made = ladder(*run, there)
    adds_up(made)
    assert len(made.rungs) == len(Place)


@given(runs(), THERES)
def test_a_ladder_comes_back_from_json_as_it_was(run: tuple[Wanted, Held], there: There) -> None:
    made = ladder(*run, there)
    assert restored(json.loads(json.dumps(stored(made)))) == made


@given(runs())
def test_every_person_of_a_consistent_run_has_a_cause(run: tuple[Wanted, Held]) -> None:
    wanted, held = run
    made = ladder(wanted, held)
    assert made.unexplained == NOBODY == made.unexplained_gain
    below = [rung for rung in made.rungs if rung.step.losses]
    lost = sum(rung.step.net[0] for rung in below)
    accepted = made[Place.ACCEPTED].people
    assert accepted is not None
    assert wanted.in_segment - lost == accepted.low == accepted.high
    named = sum(one.at_low for rung in below for one in rung.step.losses if rung.place in TRUNK)
    assert named == sum(wanted.left_out.values()) + (wanted.duplicates or 0)


@given(PEOPLE, PEOPLE, PEOPLE, PEOPLE)
def test_what_a_run_does_not_explain_is_never_hidden(wanted: int, members: int, parked: int, kept: int) -> None:
    made = ladder(Wanted(AT, wanted, {}), Held(AT, members, Waiting(parked=parked), Waiting(parked=kept)))
    adds_up(made)
    step = made[Place.ACCEPTED].step
    apart = wanted - parked + kept - members
    assert step.unexplained == exactly(max(0, apart))
    assert step.unexplained_gain == exactly(max(0, -apart))


@given(runs(), THERES)
def test_nobody_is_unexplained_as_missing_and_as_too_many_at_once(run: tuple[Wanted, Held], there: There) -> None:
    for rung in ladder(*run, there).rungs:
        lost = next((one for one in rung.step.losses if one.code == UNEXPLAINED), None)
        gained = next((one for one in rung.step.gains if one.code == UNEXPLAINED), None)
        if lost and gained:
            assert lost.at_low * gained.at_low == 0 == lost.at_high * gained.at_high


@given(st.integers(100, 5_000), PERCENTS, st.lists(EXPLAINED, max_size=3))
def test_a_count_within_what_is_expected_leaves_nothing_unexplained(
    members: int, expected: tuple[float, float], known: list[Explained]
) -> None:
    size = exactly(members).share(*expected)
    estimates = [one for one in known if one.estimated]
    there = There(None, Seen(size, AT, Basis.RANGE), expected=expected, losses=estimates)
    made = ladder(Wanted(AT, members, {}, 0), Held(AT, members), there)
    assert made.missing == NOBODY == made.unexplained
    assert made[Place.MATCHED].step.gains == ()


@given(runs(), THERES)
def test_counted_causes_are_kept_whole(run: tuple[Wanted, Held], there: There) -> None:
    step = ladder(*run, there)[Place.MATCHED].step
    if not step.losses:
        return
    for given_ones, made in ((there.losses, step.losses), (there.gains, step.gains)):
        counted = [(one.code, one.people.low, one.people.high) for one in given_ones if not one.estimated]
        apart = {UNEXPLAINED, "invalid"}
        kept = [(one.code, one.at_low, one.at_high) for one in made if not one.estimated and one.code not in apart]
        assert kept == counted
