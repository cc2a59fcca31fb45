"""What people type is understood or refused with a sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audiences.models import Destination
from syncs.forms import LARGEST, PauseForm, ReleaseForm, RunFilter, StartForm, moment
from syncs.models import Run
from syncs.parked import choices
from syncs.states import RunState
from tests import factories

from . import run_rows

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("10:30", datetime(2026, 11, 23, 10, 30, tzinfo=UTC)),
        ("9:05", datetime(2026, 11, 23, 9, 5, tzinfo=UTC)),
        ("2026-11-24 08:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24T08:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("24 Nov 2026 08:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("24 November 2026 08:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("25:00", None),  # no such time
        ("10", None),  # a number is not a time
        ("noon", None),
        ("2026-02-30 08:00", None),  # no such day
        ("٣:٣", datetime(2026, 11, 23, 3, 3, tzinfo=UTC)),  # other digits are digits
    ],
)
def test_points_in_time(text: str, at: datetime | None) -> None:
    assert moment(text, NOW) == at


def test_a_time_is_the_readers_own() -> None:
    with timezone.override(ZoneInfo("America/New_York")):
        assert moment("10:30", NOW) == datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_time(text: str) -> None:
    found = moment(text, NOW)

    assert found is None or found.tzinfo is not None


def pause_form(*, total: bool = False, **data: Any) -> PauseForm:
    return PauseForm({"reach": "everything", "reason": "Why", **data}, now=NOW, total=total)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("09:20", "in the past"),
        ("2020-01-01 08:00", "in the past"),
        ("2028-01-01 08:00", "more than a year"),
        ("soon", "Write a time like"),
    ],
)
def test_a_pause_ends_in_the_future(until: str, words: str) -> None:
    form = pause_form(until=until)

    assert not form.is_valid()
    assert words in str(form.errors["until"])


@pytest.mark.django_db
def test_what_a_pause_reaches() -> None:
    activation = run_rows.list_of()
    place, audience = activation.destination, activation.audience

    everything, one_place, one_audience = (
        pause_form(reach=reach) for reach in ("everything", f"destination:{place.pk}", f"audience:{audience.pk}")
    )

    assert everything.is_valid()
    assert one_place.is_valid()
    assert one_audience.is_valid()
    assert (everything.asked()["destination"], everything.asked()["audience"]) == (None, None)
    assert (one_place.asked()["destination"], one_place.asked()["audience"]) == (place, None)
    assert (one_audience.asked()["destination"], one_audience.asked()["audience"]) == (None, audience)


@pytest.mark.django_db
@pytest.mark.parametrize("reach", ["", "destination:999", "audience:x", "list:1", "destination:"])
def test_what_is_not_there_cannot_be_paused(reach: str) -> None:
    assert not pause_form(reach=reach).is_valid()


@pytest.mark.django_db
def test_archived_destinations_are_not_offered() -> None:
    place = factories.destination(archived_at=NOW)

    assert Destination.objects.count() == 1
    assert not pause_form(reach=f"destination:{place.pk}").is_valid()


@pytest.mark.django_db
@pytest.mark.parametrize("total", [True, False])
def test_opt_outs_stop_with_everything_or_not_at_all(total: bool) -> None:
    reaches = ["everything", f"destination:{factories.destination().pk}"]

    forms = [pause_form(total=total, optouts_too="on", reach=reach) for reach in reaches]

    assert [form.is_valid() for form in forms] == [True, not total]
    assert forms[0].asked()["optouts_too"] is total


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "nul\x00"])
def test_a_pause_has_a_reason_that_can_be_kept(reason: str) -> None:
    assert not pause_form(reason=reason).is_valid()


def release_form(verdict: dict[str, Any], **data: Any) -> ReleaseForm:
    parked = choices(run_rows.held(verdict=verdict), 2_000)
    return ReleaseForm({f"release-{name}": value for name, value in data.items()}, parked=parked)


GUARD = {"figure": 1291, "limit": 110, "held": True, "why": "guard"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ("1291", ""),
        ("1300", ""),
        ("1290", "would be held again"),
        ("0", "would be held again"),
        ("-5", "would be held again"),
        ("1,291", "whole number"),
        ("lots", "whole number"),
        ("", "up to how many"),
        (str(LARGEST + 1), "At most"),
        ("9" * 5000, "whole number"),
    ],
)
def test_figures_to_release(figure: str, words: str) -> None:
    form = release_form({"removes": GUARD}, max_removes=figure, reason="Meant")

    assert form.is_valid() == (not words)
    assert words in str(form.errors.get("max_removes", ""))


@pytest.mark.django_db
def test_only_what_is_parked_can_be_released() -> None:
    form = release_form({"removes": GUARD}, max_removes="1291", max_adds="10000", may_empty="on", reason="Meant")

    assert form.is_valid()
    assert form.figures() == {"max_removes": 1291, "max_adds": 0, "may_empty": False, "reason": "Meant"}


@pytest.mark.django_db
def test_an_empty_list_is_confirmed() -> None:
    empty = {"removes": {**GUARD, "why": "empty"}}

    refused = release_form(empty, max_removes="1291", reason="Meant")
    confirmed = release_form(empty, max_removes="1291", reason="Meant", may_empty="on")

    assert "may_empty" in refused.errors
    assert confirmed.is_valid()
    assert confirmed.figures()["may_empty"] is True


@pytest.mark.parametrize(("kind", "valid"), [("", True), ("sync", True), ("dry_run", True), ("delete", False)])
def test_kinds_of_runs(kind: str, valid: bool) -> None:
    form = StartForm({"kind": kind})

    assert form.is_valid() == valid
    if valid:
        assert form.cleaned_data["kind"] == (kind or "sync")


def found(**query: str) -> set[int]:
    return set(RunFilter(query, now=NOW).narrowed(Run.objects.all()).values_list("pk", flat=True))


@pytest.mark.django_db
def test_runs_are_found_by_list_destination_number_state_and_day() -> None:
    cart = run_rows.done(run_rows.list_of("Cart abandoners"))
    vip = run_rows.run_of(run_rows.list_of("VIP"), state=RunState.FAILED, created_at=NOW - timedelta(days=1))
    place = vip.activation.destination

    assert found(q="cart") == {cart.pk}
    assert found(q=place.name) == {vip.pk}
    assert cart.pk in found(q=f"{cart.pk}")
    assert found(state="failed") == {vip.pk}
    assert found(state="not_done") == {vip.pk}
    assert found(destination=str(place.pk)) == {vip.pk}
    assert found(day="2026-11-23") == {cart.pk}
    assert found(day="2026-11-22") == {vip.pk}
    assert found(q="cart", state="failed") == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        {"state": "x"},
        {"destination": "x"},
        {"destination": "9" * 40},
        {"day": "x"},
        {"day": "2026-02-31"},
        {"q": "\x00"},
    ],
)
def test_filters_that_make_no_sense_are_ignored(query: dict[str, str]) -> None:
    run = run_rows.done()

    assert found(**query) == {run.pk}


@pytest.mark.django_db
def test_a_day_is_the_readers_own() -> None:
    late = run_rows.done(at=datetime(2026, 11, 23, 3, 0, tzinfo=UTC))

    with timezone.override(ZoneInfo("America/New_York")):
        assert found(day="2026-11-22") == {late.pk}
        assert found(day="2026-11-23") == set()
