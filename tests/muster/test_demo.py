"""The demo's company: made up through the product's own code, once, with a history of real syncs."""

from collections import Counter
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audiences.models import Activation, Audience, Definition, Destination, Pipe, Segment, Trait, Workspace
from audiences.models.workspace import CheckState
from muster.access import Role
from muster.demo import history, past, playing, presence, rounds, sign_ins
from muster.demo.ad_accounts import IDS, PLATFORMS, UNTOLD, WRITTEN_OF
from muster.demo.audience_plans import AUDIENCES
from muster.demo.northwind import SEGMENTS
from muster.models import Event, Installation, Person
from reconciliation.models import Attachment, ListAt, ReadAccess, Reading, UnknownList
from reconciliation.quantities import Quantity
from syncs import freshness
from syncs.models import Run, Schedule, Slot
from syncs.verify import verify
from tests.syncs.running import working
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


@pytest.fixture
def demo(vendors: Vendors, settings: Any, tmp_path: Path) -> Vendors:
    """The stand-ins, and a home in which the demo is allowed."""
    settings.DEMO, settings.HOME = True, tmp_path
    (tmp_path / "sandbox").mkdir()
    return vendors


def seeded() -> None:
    """Seed the demo without a past."""
    call_command("demo", days=0, stdout=StringIO())


def rows() -> dict[str, int]:
    models = (Person, Workspace, Segment, Destination, Pipe, Trait, Audience, Activation, Definition, Event)
    return {model.__name__: model.objects.count() for model in models}


def test_it_is_refused_where_it_could_meet_real_data(demo: Vendors, settings: Any) -> None:
    settings.DEMO = False

    with pytest.raises(CommandError, match=r"MUSTER_DEMO is off.*Nothing was made up"):
        seeded()
    assert rows() == dict.fromkeys(rows(), 0)


def assert_everybody_can_sign_in_with_what_the_line_says(client: Any) -> None:
    line, password = sign_ins.in_one_line(), sign_ins.password()
    assert "\n" not in line
    assert line.endswith(f"each with the password {password}")
    for one in sign_ins.CAST:
        assert (one.email in line) is one.shown
        assert client.login(username=one.email, password=password)
    assert {one.role for one in sign_ins.CAST if one.shown} == set(Role)
    assert Person.objects.get(full_name="Yusuf Demir").deputy == Person.objects.get(full_name="Mei Tanaka")


def assert_everything_is_connected_and_tested(demo: Vendors) -> None:
    workspace = Workspace.objects.get()
    assert Installation.current().name == workspace.name == "Northwind Outfitters"
    assert (workspace.check_state, workspace.people) == (CheckState.WORKING, 4010)
    assert [one["name"] for one in workspace.data_out] == [
        "RudderStack (legacy)",
        "RudderStack (legacy), coupons",
    ]
    assert set(Pipe.objects.values_list("check_state", flat=True)) == {CheckState.WORKING}
    assert Segment.objects.exclude(size=None).count() == len(SEGMENTS)
    assert all(Segment.objects.get(number=plan.number).size for plan in SEGMENTS)
    assert len(demo.requests(Pipe.objects.all()[0].write_key)) > 0
    assert Trait.objects.filter(sensitive=True).count() == 1


def assert_what_a_platform_can_show_is_read_with_access_that_was_tested(demo: Vendors) -> None:
    assert dict(ReadAccess.objects.values_list("destination__name", "check_state")) == {
        "Meta, NW US": CheckState.WORKING,
        "Google Ads, NW US": CheckState.WORKING,
        "Amplitude": CheckState.WORKING,
    }
    strangers = set(UnknownList.objects.exclude(used_in=[]).values_list("name", flat=True))
    assert {"Buyers 2024, upload by hand", "Agency test, high basket", "All customers 2024"} <= strangers
    for key, plan in PLATFORMS.items():
        base = demo.at(plan.standin)
        now = demo.order(base, "/_sandbox/clock", {})["now"]
        assert abs(now - timezone.now().timestamp()) < 120, key


def assert_audiences_are_approved_by_the_manager_and_one_is_still_a_draft() -> None:
    for plan in AUDIENCES:
        made = Audience.objects.get(name=plan.name)
        definition = made.definitions.get()
        assert definition.state == (Definition.State.APPROVED if plan.locked else Definition.State.DRAFT)
        assert (str(definition.approved_by) == "Helen Marchetti") is plan.locked
        size = made.segment.size
        assert size is not None
        assert definition.size_low is not None
        assert definition.size_high is not None
        assert definition.size_low <= size <= definition.size_high, plan.name
        assert definition.logic
        assert "cannot put into words" not in definition.logic
    draft = Audience.objects.get(name="Boot care cross-sell").definitions.get()
    assert draft.lacking == ["Cadence"]


def test_it_is_all_there_and_a_second_time_changes_nothing(demo: Vendors, client: Any) -> None:
    assert not presence.is_done(demo.rudder)
    seeded()
    assert_everybody_can_sign_in_with_what_the_line_says(client)
    assert_everything_is_connected_and_tested(demo)
    assert_what_a_platform_can_show_is_read_with_access_that_was_tested(demo)
    assert_audiences_are_approved_by_the_manager_and_one_is_still_a_draft()
    before, keys = rows(), list(Pipe.objects.order_by("pk").values_list("write_key_check", flat=True))

    assert presence.is_done(demo.rudder)
    seeded()

    again = rows()
    assert again.pop("Event") >= before.pop("Event")
    assert again == before
    assert list(Pipe.objects.order_by("pk").values_list("write_key_check", flat=True)) == keys


def test_it_follows_the_stand_ins_to_another_port(demo: Vendors) -> None:
    seeded()
    Pipe.objects.update(data_plane_url="http://127.0.0.1:9")
    key = Pipe.objects.order_by("pk")[0].write_key
    assert not presence.is_done(demo.rudder)

    seeded()

    assert presence.is_done(demo.rudder)
    pipe = Pipe.objects.order_by("pk")[0]
    assert (pipe.data_plane_url, pipe.write_key, pipe.check_state) == (demo.rudder, key, CheckState.WORKING)


def test_stand_ins_that_lost_their_data_are_filled_again(demo: Vendors) -> None:
    seeded()
    presence.marker().unlink()
    demo.reset()
    assert not presence.is_done(demo.rudder)

    seeded()

    assert len(demo.get(demo.us, "/_sandbox/people")) == 4010
    assert set(Pipe.objects.values_list("check_state", flat=True)) == {CheckState.WORKING}


def assert_played(demo: Vendors, until: datetime) -> None:
    """Assert that every row of the past is of something that happened, and that nothing is left to do."""
    # What is due in the last seconds is begun then, and on a slow machine ends later.
    late = until + timedelta(minutes=2)
    begun = Run.objects.filter(trigger="schedule", finished_at__lte=late, created_at__gt=until - timedelta(days=1))
    assert begun.count() == Slot.objects.filter(state="started").count() >= len(rounds.lists())
    assert not Slot.objects.filter(state="due", due__lte=until).exists()
    assert not Run.objects.live().exists()
    assert not Run.objects.filter(created_at__gt=late).exists()
    for made in rounds.lists():
        assert made.pipe is not None
        assert demo.requests(made.pipe.write_key)
        how = freshness.of(freshness.with_freshness(Activation.objects.filter(pk=made.pk)).get(), until)
        assert how.age is not None


def assert_read_back(until: datetime) -> None:
    """Assert that the past was read back, that one list waits for its id, and that nothing speaks of another time."""
    assert ListAt.objects.count() == len(IDS) - 1
    waiting = Activation.objects.filter(kind="production", list_at=None).values_list(
        "audience__name", "destination__name"
    )
    assert (UNTOLD[0], "Google Ads, NW US") in set(waiting)
    assert UnknownList.objects.filter(external_id=IDS[UNTOLD], name="NW | Winback 90").exists()
    read = Reading.objects.exclude(source__in=("csv", "muster"))
    assert not read.filter(fetched_at__gt=until + timedelta(minutes=5)).exists()
    assert not read.filter(as_of__gt=until + timedelta(minutes=5)).exists()
    for known in ListAt.objects.all():
        assert read.filter(activation=known.activation_id, low__gt=0).exists(), known
    imported = Reading.objects.filter(source="csv", quantity=Quantity.MATCH_RATE)
    assert imported.values("activation").distinct().count() == len(WRITTEN_OF)
    assert imported.count() == 18 * len(WRITTEN_OF)
    assert not imported.filter(as_of__gt=until - timedelta(days=1)).exists()
    newest = Attachment.objects.filter(activation__list_at__external_id=IDS["Purchased in last 7 days", "meta"])
    assert newest.latest("at").lacking == [
        "ad set Catalogue, all boots",
        "ad set Creator test 4",
        "ad set Prospecting broad US",
    ]


@pytest.mark.timeout(900)  # a day of syncs and readings, on a clock set back
def test_its_history_is_real(demo: Vendors, settings: Any) -> None:
    settings.LEASE_SECONDS, settings.CUSTOMERIO_RATE = 45, 4000
    until = timezone.now()
    past.make_up(until=until, longest=timedelta(days=1), most_slots=1)
    assert not rounds.is_over()
    assert_played(demo, until)
    assert_read_back(until)

    demo.order(demo.us, "/_sandbox/options", {"rate_limit": 1000})
    with working():
        call_command("demo", "--history")

    assert rounds.is_over()
    assert set(Definition.objects.filter(number=1).values_list("state", flat=True)) == {"current", "draft"}
    assert all(len(one.evidence) >= 4 for one in Definition.objects.filter(state="current"))
    assert [finding.broken for finding in verify() if not finding.holds] == []
    lists = len(rounds.lists())
    assert lists == 10 + 1
    states = Counter(Run.objects.values_list("why", "state"))
    first, second, third, last = (played.why for played in rounds.ROUNDS)
    assert states[(first, "done")] == states[(second, "done")] == states[(third, "done")] == lists
    assert states[(last, "held")] == 4
    assert states[(last, "done")] == lists - 4
    reasons = Run.objects.filter(state="held").values_list("reason", flat=True)
    assert sorted(reasons) == ["definition_changed", "guard", "guard", "guard"]
    assert Run.objects.filter(why=second, requests=0).count() == lists
    assert Run.objects.get(why=history.PREVIEW).actor == Person.objects.get(full_name="Helen Marchetti")
    kinds = Counter(Schedule.objects.values_list("kind", "minutes"))
    assert kinds == {
        ("daily", 0): 4,
        ("interval", 15): 2,
        ("interval", 30): 2,
        ("interval", 360): 2,
        ("interval", 720): 1,
    }
    before = Run.objects.count()

    call_command("demo", "--history")
    past.make_up(until=timezone.now())

    assert Run.objects.count() == before
    for made in rounds.lists():
        assert made.pipe is not None
        key, trait = made.pipe.write_key, f"muster_{made.audience.slug}"
        held = demo.membership(key, identifiers="0")
        if held["type"] in {"FB_CUSTOM_AUDIENCE", "GOOGLE_ADWORDS_REMARKETING_LISTS"}:
            assert held["strangers"] == 0
            assert abs(held["people"] - made.members) <= 3, trait


def test_a_history_without_workers_gives_up_and_says_so(
    demo: Vendors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seeded()
    monkeypatch.setattr(playing, "ROUND_SECONDS", 0.0)

    history.finish(playing.Workers())

    assert "the rest of the history is left out" in caplog.text
    assert set(Run.objects.values_list("state", flat=True)) == {"waiting"}


def test_the_password_stays_and_only_its_owner_reads_it(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    first = sign_ins.password()

    assert sign_ins.password() == first
    assert len(first) >= 12
    assert sign_ins.path().stat().st_mode & 0o077 == 0
    assert NOW - timedelta(days=1) < timezone.now()


def test_what_was_cut_short_is_made_anew(demo: Vendors, settings: Any, tmp_path: Path) -> None:
    settings.DATABASE_FILE = tmp_path / "muster.sqlite3"
    for name in ("muster.sqlite3", "muster.sqlite3-wal", "sandbox/people.sqlite3", "keys.json"):
        (tmp_path / name).touch()
    demo.fault(demo.us, "status", {"path": "/v1/segments"}, status=401, body="{}", times=1000)

    with pytest.raises(CommandError, match="not complete"):
        seeded()

    assert presence.forget_half_made(embedded=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo-password", "keys.json"]
    assert not presence.forget_half_made(embedded=True)


def test_a_demo_that_was_made_is_never_forgotten(demo: Vendors, settings: Any, tmp_path: Path) -> None:
    settings.DATABASE_FILE = tmp_path / "muster.sqlite3"
    settings.DATABASE_FILE.touch()
    seeded()
    seeded()

    assert not presence.forget_half_made(embedded=True)
    assert settings.DATABASE_FILE.exists()


def test_a_half_made_demo_in_a_database_of_ones_own_goes_on(demo: Vendors, settings: Any, tmp_path: Path) -> None:
    settings.DATABASE_FILE = tmp_path / "muster.sqlite3"
    settings.DATABASE_FILE.touch()
    presence.unfinished().touch()

    assert not presence.forget_half_made(embedded=False)
    assert settings.DATABASE_FILE.exists()
    assert not presence.unfinished().exists()
