"""How each list of an audience stands, first on its page: those that need somebody, then the others, each in one line."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Arrival
from muster.models import Person
from reconciliation.weeks import monday_of
from tests import factories
from tests.muster.test_home import seen, stale
from tests.reconciliation import list_weeks
from tests.syncs import run_rows

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]


def lines(client: Client, one: Activation) -> list[tuple[str, str]]:
    """Return colour and words of each line."""
    answer = client.get(f"/audiences/{one.audience.slug}/standing/", headers={"HX-Request": "true"})
    found = re.findall(r'<li class="v-(\w+)">(.*?)</li>', answer.content.decode(), re.DOTALL)
    return [(tone, " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", words).split())) for tone, words in found]


def test_each_list_has_a_line_and_what_needs_somebody_stands_first(marketer: Person, signed_in: Sign) -> None:
    fine = run_rows.list_of("Carts")
    audience = fine.audience
    audience.owner = marketer
    audience.save()
    places = [factories.destination(name=name) for name in ("B learns", "C drifts", "D is answered", "E is new")]
    learns, drifts, answered, _ = (factories.activation(audience, place) for place in places)
    seen(fine)
    seen(learns, "unknown", health_words="learning 3 of 8")
    for made in (drifts, answered):
        seen(made, "drifting", health_words="fewer than expected")
        week = list_weeks.week(made, monday_of(timezone.localdate()), "drifting")
    list_weeks.answer(answered, marketer, monday=week.monday, since=week.since, at=timezone.now(), kind="expected")

    first, *others = lines(signed_in(marketer), fine)

    assert first[0] == "warn"
    assert first[1].startswith("C drifts: 2,700–4,800 fewer people than expected.")
    assert first[1].endswith("Reply to drift : Carts at C drifts")
    assert sorted(others) == [
        ("none", "B learns: Learning 3 of 8"),
        ("none", "E is new: Not judged yet."),
        ("ok", f"{fine.destination.name}: On target. 8,700–9,300 people there."),
        ("warn", "D is answered: Drifting; no reply is due. Fewer than expected"),
    ]


def test_what_stands_further_down_has_no_second_button(marketer: Person, signed_in: Sign) -> None:
    held = run_rows.held(run_rows.list_of("Refunded", purpose="suppress"), at=timezone.now()).activation
    ((tone, said),) = lines(signed_in(marketer), held)
    assert tone == "warn"
    assert "1,291 removals are parked" in said
    assert "Decide" not in said
    Activation.objects.update(stopped_words="The key was refused (401).")
    ((tone, said),) = lines(signed_in(marketer), held)
    assert tone == "bad"
    assert "is stopped: The key was refused (401)." in said
    assert "mended" not in said


def test_an_old_suppression_is_synced_from_there(marketer: Person, signed_in: Sign) -> None:
    ((tone, said),) = lines(signed_in(marketer), stale())
    assert tone == "bad"
    assert "Sync now" in said


def test_the_page_loads_it_and_says_without_it_what_it_knows_itself(marketer: Person, signed_in: Sign) -> None:
    one = run_rows.list_of("Carts")
    client, path = signed_in(marketer), "/audiences/carts/"
    page = client.get(path).content.decode()
    assert f'hx-get="{path}standing/"' in page
    assert "Nothing about the set-up needs you." in page
    Activation.objects.update(pipe=None)
    one.audience.definitions.update(review_date=timezone.localdate() - timedelta(days=1))
    page = client.get(path).content.decode()
    assert "has no pipe, so nothing can be sent there." in page
    assert page.count("The review was due") == 1


def test_what_is_wrong_as_a_whole_is_said_by_the_page_alone(marketer: Person, signed_in: Sign) -> None:
    one = run_rows.list_of("Carts")
    one.audience.definitions.update(review_date=timezone.localdate() - timedelta(days=1))
    seen(one)
    assert [tone for tone, _ in lines(signed_in(marketer), one)] == ["ok"]


def test_lists_that_are_not_in_use_are_not_told(marketer: Person, signed_in: Sign) -> None:
    one = run_rows.list_of("Carts", lifecycle="draft")
    Arrival.objects.all().delete()
    answer = signed_in(marketer).get("/audiences/carts/standing/")
    assert "None of its lists is in use, so nothing is sent." in answer.content.decode()
    one.audience.archived_at = timezone.now()
    one.audience.save()
    assert signed_in(marketer).get("/audiences/carts/standing/").status_code == 404
