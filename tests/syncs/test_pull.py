"""Reading a segment to the end, against the stand-in for Customer.io."""

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from audiences.models import Segment, Workspace
from muster.columns import Columns, text_list
from sandbox.digests import google_email, international, meta_email
from syncs import pull, staging
from syncs.models import Pull, StagedShard
from syncs.people import taken
from syncs.states import PullState
from tests import factories
from tests.person_keys import key_of
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

EMAIL_ONLY: dict[str, Any] = {"email": True, "phone": False, "country": "US", "flags": [], "traits": []}
EVERYTHING: dict[str, Any] = {
    "email": True,
    "phone": True,
    "country": "US",
    "flags": ["ad_consent", "unsubscribed"],
    "traits": ["ltv_tier", "note"],
}


def never() -> bool:
    return False


def listed(number: int, space: Workspace | None = None) -> Segment:
    return factories.segment_row(space, number=number)


def read(segment: Segment, columns: dict[str, Any] = EMAIL_ONLY, **more: Any) -> Pull:
    made = pull.find_or_create(segment, columns, began_after=None, fingerprint=None, at=timezone.now())
    return pull.advance(made.pk, holder="test", stop=more.pop("stop", never), **more)


def everybody(found: Pull) -> Columns:
    return staging.Staged(found).columns(0, 1)


def cio_ids(found: Pull) -> set[str]:
    people = everybody(found)
    return {one.decode() for one in text_list(people["cio.ends"], people["cio.data"])}


@pytest.mark.parametrize("size", [0, 1, 25, 1200])
def test_a_small_segment_is_one_page(vendors: Vendors, size: int) -> None:
    vendors.people(size + 10, plain=True)
    number = vendors.segment(generated={"to": size})

    found = read(listed(number))

    assert (found.state, found.reason, found.words) == (PullState.COMPLETE, "", "")
    assert (found.rows, found.count_before, found.count_after) == (size, size, size)
    assert found.via == "membership"
    assert cio_ids(found) == {one["cio_id"] for one in vendors.members(number)}
    asked = [one["path"] for one in vendors.cio_requests()]
    assert len([path for path in asked if path.endswith("/membership")]) == 1
    assert not [path for path in asked if "attributes" in path or "exports" in path]


def digest(text: str | None) -> bytes:
    return sha256(text.encode()).digest() if text else bytes(32)


def number_of(one: dict[str, str]) -> str | None:
    """The E.164 form of a number read as a US one. Where "06 10000000" is dialled is not known: the US has none such."""
    number = international(one.get("phone", ""), "US") if one.get("phone") else None
    return None if number and re.match(r"\+1(?![2-9]..[2-9])", number) else number


def assert_equals(people: Columns, members: list[dict[str, str]], space_id: int) -> None:
    """Compare staged people with the stand-in's, by the stand-in's own rules for identifiers."""
    by_key = {key_of(space_id, one["cio_id"]): one for one in members}
    # Not cell by cell: numpy drops zero bytes at the end of a single S16.
    raw = people["key"].tobytes()
    keys = [raw[place : place + 16] for place in range(0, len(raw), 16)]
    assert keys == sorted(by_key)
    ordered = [by_key[key] for key in keys]
    numbers = [number_of(one) for one in ordered]
    assert [cell.tobytes() for cell in people["email"]] == [digest(meta_email(one.get("email", ""))) for one in ordered]
    assert [cell.tobytes() for cell in people["email_google"]] == [
        digest(google_email(one.get("email", ""))) for one in ordered
    ]
    assert [cell.tobytes() for cell in people["phone_e164"]] == [digest(one) for one in numbers]
    assert [cell.tobytes() for cell in people["phone_digits"]] == [digest(one and one[1:]) for one in numbers]
    for name in ("ext:id", "trait:ltv_tier:ltv_tier", "trait:note:note"):
        column, _, attribute = name.rpartition(":")
        assert [one.decode() for one in text_list(people[f"{column}.ends"], people[f"{column}.data"])] == [
            one.get(attribute, "") for one in ordered
        ]
    for name in ("ad_consent", "unsubscribed"):
        codes = {"": 0, "true": 1, "false": 2}
        assert people[f"flag:{name}"].tolist() == [codes[one.get(name, "")] for one in ordered]
    assert people["ext_at"].tolist() == [int("@" in one.get("id", "")) for one in ordered]


def test_attributes_are_read_a_hundred_people_at_a_time(vendors: Vendors) -> None:
    vendors.people(2500, shares={"at_id": 0.1})
    number = vendors.segment(generated={"share": 0.5})
    segment = listed(number)

    found = read(segment, EVERYTHING)

    assert (found.state, found.words) == (PullState.COMPLETE, "")
    members = vendors.members(number)
    assert_equals(everybody(found), members, segment.workspace_id)
    assert len([one for one in vendors.cio_requests() if one["path"] == "/v1/customers/attributes"]) == 13
    assert found.counts["people"] == len(members) == 1250
    assert found.counts["external_id"] == len([one for one in members if one.get("id")])
    assert found.counts["id_has_at"] == len([one for one in members if "@" in one.get("id", "")])
    assert found.counts["email"] == len([one for one in members if one.get("email")])
    unusable = [one for one in members if one.get("phone", "").strip() and not number_of(one)]
    assert found.counts["phone_invalid"] == len(unusable) > 0
    assert found.counts["duplicates"] == 0


def test_more_than_one_page_is_an_export(vendors: Vendors) -> None:
    vendors.people(30_001, shares={"at_id": 0.01, "odd_values": 0.2})
    number = vendors.segment(generated={"share": 1.0})
    segment = listed(number)

    found = read(segment, EVERYTHING)

    assert (found.state, found.words, found.via) == (PullState.COMPLETE, "", "export")
    assert found.shards == 4
    people = everybody(found)
    assert_equals(people, vendors.members(number), segment.workspace_id)
    parts = [staging.Staged(found).columns(place, 64)["key"] for place in range(64)]
    assert np.array_equal(np.concatenate(parts), people["key"])
    for of in (1, 2, 4, 64):
        mine = staging.Staged(found).columns(of - 1, of)
        for places in (np.arange(len(mine["key"])), np.arange(1, len(mine["key"]), 7), np.zeros(0, np.int64)):
            some = staging.Staged(found).some(of - 1, of, places)
            assert {name: column.tobytes() for name, column in some.items()} == {
                name: column.tobytes() for name, column in taken(mine, places).items()
            }
    asked = vendors.cio_requests()
    assert not [one for one in asked if one["path"].endswith("/membership")]
    downloads = [one for one in asked if one["path"].startswith("/exports-store/")]
    assert [one["has_bearer"] for one in downloads] == [False]
    assert all(one["has_bearer"] for one in asked if one not in downloads)


def test_a_page_that_does_not_end_the_list_is_not_read_on(vendors: Vendors) -> None:
    vendors.people(30_001, plain=True)
    number = vendors.segment(generated={"share": 1.0}, count_lag=1)

    found = read(listed(number))

    assert (found.state, found.via, found.rows) == (PullState.COMPLETE, "export", 30_001)
    assert found.count_before == 30_000


def test_no_email_in_the_list_of_members_is_read_as_an_attribute(vendors: Vendors) -> None:
    vendors.order(vendors.us, "/_sandbox/options", {"id_only": True})
    members = vendors.upsert({"id": "a", "email": "Ann@Example.com"}, {"id": "b"})

    found = read(listed(vendors.segment(members=members)))

    assert found.state == PullState.COMPLETE
    assert {cell.tobytes() for cell in everybody(found)["email"]} == {digest("ann@example.com"), bytes(32)}


def test_somebody_who_goes_while_reading_is_no_miscount(vendors: Vendors) -> None:
    vendors.people(25, plain=True)
    number = vendors.segment(generated={"share": 1.0})
    vendors.fault(vendors.us, "mutate_between_pages", {"path": "/membership"})

    found = read(listed(number))

    assert (found.state, found.rows) == (PullState.COMPLETE, 25)
    assert (found.count_before, found.count_after) == (25, 24)


def test_a_segment_that_is_rebuilt_is_waited_for(vendors: Vendors) -> None:
    vendors.people(100, plain=True)
    number = vendors.segment(generated={"share": 1.0}, state="build", progress=10, finish_in=20)

    found = read(listed(number))

    assert (found.state, found.rows) == (PullState.COMPLETE, 100)


def test_a_segment_that_stays_in_rebuilding_fails(vendors: Vendors) -> None:
    vendors.people(100, plain=True)
    number = vendors.segment(generated={"share": 1.0}, state="build", progress=40)

    found = read(listed(number), rebuild_within=timedelta(seconds=0.1))

    assert (found.state, found.reason) == (PullState.FAILED, "rebuilding")
    assert "40 %" in found.words
    assert not [one for one in vendors.cio_requests() if one["path"].endswith("/membership")]


@pytest.mark.parametrize(
    ("key", "region", "code", "said"),
    [
        ("mistyped-key", "us", "bad_credentials", "other region"),
        ("sandbox-us-key", "eu", "bad_credentials", "other region"),
        ("scoped", "us", "bad_credentials", "scope"),
    ],
)
def test_a_refused_key_fails_at_once(vendors: Vendors, key: str, region: str, code: str, said: str) -> None:
    vendors.order(vendors.us, "/_sandbox/keys", {"key": "scoped", "scope": "none"})
    space = factories.workspace(api_key=key, region=region)

    found = read(factories.segment_row(space))

    assert (found.state, found.reason) == (PullState.FAILED, code)
    assert said in found.words
    assert key not in found.words


def test_without_a_key_nothing_is_asked(vendors: Vendors) -> None:
    space = factories.workspace()
    Workspace.objects.update(api_key="")

    found = read(factories.segment_row(space))

    assert (found.state, found.reason) == (PullState.FAILED, "bad_credentials")
    assert vendors.cio_requests() == []


def test_a_stop_leaves_the_pull_for_later(vendors: Vendors) -> None:
    vendors.people(5, plain=True)
    segment = listed(vendors.segment(generated={"share": 1.0}))

    stopped = read(segment, stop=lambda: True)

    assert (stopped.state, stopped.began_at, stopped.lease_until) == (PullState.WAITING, None, None)
    again = read(segment)
    assert (again.pk, again.state, again.deaths) == (stopped.pk, PullState.COMPLETE, 0)


class RunCancelled(Exception):
    pass


def test_a_stop_may_raise(vendors: Vendors) -> None:
    vendors.people(5, plain=True)
    segment = listed(vendors.segment(generated={"share": 1.0}))

    def cancelled() -> bool:
        raise RunCancelled

    with pytest.raises(RunCancelled):
        read(segment, stop=cancelled)

    assert Pull.objects.get().state == PullState.WAITING


def test_an_export_goes_on_over_a_stop(vendors: Vendors) -> None:
    vendors.people(30_001, plain=True)
    segment = listed(vendors.segment(generated={"share": 1.0}))
    vendors.fault(vendors.us, "never_finish", {"path": r"/v1/exports/\d+$"}, times=0)
    looked: list[bool] = []

    def after_the_export_began() -> bool:
        looked.append(bool(Pull.objects.get().export_id))
        return looked[-1]

    stopped = read(segment, stop=after_the_export_began)
    vendors.delete(vendors.us, "/_sandbox/faults")
    again = read(segment)

    assert stopped.state == PullState.WAITING
    assert (again.pk, again.state) == (stopped.pk, PullState.COMPLETE)
    assert again.began_at == stopped.began_at
    began = [one for one in vendors.cio_requests() if one["path"] == "/v1/exports/customers"]
    assert len(began) == 1


def test_an_export_that_never_ends_fails(vendors: Vendors) -> None:
    vendors.people(30_001, plain=True)
    segment = listed(vendors.segment(generated={"share": 1.0}))
    vendors.fault(vendors.us, "never_finish", {"path": r"/v1/exports/\d+$"}, times=0)

    found = read(segment, export_within=timedelta(seconds=0.5))

    assert (found.state, found.reason) == (PullState.FAILED, "export_slow")


def test_a_worker_that_was_taken_over_writes_nothing(vendors: Vendors) -> None:
    vendors.people(5, plain=True)
    segment = listed(vendors.segment(generated={"share": 1.0}))

    def taken_over() -> bool:
        Pull.objects.update(fence=17, holder="another")
        return False

    found = read(segment, stop=taken_over)

    assert (found.state, found.fence, found.holder) == (PullState.RUNNING, 17, "another")
    assert not StagedShard.objects.exists()


def test_three_deaths_are_the_end(vendors: Vendors) -> None:
    vendors.people(5, plain=True)
    segment = listed(vendors.segment(generated={"share": 1.0}))
    made = pull.find_or_create(segment, EMAIL_ONLY, began_after=None, fingerprint=None, at=timezone.now())
    Pull.objects.update(state=PullState.RUNNING, deaths=2, lease_until=timezone.now() - timedelta(seconds=1))

    found = pull.advance(made.pk, holder="test", stop=never)

    assert (found.state, found.reason) == (PullState.FAILED, "lost")


def test_who_holds_the_lease_is_not_disturbed(vendors: Vendors) -> None:
    segment = listed(1)
    made = pull.find_or_create(segment, EMAIL_ONLY, began_after=None, fingerprint=None, at=timezone.now())
    Pull.objects.update(state=PullState.RUNNING, holder="other", lease_until=timezone.now() + timedelta(seconds=40))

    found = pull.advance(made.pk, holder="test", stop=never)

    assert (found.state, found.holder) == (PullState.RUNNING, "other")


def test_shards_of_a_lost_worker_are_never_taken_for_the_new_ones(vendors: Vendors) -> None:
    vendors.people(25, plain=True)
    segment = listed(vendors.segment(generated={"share": 1.0}))
    made = pull.find_or_create(segment, EMAIL_ONLY, began_after=None, fingerprint=None, at=timezone.now())
    StagedShard.objects.create(pull=made, fence=0, number=0, people=3, head=b"of another", rest=b"fence")

    found = pull.advance(made.pk, holder="test", stop=never)

    assert len(cio_ids(found)) == 25
    staging.drop_unused(timezone.now())
    assert [row.fence for row in StagedShard.objects.all()] == [found.fence]


# Which reading serves


def known(segment: Segment, **fields: Any) -> Pull:
    now = timezone.now()
    values: dict[str, Any] = {
        "columns": EVERYTHING,
        "state": PullState.COMPLETE,
        "created_at": now,
        "began_at": now - timedelta(minutes=5),
        "finished_at": now - timedelta(minutes=4),
    }
    return Pull.objects.create(segment=segment, **{**values, **fields})


ABOUT_NOW: dict[str, Any] = {"began_after": None, "fingerprint": None}


@pytest.mark.parametrize(
    ("fields", "asked", "shared"),
    [
        ({}, {}, True),
        ({}, {"began_after": timedelta(minutes=6)}, True),
        ({}, {"began_after": timedelta(minutes=1)}, False),
        ({"columns": EMAIL_ONLY}, {}, True),
        ({"columns": {**EMAIL_ONLY, "email": False}}, {}, False),
        ({"fingerprint": "other"}, {}, False),
        ({}, {"fingerprint": "of the segment"}, True),
        ({}, {"fingerprint": "of an older version"}, False),
        ({"dropped_at": timezone.now()}, {}, False),
        # The sweeper may be about to drop it.
        ({"finished_at": timezone.now() - timedelta(minutes=16)}, {}, False),
        ({"state": PullState.FAILED}, {}, False),
        ({"state": PullState.RUNNING}, {}, True),
        ({"state": PullState.RUNNING}, {"began_after": timedelta(minutes=1)}, False),
        ({"state": PullState.RUNNING, "began_at": None}, {"began_after": timedelta(minutes=1)}, True),
        ({"state": PullState.WAITING, "began_at": None, "columns": EMAIL_ONLY}, {}, True),
    ],
)
def test_a_reading_is_shared_only_where_it_serves(fields: dict[str, Any], asked: dict[str, Any], shared: bool) -> None:
    segment = factories.segment_row(fingerprint="of the segment")
    made = known(segment, **{"fingerprint": "of the segment", **fields})
    now = timezone.now()
    asked = {**ABOUT_NOW, **asked}
    if asked["began_after"]:
        asked["began_after"] = now - asked["began_after"]

    found = pull.find_or_create(segment, EMAIL_ONLY, at=now, **asked)

    assert (found.pk == made.pk) is shared
    if not shared:
        assert (found.state, found.segment_id) == (PullState.WAITING, segment.pk)
        assert found.columns == {**EMAIL_ONLY, "forms": ["email", "email_google"]}


def test_a_complete_reading_is_preferred_to_one_that_is_going_on() -> None:
    segment = factories.segment_row()
    known(segment, state=PullState.RUNNING)
    complete = known(segment)

    assert pull.find_or_create(segment, EMAIL_ONLY, at=timezone.now(), **ABOUT_NOW).pk == complete.pk


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite only")
def test_shards_wait_for_no_disk_and_the_commit_that_completes_them_does(vendors: Vendors) -> None:
    segment = listed(vendors.segment(members=vendors.upsert({"id": "one", "email": "one@shop.example"})))
    connection.cursor().execute("PRAGMA synchronous=FULL")
    seen: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("PRAGMA synchronous="):
            seen.append({"1": "light", "2": "full"}[sql[-1]])
        elif sql.startswith('INSERT INTO "syncs_stagedshard"'):
            seen.append("shards")
        elif sql.startswith('UPDATE "syncs_pull"') and PullState.COMPLETE in params:
            seen.append("complete")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        read(segment)

    assert seen == ["light", "shards", "full", "complete"]


# What is not kept


def test_no_email_and_no_phone_is_in_any_table(vendors: Vendors) -> None:
    people = [
        {"id": "c-1", "email": "canary.one@example.com", "phone": "+12125550147"},
        {"id": "c-2", "email": "Canary.Two@gmail.com", "phone": "(212) 555-0148", "note": "likes blue"},
    ]
    members = vendors.upsert(*people)
    conditions = {"and": [{"event": {"type": "event", "name": "seen by canary.one@example.com"}}]}
    number = vendors.segment(members=members, name="for canary.two@gmail.com", conditions=conditions)

    found = read(listed(number), EVERYTHING)

    assert found.state == PullState.COMPLETE
    with connection.cursor() as cursor:
        stored = b""
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            stored += "\n".join(
                str(bytes(cell) if isinstance(cell, memoryview | bytes) else cell) for row in cursor for cell in row
            ).encode()
    assert b"reading" in stored or str(found.pk).encode() in stored
    for raw in (b"canary", b"2125550147", b"555-0147", b"555-0148", b"2125550148", b"likes blue"):
        assert raw not in stored.lower()
