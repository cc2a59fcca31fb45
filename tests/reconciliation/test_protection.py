"""What one required suppression is worth: every state from facts, and what is never green. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciliation.attachment import Use
from reconciliation.protection import Facts, Mark, Tone, freshness, protection

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERYWHERE = Use(17, excluded=tuple(f"ad set {n}" for n in range(17)))
PARTLY = Use(17, excluded=tuple(f"ad set {n}" for n in range(14)), lacking=("ad set a", "ad set b", "ad set c"))
NOWHERE = Use(2, lacking=("ad set a", "ad set b"))
NO_ADS = Use(0)
AIMED = Use(2, included=("ad set a",), excluded=("ad set b",), lacking=("ad set a",))
FINE = Facts(
    now=NOW,
    place="Meta",
    target=HOUR,
    audience="Purchased in last 7 days",
    lifecycle="live",
    newest=NOW - timedelta(minutes=20),
    readiness="usable",
    said="Meta counts 14,300–15,100 people.",
    health="on_target",
    use=EVERYWHERE,
)
REFUSED = "Write key refused since 00:12."


def old(**fields: Any) -> dict[str, Any]:
    return {"newest": NOW - timedelta(**fields)}


CASES: list[tuple[str, dict[str, Any], Mark, Tone, str]] = [
    ("fresh, read, excluded everywhere", {}, Mark.PROTECTING, Tone.OK, ""),
    ("no ads are active", {"use": NO_ADS}, Mark.PROTECTING, Tone.OK, ""),
    ("a low match still protects whom it matches", {"readiness": "low_match"}, Mark.PROTECTING, Tone.OK, ""),
    ("drifting is not broken", {"health": "drifting"}, Mark.PROTECTING, Tone.OK, ""),
    ("some ads miss it", {"use": PARTLY}, Mark.PROTECTING, Tone.WARN, "Ads in 3 of 17 places still reach"),
    ("paused, still fresh", {"paused": "Paused since 09:00: audit."}, Mark.PROTECTING, Tone.WARN, "Paused since 09:00"),
    ("the newest run failed", {"failed": "It timed out."}, Mark.PROTECTING, Tone.WARN, "It timed out."),
    ("nobody registered one", {"audience": ""}, Mark.NOT_SET, Tone.BAD, "No audience fulfils it yet."),
    ("nothing is spent yet", {"audience": "", "spends": False}, Mark.NOT_SET, Tone.NONE, "No audience fulfils it yet."),
    ("no list there", {"lifecycle": ""}, Mark.NOT_SET, Tone.BAD, "has no live list there"),
    ("a draft", {"lifecycle": "draft"}, Mark.NOT_SET, Tone.BAD, "has no live list there"),
    ("retired", {"lifecycle": "retired"}, Mark.NOT_SET, Tone.BAD, "has no live list there"),
    ("never arrived", {"newest": None}, Mark.NOT_SET, Tone.BAD, "No sync has arrived"),
    ("never arrived, for a reason", {"newest": None, "stopped": REFUSED}, Mark.NOT_SET, Tone.BAD, REFUSED),
    ("just inside the target", old(minutes=59, seconds=59), Mark.PROTECTING, Tone.OK, ""),
    ("at the target", old(hours=1), Mark.STALE, Tone.WARN, "No later sync has arrived"),
    ("just inside twice the target", old(hours=1, minutes=59), Mark.STALE, Tone.WARN, ""),
    ("at twice the target", old(hours=2), Mark.STALE, Tone.BAD, ""),
    ("stale and refused", {**old(hours=9), "stopped": REFUSED}, Mark.STALE, Tone.BAD, REFUSED),
    ("stale and excluded nowhere", {**old(hours=9), "use": NOWHERE}, Mark.STALE, Tone.BAD, ""),
    ("stale and paused", {**old(hours=9), "paused": "Paused."}, Mark.STALE, Tone.BAD, "Paused."),
    ("stale and never read", {**old(hours=9), "readiness": ""}, Mark.STALE, Tone.BAD, ""),
    ("late and refused", {**old(minutes=90), "stopped": REFUSED}, Mark.BROKEN, Tone.BAD, REFUSED),
    ("late and excluded nowhere", {**old(minutes=90), "use": NOWHERE}, Mark.NOT_ATTACHED, Tone.BAD, ""),
    ("late and never read", {**old(minutes=90), "readiness": ""}, Mark.STALE, Tone.WARN, ""),
    ("gone there", {"readiness": "blocked", "said": "Meta does not know it."}, Mark.BROKEN, Tone.BAD, "does not know"),
    ("gone there and stale", {**old(hours=9), "readiness": "blocked"}, Mark.BROKEN, Tone.BAD, ""),
    ("stopped", {"stopped": REFUSED}, Mark.BROKEN, Tone.BAD, REFUSED),
    ("judged broken", {"health": "broken", "health_words": "Half is missing."}, Mark.BROKEN, Tone.BAD, "Half is"),
    ("ads are aimed at them", {"use": AIMED}, Mark.NOT_ATTACHED, Tone.BAD, "Included in ad set a"),
    ("excluded nowhere", {"use": NOWHERE}, Mark.NOT_ATTACHED, Tone.BAD, "Excluded nowhere"),
    ("excluded nowhere while it settles", {"use": NOWHERE, "readiness": "settling"}, Mark.NOT_ATTACHED, Tone.BAD, ""),
    ("too small", {"readiness": "too_small", "said": "It needs 300."}, Mark.TOO_SMALL, Tone.NONE, "It needs 300."),
    ("too small and nowhere", {"readiness": "too_small", "use": NOWHERE}, Mark.TOO_SMALL, Tone.NONE, ""),
    ("settling", {"readiness": "settling", "said": "Until 12:00."}, Mark.SETTLING, Tone.NONE, "Until 12:00."),
    ("never read", {"readiness": ""}, Mark.UNKNOWN, Tone.NONE, "was not read yet"),
    ("not read for long", {"read_old": True}, Mark.UNKNOWN, Tone.NONE, "was not read lately"),
    ("the platform says unknown", {"readiness": "unknown", "said": "Code 7."}, Mark.UNKNOWN, Tone.NONE, "Code 7."),
    ("where it is used is not known", {"use": None}, Mark.UNKNOWN, Tone.NONE, "nobody knows whether ads exclude it"),
    ("signed without counting", {"use": Use(None)}, Mark.UNKNOWN, Tone.NONE, ""),
    ("the token cannot", {"use": None, "unused": "Not read: no scope."}, Mark.UNKNOWN, Tone.NONE, "no scope"),
]


@pytest.mark.parametrize(("fields", "mark", "tone", "why"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_every_state(fields: dict[str, Any], mark: Mark, tone: Tone, why: str) -> None:
    found = protection(replace(FINE, **fields))
    assert (found.mark, found.tone) == (mark, tone)
    assert why in found.why


def test_the_table_has_every_mark() -> None:
    assert {row[2] for row in CASES} == set(Mark)


def test_the_word_of_a_stale_one_says_how_old() -> None:
    assert protection(replace(FINE, **old(hours=9, minutes=10))).word == "Stale 9 h 10 m"
    assert protection(FINE).word == "Protecting"


# On a busy machine the first drawn facts take a second, which is no fault of what is tested.
LOADED = settings(suppress_health_check=[HealthCheck.too_slow])
USES = st.sampled_from([None, Use(None), EVERYWHERE, PARTLY, NOWHERE, NO_ADS, AIMED])
FACTS = st.builds(
    Facts,
    now=st.just(NOW),
    place=st.just("Meta"),
    target=st.timedeltas(timedelta(minutes=5), timedelta(days=2)),
    spends=st.booleans(),
    audience=st.sampled_from(["", "Buyers"]),
    lifecycle=st.sampled_from(["", "draft", "in_pilot", "live", "live", "paused", "retired"]),
    newest=st.none() | st.timedeltas(timedelta(), timedelta(days=3)).map(lambda back: NOW - back),
    stopped=st.sampled_from(["", "", "Refused."]),
    paused=st.sampled_from(["", "", "Paused."]),
    failed=st.sampled_from(["", "", "Failed."]),
    readiness=st.sampled_from(
        ["", "usable", "usable", "settling", "too_small", "low_match", "blocked", "stale", "unknown"]
    ),
    said=st.sampled_from(["", "The platform's words."]),
    read_old=st.booleans(),
    health=st.sampled_from(["", "on_target", "drifting", "broken", "unknown"]),
    use=USES,
)


@LOADED
@given(FACTS)
def test_what_is_not_known_is_never_green(facts: Facts) -> None:
    found = protection(facts)
    if not found.protects:
        return
    assert facts.audience
    assert facts.lifecycle in {"live", "paused"}
    assert freshness(facts) == Tone.OK
    assert facts.attached is True
    assert facts.use is not None
    assert not facts.use.included
    assert facts.readiness in {"usable", "low_match"}
    assert not facts.read_old
    assert not (facts.stopped)
    assert not (facts.paused)
    assert not (facts.failed)
    assert facts.health != "broken"


@LOADED
@given(FACTS)
def test_green_is_only_where_it_protects_and_what_is_wrong_has_a_reason(facts: Facts) -> None:
    found = protection(facts)
    assert (found.tone == Tone.OK) == found.protects
    assert found.protects or found.why
    assert (found.age is not None) == (found.mark == Mark.STALE)


@LOADED
@given(FACTS, st.timedeltas(timedelta(), timedelta(days=3)))
def test_time_alone_never_makes_it_better(facts: Facts, later: timedelta) -> None:
    rank = {Tone.OK: 0, Tone.NONE: 0, Tone.WARN: 1, Tone.BAD: 2}
    after = protection(replace(facts, now=facts.now + later))
    assert rank[after.tone] >= rank[protection(facts).tone]
