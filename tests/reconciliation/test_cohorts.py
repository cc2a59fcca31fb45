"""Cohorts of Amplitude, Mixpanel and PostHog as their stand-ins show them, read over real HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciliation.readers.cohorts import moment
from tests.reconciliation.cohort_tools import TRAIT, Desk, size_of


def told(desk: Desk) -> list[tuple[str, str]]:
    """Return axis and words of the states of cohort 7."""
    return [(state.axis, state.words) for state in desk.one().states]


def test_a_cohort_is_the_people_whose_trait_is_true(desk: Desk) -> None:
    desk.cohort("7", trait=TRAIT, name="VIP")
    desk.identify({"a": True, "b": True, "c": False})
    desk.identify({"b": True, "d": True}, key="second source")

    seen = desk.one()
    assert (size_of(seen), seen.name, seen.gone, seen.states) == (3, "VIP", False, ())

    desk.identify({"a": False})
    assert size_of(desk.one()) == 2


def test_one_list_however_many_are_asked(desk: Desk) -> None:
    for number in range(30):
        desk.cohort(str(number), members=number * 10)

    found = desk.read([*map(str, range(30)), "absent"])
    assert [size_of(found[str(number)]) for number in range(30)] == [number * 10 for number in range(30)]
    assert (found["absent"].gone, found["absent"].figures) == (True, ())
    assert len(desk.asked()) == 1


def test_asking_for_nothing_proves_that_the_key_works(desk: Desk) -> None:
    assert desk.read([]) == {}
    assert len(desk.asked()) == 1


def test_a_deleted_cohort_is_gone(desk: Desk) -> None:
    desk.cohort("7", members=5)
    assert not desk.one().gone
    desk.cohort("7", deleted=True)
    assert desk.one().gone


def test_nobody_in_it_is_none_where_the_tool_counted(desk: Desk) -> None:
    desk.cohort("7", trait=TRAIT)
    desk.identify({"a": False})
    assert size_of(desk.one()) == 0


@pytest.mark.parametrize("size", [None, -1, "twelve", 1.5, True, [], 10**16])
def test_a_size_that_is_no_number_is_unknown_never_zero(desk: Desk, size: Any) -> None:
    desk.cohort("7", members=5, fields={desk.tool.size: size})
    assert size_of(desk.one()) is None
    assert desk.one().states


def test_a_size_that_is_missing_is_unknown(desk: Desk) -> None:
    desk.cohort("7", members=5, omit=[desk.tool.size])
    assert size_of(desk.one()) is None
    assert desk.one().states


def test_fields_that_nobody_knows_do_no_harm(desk: Desk) -> None:
    desk.cohort("7", members=5, fields={"new_field": {"deep": [1, None]}, "name": 12})
    assert (size_of(desk.one()), desk.one().name) == (5, "")


def test_all_but_id_and_size_may_be_missing(desk: Desk) -> None:
    names = ["name", "description", "lastComputed", "lastMod", "archived", "created", "is_visible", "version"]
    names += ["pending_version", "is_calculating", "last_calculation", "errors_calculating", "deleted"]
    desk.cohort("7", members=5, omit=names)

    seen = desk.one()
    assert (size_of(seen), seen.as_of, seen.states, seen.name) == (5, None, (), "")


def test_names_are_kept_without_addresses(desk: Desk) -> None:
    desk.cohort("7", members=5, name="of mara@example.com\nand others")
    assert desk.one().name == "of [email] and others"


# Amplitude


@pytest.mark.parametrize("form", ["text", "seconds", "milliseconds"])
def test_amplitude_says_when_it_computed_in_one_of_three_forms(amplitude: Desk, form: str) -> None:
    amplitude.choose(last_computed=form)
    amplitude.cohort("7", members=5, changed_at=1_790_000_000)

    assert amplitude.one().as_of == datetime.fromtimestamp(1_790_000_000, UTC)


def test_amplitude_does_not_say_that_it_computes_so_the_size_is_of_before(amplitude: Desk) -> None:
    amplitude.cohort("7", trait=TRAIT)
    amplitude.identify({"a": True})
    before = amplitude.one()
    amplitude.choose(settle_seconds=3600)
    amplitude.identify({"b": True})

    seen = amplitude.one()
    assert (size_of(seen), seen.as_of) == (size_of(before), before.as_of) == (1, before.as_of)
    amplitude.vendors.order(amplitude.base, "/_sandbox/clock", {"seconds": 4000})
    assert size_of(amplitude.one()) == 2


def test_an_archived_cohort_is_no_longer_computed(amplitude: Desk) -> None:
    amplitude.cohort("7", members=5, archived=True)
    assert (size_of(amplitude.one()), amplitude.one().gone) == (None, False)
    assert told(amplitude) == [
        ("archived", "The cohort is archived, so Amplitude no longer computes it. Unarchive it there.")
    ]


@pytest.mark.parametrize("never", [None, 0, "soon"])
def test_a_cohort_that_was_never_computed_is_unknown(amplitude: Desk, never: Any) -> None:
    amplitude.cohort("7", members=0, fields={"lastComputed": never})
    assert size_of(amplitude.one()) is None
    assert told(amplitude) == [("lastComputed", "Amplitude has not computed the cohort yet.")]


def test_a_cohort_edited_after_it_was_computed_says_so(amplitude: Desk) -> None:
    amplitude.cohort("7", members=5, changed_at=1_790_000_000, last_mod=1_790_000_009)
    assert size_of(amplitude.one()) == 5
    assert told(amplitude)[0][1].startswith("The cohort was changed after it was computed")


# Mixpanel


def test_mixpanel_says_nothing_about_when(mixpanel: Desk) -> None:
    mixpanel.cohort("7", members=5)
    assert (mixpanel.one().as_of, mixpanel.one().changed_at) == (None, None)
    assert mixpanel.asked()[0] == "/api/query/cohorts/list?project_id=1001"


def test_a_hidden_cohort_counts(mixpanel: Desk) -> None:
    mixpanel.cohort("7", members=5, hidden=True)
    assert size_of(mixpanel.one()) == 5
    assert told(mixpanel) == [("is_visible", "The cohort is hidden in Mixpanel's lists; it counts all the same.")]


@pytest.mark.parametrize("region", ["us", "eu", "in"])
def test_each_region_is_another_host(mixpanel: Desk, region: str) -> None:
    mixpanel.cohort("7", members=5)
    assert size_of(mixpanel.one(region=region)) == 5


# PostHog


def test_while_posthog_computes_the_count_is_unknown(posthog: Desk) -> None:
    posthog.cohort("7", trait=TRAIT)
    posthog.identify({"a": True})
    assert size_of(posthog.one()) == 1
    posthog.choose(settle_seconds=3600)
    posthog.identify({"b": True})

    assert size_of(posthog.one()) is None
    assert told(posthog) == [("is_calculating", "PostHog is computing the cohort; its count is of before.")]
    assert posthog.one().states[0].code == "true"
    posthog.vendors.order(posthog.base, "/_sandbox/clock", {"seconds": 4000})
    assert (size_of(posthog.one()), posthog.one().states) == (2, ())


def test_a_definition_that_is_yet_to_be_computed_is_unknown(posthog: Desk) -> None:
    posthog.cohort("7", members=5, fields={"version": 3, "pending_version": 4})
    assert size_of(posthog.one()) is None
    assert [(state.axis, state.code) for state in posthog.one().states] == [("pending_version", "4")]


def test_a_count_after_a_failure_is_of_before_and_says_so(posthog: Desk) -> None:
    posthog.cohort("7", members=5, errors=2, changed_at=1_790_000_000)
    seen = posthog.one()
    assert (size_of(seen), seen.as_of) == (5, datetime.fromtimestamp(1_790_000_000, UTC))
    assert told(posthog)[0][1].startswith("PostHog could not compute the cohort")


def test_not_counted_yet_is_unknown(posthog: Desk) -> None:
    posthog.cohort("7", fields={"count": None})
    assert told(posthog) == [("count", "PostHog has not counted the cohort yet.")]


def test_a_cohort_marked_as_deleted_is_gone(posthog: Desk) -> None:
    posthog.cohort("7", members=5, marked_deleted=True)
    assert posthog.one().gone


def test_pages_are_read_to_the_end_whatever_their_length(posthog: Desk) -> None:
    posthog.choose(page=7)
    for number in range(30):
        posthog.cohort(str(number), members=number)

    found = posthog.read([*map(str, range(30))])
    assert [size_of(found[str(number)]) for number in range(30)] == list(range(30))
    assert [one.partition("?")[2] for one in posthog.asked()] == [f"limit=100&offset={7 * page}" for page in range(5)]


def test_a_host_of_ones_own_is_asked_instead(posthog: Desk) -> None:
    posthog.cohort("7", members=5)
    assert size_of(posthog.one(region="eu", host=posthog.base)) == 5


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2026-11-20T12:00:00Z", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20T12:00:00.250+02:00", datetime(2026, 11, 20, 10, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-20 12:00:00", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        (1_790_000_000, datetime.fromtimestamp(1_790_000_000, UTC)),
        (1_790_000_000_500, datetime.fromtimestamp(1_790_000_000, UTC) + timedelta(milliseconds=500)),
        (0, None),
        (-5, None),
        (True, None),
        (10**30, None),
        (float("nan"), None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ([1], None),
    ],
)
def test_moments_come_in_many_forms(value: Any, wanted: datetime | None) -> None:
    assert moment(value) == wanted
