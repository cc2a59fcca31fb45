"""A kept change does what the query set's would: on each database, with each kind of value."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.db.transaction import TransactionManagementError
from pytest_django import DjangoAssertNumQueries

from audiences.models import Activation
from muster import kept_change
from syncs.models import Batch, LedgerShard, LedgerWhole, Run
from tests import factories
from tests.syncs import run_rows

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
AT = datetime(2026, 11, 23, 9, 20, 0, 123456, tzinfo=UTC)


def values(row: Any) -> dict[str, Any]:
    return {one.attname: getattr(row, one.attname) for one in type(row)._meta.concrete_fields}


def batch_of(run: Run, **fields: Any) -> Batch:
    given: dict[str, Any] = {"pass_name": "additions", "key_from": b"", "key_to": b"\xff" * 16, "fence": 3}
    return Batch(run=run, activation=run.activation, created_at=AT, **{**given, **fields})


@pytest.fixture
def run() -> Run:
    return run_rows.sending(run_rows.list_of("Cart"))


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "accepted"},
        {"settled_at": AT},
        {"settled_at": None, "status": None},
        {"before": {"1:7": ["ab%s'\"", 3]}, "after": {}},
        {"words": "100 % é \x01 'so'"},
        {"key_from": b"\x00\x01%s\xff"},
        {"attempts": F("attempts") + 2},
        {"attempts": F("attempts") - 1, "fence": 9, "was_unknown": True},
        {"adds": F("adds") + 1, "removes": F("removes") + 1, "attempts": F("attempts") + 1},
    ],
)
def test_an_update_does_what_the_query_sets_does(run: Run, fields: dict[str, Any]) -> None:
    ours, theirs, other = (batch_of(run, attempts=5, adds=7, removes=11, settled_at=AT) for _ in range(3))
    Batch.objects.bulk_create([ours, theirs, other])
    for _ in range(2):  # built, and kept
        assert kept_change.update(Batch, {"pk": ours.pk, "fence": 3}, fields) == (
            1 if "fence" not in fields or _ == 0 else 0
        )
        Batch.objects.filter(pk=theirs.pk, fence=3).update(**fields)
    found, wanted = values(Batch.objects.get(pk=ours.pk)), values(Batch.objects.get(pk=theirs.pk))
    assert {**found, "id": 0} == {**wanted, "id": 0}
    before = values(batch_of(run, attempts=5, adds=7, removes=11, settled_at=AT)) | {"id": other.pk}
    assert values(Batch.objects.get(pk=other.pk)) == before


def test_only_rows_with_all_the_values_are_changed(run: Run) -> None:
    one = batch_of(run)
    one.save()
    assert kept_change.update(Batch, {"pk": one.pk, "state": "accepted"}, {"words": "x"}) == 0
    assert kept_change.update(Batch, {"pk": -1, "state": "sending"}, {"words": "x"}) == 0
    assert kept_change.update(Batch, {"run": run, "state": "sending"}, {"words": "x"}) == 1
    assert Batch.objects.get().words == "x"


def test_a_row_that_is_meant_goes_by_its_key(run: Run) -> None:
    parent, child = batch_of(run), batch_of(run)
    Batch.objects.bulk_create([parent, child])
    assert kept_change.update(Batch, {"pk": child.pk}, {"parent": parent}) == 1
    assert Batch.objects.get(parent=parent) == child


@pytest.mark.parametrize(
    "value", [F("adds") + 1, F("attempts") * 2, F("attempts"), Max("attempts"), F("attempts") + F("adds")]
)
def test_what_cannot_be_kept_is_refused(run: Run, value: Any) -> None:
    with pytest.raises(TypeError, match="attempts would become"):
        kept_change.update(Batch, {"pk": 1}, {"attempts": value})


def test_a_new_row_gets_its_key_and_every_field(run: Run, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(2):
        ours, theirs = (batch_of(run, before={"a": number}, first_sent_at=AT, status=None) for _ in range(2))
        with django_assert_num_queries(1):
            kept_change.insert(ours)
        theirs.save()
        assert ours.pk
        assert not ours._state.adding
        found = values(Batch.objects.get(pk=ours.pk))
        assert found == values(ours)
        assert {**found, "id": 0} == {**values(Batch.objects.get(pk=theirs.pk)), "id": 0}


def shard(activation: Activation, number: int, **fields: Any) -> LedgerShard:
    return LedgerShard(activation=activation, number=number, **{"version": 1, "members": 5, **fields})


@pytest.mark.parametrize("many", [1, kept_change.FEW, kept_change.FEW + 3])
def test_a_row_that_is_there_is_changed_where_it_may(many: int) -> None:
    made = factories.activation()
    old = [shard(made, number, digest="old") for number in range(many)]
    LedgerShard.objects.bulk_create(old)
    new = [shard(made, number, version=2, members=9, digest="new", patch=b"\x00%s") for number in range(many + 1)]
    kept_change.put(new, unique=("activation", "generation", "number"), changing=("version", "patch"))
    found = LedgerShard.objects.order_by("number")
    assert [(row.version, row.members, row.digest, bytes(row.patch)) for row in found] == [
        *[(2, 5, "old", b"\x00%s")] * many,
        (2, 9, "new", b"\x00%s"),
    ]
    assert [row.pk for row in found][:many] == [row.pk for row in old]
    for blob in (b"first", b"second"):
        kept_change.put([LedgerWhole(shard=row, blob=blob) for row in old], unique=("shard",), changing=("blob",))
    assert [bytes(row.blob) for row in LedgerWhole.objects.all()] == [b"second"] * many


def test_a_refusal_of_the_database_spoils_the_transaction_as_djangos_does() -> None:
    made = factories.activation()
    kept_change.insert(shard(made, 1))
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            kept_change.insert(shard(made, 1))
        with pytest.raises(TransactionManagementError):
            LedgerShard.objects.count()
    assert LedgerShard.objects.count() == 1


def test_nothing_is_quoted_into_the_sql(run: Run) -> None:
    one = batch_of(run)
    one.save()
    text = "'; DROP TABLE syncs_batch; -- %s %(a)s"
    assert kept_change.update(Batch, {"pk": one.pk}, {"words": text}) == 1
    assert Batch.objects.get().words == text
