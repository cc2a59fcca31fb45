"""A kept question is answered as the query set that it was built from."""

from datetime import UTC, datetime
from threading import Thread

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Prefetch
from django.http import Http404
from pytest_django import DjangoAssertNumQueries

from muster.kept_query import KeptQuery
from muster.models import Event, Installation, Person
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
person = KeptQuery(lambda pk: Person.objects.filter(pk=pk), int)


def fields_of(row: Person) -> list[object]:
    return [getattr(row, one.attname) for one in Person._meta.concrete_fields]


def test_every_field_is_as_django_reads_it() -> None:
    mara = factories.person(full_name="Mara Keller", time_zone="Europe/Berlin", sessions_ended=3)
    found, read = person.or_404(mara.pk), Person.objects.get(pk=mara.pk)
    assert (found == read, found._state.adding, found._state.db) == (True, False, read._state.db)
    assert fields_of(found) == fields_of(read)
    assert (found.is_active, found.created_at.tzinfo) == (True, UTC)


def test_what_is_found_can_be_saved() -> None:
    mara = person.or_404(factories.person().pk)
    mara.full_name = "Mara Weiss"
    mara.save()
    assert Person.objects.get().full_name == "Mara Weiss"


@pytest.mark.parametrize("key", [7, 0, -1, (1 << 63) - 1, -(1 << 63), 1 << 63, -(10**60)])
def test_what_is_not_there_is_none_whatever_the_key(key: int) -> None:
    factories.person()
    assert (person.first(key), person.rows(key)) == (None, [])
    with pytest.raises(Http404):
        person.or_404(key)


@pytest.mark.parametrize("key", ["", "%s", "' OR 1=1 --", "\x010\x01", "é", "x" * 10_000])
def test_a_text_is_nothing_but_a_key(key: str) -> None:
    until = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
    Session.objects.create(session_key="a", session_data="of a", expire_date=until)
    asked = KeptQuery(lambda key: Session.objects.filter(pk=key), str)
    assert asked.first(key) is None
    assert [(one.session_data, one.expire_date) for one in asked.rows("a")] == [("of a", until)]


def test_each_key_goes_to_its_place_however_often_it_stands() -> None:
    factories.person(role="marketer", full_name="B")
    wanted = [factories.person(role="manager", full_name=name) for name in ("C", "A")]
    asked = KeptQuery(
        lambda role, least, name: (
            Person.objects.filter(role=role, pk__gte=least, full_name__gte=name)
            .exclude(full_name=name)
            .order_by("full_name")
        ),
        *(str, int, str),
    )
    assert [one.full_name for one in asked.rows("manager", wanted[0].pk, "A")] == ["C"]
    assert [one.full_name for one in asked.rows("manager", wanted[0].pk, "")] == ["A", "C"]
    assert [one.full_name for one in asked.rows("marketer", 0, "")] == ["B"]


def test_joined_rows_annotations_and_what_is_prefetched_come_along(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    deputy, nobodys = factories.person(full_name="Dee"), factories.person()
    manager = factories.person(role="manager", deputy=deputy)
    named = Prefetch("deputy_of", Person.objects.order_by("pk"))
    told = KeptQuery(
        lambda pk: Person.objects.told_of_deputies().select_related("deputy").prefetch_related(named).filter(pk=pk), int
    )
    told.rows(0)
    with django_assert_num_queries(6):
        people = [told.or_404(one.pk) for one in (deputy, nobodys, manager)]
        assert [one.stands_in_for_approver for one in people] == [True, False, False]
        assert [str(one.deputy) for one in people] == ["None", "None", "Dee"]
        assert [list(one.deputy_of.all()) for one in people] == [[manager], [], []]


def test_a_column_that_is_left_out_is_read_when_it_is_wanted(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    mara = factories.person(full_name="Mara Keller")
    found = KeptQuery(lambda pk: Person.objects.defer("full_name").filter(pk=pk), int).or_404(mara.pk)
    with django_assert_num_queries(1):
        assert found.full_name == "Mara Keller"


def test_json_is_read_as_json() -> None:
    at = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
    made = Event.objects.create(at=at, actor_label="Mara", verb="did", detail={"a": [1, None, "é"]})
    found = KeptQuery(lambda pk: Event.objects.filter(pk=pk), int).or_404(made.pk)
    assert (found.detail, found.at, found.actor_id) == ({"a": [1, None, "é"]}, at, None)


@pytest.mark.django_db(transaction=True)
def test_another_thread_asks_over_its_own_connection() -> None:
    pk = factories.person(full_name="Mara Keller").pk
    seen = [person.or_404(pk).full_name]

    def ask() -> None:
        seen.append(person.or_404(pk).full_name)
        connection.close()

    other = Thread(target=ask)
    other.start()
    other.join()
    assert seen == ["Mara Keller", "Mara Keller"]


def test_the_installation_is_made_on_first_use_and_read_anew_each_time() -> None:
    assert Installation.current().name == "Muster"
    Installation.objects.update(name="Northwind")
    assert Installation.current().name == "Northwind"
