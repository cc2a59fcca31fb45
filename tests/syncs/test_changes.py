"""What changed, of an audience and of an account: one feed from events, runs, keys and readings."""

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from audiences.models import Activation
from muster import audit
from muster.models import Person
from syncs import changes
from syncs.models import Pull, Run
from syncs.states import PullState
from tests import factories
from tests.syncs import run_rows

Sign = Callable[[Person], Client]


def read(made: Activation, hours: int, **counts: int) -> Pull:
    at = timezone.now() - timedelta(hours=hours)
    return Pull.objects.create(
        segment=made.audience.segment, state=PullState.COMPLETE, counts=counts, created_at=at, finished_at=at
    )


def kinds(found: list[changes.Change]) -> dict[str, str]:
    return {one.kind: one.told for one in reversed(found)}


def test_coverage_and_size_are_news_only_when_they_move(db: None) -> None:
    made = run_rows.list_of("Cart")
    read(made, 5, people=1000, email=990, phone=714)
    read(made, 4, people=1010, email=1000, phone=715)
    assert changes.of_audience(made.audience) == []
    read(made, 3, people=1000, email=990, phone=583)
    read(made, 2, people=600, email=594, phone=350)

    found = changes.of_audience(made.audience)

    assert [one.kind for one in found] == ["Size", "Coverage"]
    assert found[0].told.endswith("went from 1,000 to 600 people")
    assert found[1].told == "Phone coverage fell 12 points, 70.8 → 58.3%"
    assert found[1].warns


def test_what_was_not_asked_for_is_no_fall(db: None) -> None:
    made = run_rows.list_of("Cart")
    read(made, 3, people=100, email=99, phone=90)
    read(made, 2, people=100, email=99)
    read(made, 1, people=0, email=0)
    assert [one.kind for one in changes.of_audience(made.audience)] == ["Size"]


def test_an_account_tells_of_its_audiences_pipes_and_itself(marketer: Person, signed_in: Sign) -> None:
    made, other = run_rows.list_of("Cart"), run_rows.list_of("Elsewhere")
    audit.record(verb="edited v2 of", subject=made.audience, by=marketer, audience_id=made.audience_id)
    audit.record(
        verb="noticed changed conditions in the segment of", subject=made.audience, audience_id=made.audience_id
    )
    audit.record(verb="tested", subject=made.pipe, by=marketer)
    audit.record(verb="edited", subject=made.destination, by=marketer)
    audit.record(verb="edited v9 of", subject=other.audience, by=marketer, audience_id=other.audience_id)

    assert set(kinds(changes.of_audience(made.audience))) == {"Definition", "Segment", "Key"}
    assert set(kinds(changes.of_destination(made.destination))) == {"Definition", "Segment", "Key", "Account"}
    client = signed_in(marketer)
    page = client.get(f"/connections/destinations/{made.destination_id}/changes/").content.decode()
    assert "edited v2 of Cart" in page
    assert "v9" not in page
    only = client.get(f"/audiences/{made.audience.slug}/changes/?kind=Key").content.decode()
    assert "tested" in only
    assert "edited v2" not in only
    anchor = changes.of_audience(made.audience)[0].anchor
    assert f'id="{anchor}"' in client.get(f"/audiences/{made.audience.slug}/changes/?kind=nothing").content.decode()


def test_nothing_yet_says_so(marketer: Person, signed_in: Sign) -> None:
    made = run_rows.list_of("Cart")
    page = signed_in(marketer).get(f"/audiences/{made.audience.slug}/changes/").content.decode()
    assert "Nothing changed yet" in page


def told_of(run: Run, verb: str, by: Person | None, reason: str, minutes: int) -> None:
    at, audience = timezone.now() - timedelta(minutes=minutes), run.activation.audience_id
    audit.record(verb=verb, subject=run, by=by, reason=reason, audience_id=audience, run_id=run.pk, at=at)


def test_what_happened_to_several_runs_at_once_is_one_line(marketer: Person, signed_in: Sign) -> None:
    first = run_rows.list_of("Cart")
    second = factories.activation(first.audience, factories.destination(name="Google Ads", platform="google_ads"))
    early, one, two = (run_rows.run_of(made) for made in (first, first, second))
    for run, minutes in ((early, 60), (one, 9), (two, 9)):
        told_of(run, "started a sync", marketer, "Before the campaign", minutes)
        told_of(run, "ended Done", None, f"{run.pk} additions accepted.", minutes - 1)

    found = changes.of_audience(first.audience)

    assert [one.told for one in found] == [
        "Two runs ended Done",
        f"{marketer} started a sync: two runs",
        f"Run {early.pk} to {first.destination.name} ended Done",
        f"{marketer} started a sync: run {early.pk} to {first.destination.name}",
    ]
    assert found[0].runs == (
        (two.pk, f"to Google Ads: {two.pk} additions accepted."),
        (one.pk, f"to {first.destination.name}: {one.pk} additions accepted."),
    )
    assert found[1].more == ("Before the campaign",)
    assert found[1].runs == ((two.pk, "to Google Ads"), (one.pk, f"to {first.destination.name}"))
    of_account = changes.of_destination(first.destination)
    assert of_account[2].told == f"Run {early.pk} of Cart ended Done"
    page = signed_in(marketer).get(f"/audiences/{first.audience.slug}/changes/").content.decode()
    assert f'<a href="/runs/{two.pk}/">Run {two.pk}</a> to Google Ads' in page


def test_the_audiences_own_page_has_few_of_a_kind(marketer: Person, signed_in: Sign) -> None:
    made = run_rows.list_of("Cart")
    for hours in range(5):
        told_of(run_rows.run_of(made), "ended Failed", None, f"Failed {hours}.", 60 * hours)
    audit.record(verb="edited v2 of", subject=made.audience, by=marketer, audience_id=made.audience_id)
    client, path = signed_in(marketer), f"/audiences/{made.audience.slug}/changes/"
    few = client.get(f"{path}?newest", headers={"HX-Request": "true"}).content.decode()
    assert few.count("ended Failed") == 2
    assert "edited v2 of Cart" in few
    assert f'href="{path}">Everything that changed' in few
    assert client.get(path).content.decode().count("ended Failed") == 5


def test_what_happened_at_another_time_is_another_line(db: None) -> None:
    made = run_rows.list_of("Cart")
    for minutes in (30, 5, 4):
        told_of(run_rows.run_of(made), "ended Done", None, f"Accepted {minutes}.", minutes)
    found = changes.of_audience(made.audience)
    assert [len(one.runs) for one in found] == [2, 0]
