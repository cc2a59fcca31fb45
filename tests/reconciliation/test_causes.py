"""Twelve planted faults, each with what would be seen of it: the right cause is named first. Shared causes are one incident."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation import estimates
from reconciliation.bands import NOBODY, Band, exactly
from reconciliation.case import Case, Fell, Finding, Happened, Kind, Moved, Shared, Sure
from reconciliation.causes import causes, main_cause
from reconciliation.drift import Drift, Rule, Terms, Verdict, drift
from reconciliation.evidence import Evidence
from reconciliation.incidents import Alarm, Belongs, incidents
from reconciliation.ladder import Held, Ladder, Seen, There, Waiting, Wanted, ladder
from reconciliation.quantities import Basis
from reconciliation.steps import Explained

AT = datetime(2026, 11, 22, 23, tzinfo=UTC)
MONDAY = date(2026, 1, 5)
DAY = timedelta(days=1)
SENT = 10_000
QUIET = [55.0, 54.6, 55.3, 55.1, 54.8, 55.4, 54.9, 55.2, 55.0, 54.7, 55.2, 55.0]
USUAL = (52.0, 58.0)
NOT_WAITING = Waiting()


@cache
def judged(percent: float) -> Drift:
    rows = [Evidence(MONDAY + timedelta(weeks=n), exactly(round(100 * p)), SENT) for n, p in enumerate(QUIET)]
    size = exactly(round(SENT * percent / 100))
    return drift([*rows, Evidence(MONDAY + timedelta(weeks=12), size, SENT)], Terms(5.0))


def climbed(
    percent: float,
    *,
    left_out: dict[str, int] | None = None,
    duplicates: int | None = None,
    additions: Waiting = NOT_WAITING,
    removals: Waiting = NOT_WAITING,
    **there: Any,
) -> Ladder:
    """Make a ladder of 10,000 people accepted of whom so many percent are there."""
    wanted = SENT + sum(vars(additions).values()) - sum(vars(removals).values())
    out = {"excluded:7": 2_000, "consent": 500} if left_out is None else left_out
    size = Seen(exactly(round(SENT * percent / 100)), AT, Basis.REPORTED, "members")
    return ladder(
        Wanted(AT, wanted + sum(out.values()), out, duplicates),
        Held(AT, SENT, additions, removals),
        There(matched=size, usable=size, expected=USUAL, **there),
    )


def explained(code: str, low: int, high: int) -> Explained:
    return Explained(code, Band(low, high), estimated=True)


@dataclass(frozen=True)
class Fault:
    name: str
    percent: float
    kind: Kind | None
    code: str = ""
    happened: Happened = field(default_factory=Happened)
    climbs: dict[str, Any] = field(default_factory=dict)
    climbed_before: dict[str, Any] = field(default_factory=dict)
    drift: Drift | None = None

    def case(self) -> Case:
        now, before = climbed(self.percent, **self.climbs), climbed(55.0, **self.climbed_before)
        return Case(self.drift or judged(self.percent), now, self.happened, before, "Meta")


def received(people: int) -> Seen:
    return Seen(exactly(people), AT, Basis.REPORTED, "received")


COVERAGE = Fell("phone", 13.1, 71.4, 58.3)
FAULTS = [
    Fault(
        "identifier switch",
        44,
        Kind.IDENTITY,
        "identifiers_switched",
        Happened(identifiers=("email, phone", "email")),
    ),
    Fault("silent segment edit", 55, Kind.DEFINITION, "segment_edited", Happened(segment_edited=True)),
    Fault(
        "removals not applied",
        66,
        Kind.REMOVAL,
        "not_removed",
        Happened(additions=500, removals=2_500, size_before=exactly(6_600)),
        {"gains": [explained("not_removed", 1_300, 1_450)]},
    ),
    Fault(
        "removals not applied, a few every week",
        66,
        Kind.REMOVAL,
        "not_removed",
        Happened(
            additions=500, removals=500, size_before=Band(6_250, 6_550), month=Moved(2_000, 2_000, exactly(5_600))
        ),
        {"gains": [explained("not_removed", 250, 280)]},
    ),
    Fault(
        "a list that varies by as much as was removed",
        57,
        None,
        "",
        Happened(additions=500, removals=500, size_before=exactly(5_500)),
    ),
    Fault(
        "dead token at the destination",
        44,
        Kind.DELIVERY,
        "stalled",
        Happened(sent_at=AT, changed_at=AT - 9 * DAY, settles_in=3 * DAY, additions=2_000, removals=100),
    ),
    Fault(
        "mapping emptied",
        20,
        Kind.IDENTITY,
        "mapping",
        climbs={"received": received(SENT), "invalid": 6_000},
    ),
    Fault(
        "mapping emptied between two looks",
        55,
        Kind.IDENTITY,
        "mapping",
        Happened(additions=500, received=500, invalid=480, sent_at=AT, changed_at=AT - 5 * DAY, settles_in=3 * DAY),
    ),
    Fault(
        "a part fails between two looks",
        55,
        Kind.DELIVERY,
        "not_received",
        Happened(additions=500, received=360, invalid=0, removals=480),
    ),
    Fault("a few fail between two looks", 55, None, "", Happened(additions=500, received=470, invalid=3)),
    Fault(
        "dead token, and the sessions say so too",
        55,
        Kind.DELIVERY,
        "stalled",
        Happened(additions=500, received=0, invalid=0, sent_at=AT, changed_at=AT - 9 * DAY, settles_in=3 * DAY),
    ),
    Fault(
        "additions that do not arrive",
        44,
        Kind.DELIVERY,
        "not_added",
        Happened(additions=2_000, removals=0, size_before=exactly(4_400)),
    ),
    Fault("platform purge", 8, Kind.DELIVERY, "purged", Happened(removals=12)),
    Fault(
        "life-span expiry",
        40,
        Kind.EXPIRY,
        "expired",
        Happened(expired=Band(1_200, 1_700)),
        {"losses": [explained("expired", 1_200, 1_700)]},
    ),
    Fault(
        "duplicate profiles",
        47,
        Kind.IDENTITY,
        "duplicates",
        climbs={"duplicates": 1_400},
        climbed_before={"duplicates": 50},
    ),
    Fault(
        "late platform",
        48,
        Kind.LAG,
        "lag",
        Happened(later=(1_500, 20), settles_in=2 * DAY, sent_at=AT, changed_at=AT - DAY),
        {"losses": [explained("lag", 780, 870)]},
    ),
    Fault("a platform that does not count", 55, Kind.LAG, "late", Happened(late_by=5 * DAY)),
    Fault(
        "expiry that Muster was not told of",
        40,
        Kind.EXPIRY,
        "expired",
        Happened(expired=Band(1_200, 1_700), life_untold=84),
        {"losses": [explained("expired", 1_200, 1_700)]},
    ),
    Fault(
        "half of the people unknown by the new identifier",
        20,
        Kind.IDENTITY,
        "identifiers_switched",
        Happened(identifiers=("email", "phone")),
    ),
    Fault(
        "silent segment edit, its changes parked",
        55,
        Kind.DEFINITION,
        "segment_edited",
        Happened(segment_edited=True),
        {"additions": Waiting(parked=800), "removals": Waiting(parked=700)},
    ),
    Fault(
        "a segment that shrank below what ads use",
        55,
        Kind.DEFINITION,
        "segment_shrunk",
        Happened(too_small=True),
        drift=replace(judged(55), verdict=Verdict.BROKEN, rule=Rule.NOT_USABLE),
        climbed_before={"left_out": {"consent": 90_000}},
    ),
    Fault(
        "a purge where no size is given any more",
        55,
        Kind.DELIVERY,
        "purged",
        Happened(too_small=True, removals=12),
        drift=replace(judged(55), verdict=Verdict.BROKEN, rule=Rule.NOT_USABLE, there=None, missing=NOBODY),
    ),
    Fault("exclusion gone", 55, Kind.DEFINITION, "exclusion_gone", climbs={"left_out": {"consent": 500}}),
    Fault(
        "partial failure",
        44,
        Kind.DELIVERY,
        "not_received",
        climbs={"received": received(8_000)},
    ),
    Fault("tiny list", 55, None, drift=drift([Evidence(MONDAY, None, 38, why_none="Too small.")], Terms(5.0))),
    Fault(
        "coverage of phones fell",
        50,
        Kind.IDENTITY,
        "coverage",
        Happened(coverage=(COVERAGE,)),
        {"losses": [explained("coverage", 190, 270)]},
    ),
    Fault(
        "additions refused",
        55,
        Kind.DELIVERY,
        "not_delivered",
        Happened(failed_runs=1, missed_slots=2),
        {"additions": Waiting(refused=700)},
    ),
    Fault("removals parked", 55, Kind.REMOVAL, "removals_waiting", climbs={"removals": Waiting(parked=900)}),
    Fault("write key refused", 55, Kind.DELIVERY, "key_refused", Happened(key_refused=True)),
    Fault("list deleted there", 0, Kind.DELIVERY, "list_gone", Happened(list_gone=True)),
    Fault("the platform knows fewer people", 47, Kind.MATCH, "match", climbs={"received": received(SENT)}),
    Fault("nothing known", 44, Kind.UNEXPLAINED, "unexplained"),
    Fault("nothing wrong", 55, None),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_right_cause_is_named_first(fault: Fault) -> None:
    found = main_cause(fault.case())
    assert (found.kind if found else None, found.code if found else "") == (fault.kind, fault.code)
    if found:
        assert found.words.endswith(".")
        assert found.do.endswith((".", "?"))


def test_what_is_left_stands_beside_the_cause() -> None:
    fault = next(one for one in FAULTS if one.code == "coverage")
    found = causes(fault.case())
    assert [one.kind for one in found] == [Kind.IDENTITY, Kind.UNEXPLAINED]
    assert str(found[0].people) == "190–270"
    assert found[0].words == "Phone coverage fell 13 points, 71.4 → 58.3%."
    assert found[1].people == fault.case().now.unexplained


def test_an_event_that_explains_nothing_of_it_does_not_come_first() -> None:
    told = Happened(expired=Band(1_200, 1_700))
    now = climbed(40, additions=Waiting(parked=300), losses=[explained("expired", 1_200, 1_700)])
    found = causes(Case(judged(40), now, told, climbed(55)))
    assert [one.code for one in found[:2]] == ["expired", "not_delivered"]


def test_a_new_version_is_only_possible() -> None:
    found = causes(Case(judged(44), climbed(44), Happened(version=(6, 7)), None))
    assert [(one.code, one.sure) for one in found] == [("new_version", 1), ("unexplained", 1)]


def test_what_cannot_be_read_is_told_of_lists_that_are_unknown() -> None:
    unknown = drift([Evidence(MONDAY, None, SENT, why_none="Not read since 13 Nov.")], Terms(5.0))
    found = main_cause(Case(unknown, ladder(None, None), Happened(unreadable="Cannot read the table since 13 Nov.")))
    assert found is not None
    assert (found.code, found.shared) == ("unreadable", Shared.ACCOUNT)


FLAGS = st.booleans()
HAPPENED = st.builds(
    Happened,
    segment_edited=FLAGS,
    version=st.sampled_from([None, (1, 2)]),
    exclusion_unread=FLAGS,
    identifiers=st.sampled_from([None, ("email", "phone")]),
    mapping_changed=FLAGS,
    pipe_changed=FLAGS,
    coverage=st.sampled_from([(), (COVERAGE,)]),
    failed_runs=st.integers(0, 3),
    missed_slots=st.integers(0, 3),
    key_refused=FLAGS,
    list_gone=FLAGS,
    blocked=st.sampled_from(["", "Blocked by policy."]),
    additions=st.integers(0, 3_000),
    removals=st.integers(0, 3_000),
    later=st.tuples(st.integers(0, 900), st.integers(0, 900)),
    size_before=st.sampled_from([None, exactly(5_500)]),
    sent_at=st.sampled_from([None, AT]),
    changed_at=st.sampled_from([None, AT - 9 * DAY, AT]),
    expired=st.sampled_from([NOBODY, Band(100, 900)]),
    received=st.sampled_from([None, 0, 400, 3_000]),
    invalid=st.sampled_from([None, 0, 400]),
    late_by=st.sampled_from([timedelta(), 5 * DAY]),
    own_rate=FLAGS,
)


LADDERS = {percent: climbed(percent) for percent in (0.0, 8.0, 44.0, 50.0, 55.0, 59.0, 66.0, 97.0)}


@given(HAPPENED, st.sampled_from([*LADDERS]))
def test_a_list_that_is_off_always_has_a_cause(happened: Happened, percent: float) -> None:
    case = Case(judged(percent), LADDERS[percent], happened, LADDERS[55])
    found = causes(case)
    assert bool(found) or not case.drift.is_outside
    assert (main_cause(case) is not None) >= case.drift.is_outside
    assert len({one.code for one in found}) == len(found)
    assert all(one.kind != Kind.UNEXPLAINED for one in found[:-1])


# --- incidents ------------------------------------------------------------------------------------------------------


def alarm(number: int, code: str, shared: Shared, people: int = 100, weeks: int = 1, **fields: str) -> Alarm:
    kind = Kind.UNEXPLAINED if code == "unexplained" else Kind.DELIVERY
    finding = Finding(kind, code, "Words.", "Do.", Sure.LIKELY, shared=shared)
    return Alarm(Belongs(number, **fields), finding, exactly(people), weeks)


def test_alarms_of_one_account_are_one() -> None:
    made = incidents(
        [
            alarm(1, "stalled", Shared.ACCOUNT, 50, account="us", platform="meta"),
            alarm(2, "stalled", Shared.ACCOUNT, 400, account="us", platform="meta"),
            alarm(3, "expired", Shared.ACCOUNT, 30, weeks=20, account="us", platform="meta"),
        ]
    )
    assert [(one.what, one.name, [a.belongs.list for a in one.alarms]) for one in made] == [
        (Shared.ACCOUNT, "us", [3]),
        (Shared.ACCOUNT, "us", [2, 1]),
    ]
    assert made[1].people == exactly(450)


def test_a_cause_at_several_accounts_is_the_platforms() -> None:
    made = incidents(
        [
            alarm(1, "stalled", Shared.ACCOUNT, account="us", platform="meta"),
            alarm(2, "stalled", Shared.ACCOUNT, account="eu", platform="meta"),
            alarm(3, "stalled", Shared.ACCOUNT, account="us", platform="google_ads"),
        ]
    )
    assert {(one.what, one.name, len(one.alarms)) for one in made} == {
        (Shared.PLATFORM, "meta", 2),
        (Shared.ACCOUNT, "us", 1),
    }


def test_what_is_unexplained_is_never_one() -> None:
    made = incidents([alarm(n, "unexplained", Shared.PLATFORM, platform="meta") for n in (1, 2)])
    assert len(made) == 2


CODES = st.sampled_from(["stalled", "coverage", "mapping", "unexplained"])
ALARMS = st.lists(
    st.builds(
        alarm,
        st.integers(1, 50),
        CODES,
        st.sampled_from(Shared),
        st.integers(0, 500),
        st.integers(1, 9),
        account=st.sampled_from(["", "us", "eu"]),
        platform=st.sampled_from(["", "meta"]),
        pipe=st.sampled_from(["", "a"]),
    ),
    max_size=12,
    unique_by=lambda one: one.belongs.list,
)


@given(ALARMS)
def test_every_alarm_is_in_one_incident(alarms: list[Alarm]) -> None:
    made = incidents(alarms)
    together = sorted(one.belongs.list for incident in made for one in incident.alarms)
    assert together == sorted(one.belongs.list for one in alarms)
    assert all(len({one.cause.code for one in incident.alarms}) == 1 for incident in made)
    assert [one.severity for one in made] == sorted((one.severity for one in made), reverse=True)
    assert incidents(reversed(alarms)) == made


# --- estimates ------------------------------------------------------------------------------------------------------


def test_who_expires_is_forecast_from_when_they_were_sent() -> None:
    life = timedelta(days=30)
    sent = [(AT - 40 * DAY, 1_000), (AT - 30 * DAY, 500), (AT - 10 * DAY, 4_000)]
    assert estimates.expired(sent, life, AT, (50, 60)).people == Band(500, 900)
    assert estimates.expired(sent, None, AT, (50, 60)).people == NOBODY
    assert estimates.forecast(sent, life, AT, 4) == [500, 0, 4_000, 0]


def test_coverage_costs_what_the_identifier_added() -> None:
    uplift = estimates.uplift("meta", "phone")
    assert uplift == (15.0, 20.0)
    assert estimates.coverage_fell(16_051, 13.1, uplift).people == Band(315, 421)
    assert estimates.uplift("meta", "email") == (35.0, 60.0)
    assert estimates.uplift("meta", "phone", own=(26.0, 57.0)) == (26.0, 57.0)
    assert estimates.uplift("amplitude", "email") is None


def test_estimates_of_lag_and_skew_are_bands() -> None:
    later, still = estimates.lag(1_000, 50, (50, 60))
    assert (str(later.people), str(still.people)) == ("500–600", "25–30")
    assert str(estimates.skewed(70)[0].people) == "0–70"
    assert estimates.not_removed(900, (50, 60)).people == Band(450, 540)


def test_a_verdict_unknown_is_no_drift() -> None:
    unknown = drift([Evidence(MONDAY, None, None, why_none="Not read.")], Terms())
    assert unknown.verdict == Verdict.UNKNOWN
    assert causes(Case(unknown, ladder(None, None))) == []
    assert main_cause(Case(replace(unknown), ladder(None, None))) is None
