"""One of everything, so that every address of the project has something behind it."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from audiences import approving, roster
from audiences.models import (
    Activation,
    Audience,
    Definition,
    Destination,
    Feed,
    PipeRequest,
    RequiredSuppression,
    Segment,
    TraitAllowance,
    Workspace,
)
from muster import invitations
from muster.access import Role
from muster.models import Person
from reconciliation import attaching, entering, freezing, postbox, reading_access
from reconciliation.attachment import Use
from reconciliation.messages import of_change
from reconciliation.models import ListAt, UnknownList
from reconciliation.weeks import monday_of
from syncs.event_counts import count
from syncs.models import Event, Pause, PreFlight
from tests import factories
from tests.access_table import ROLES, STRANGER
from tests.audiences.drafts import complete
from tests.reconciliation import list_weeks
from tests.syncs import run_rows
from tests.syncs.events import feed_of, signing_key


def people() -> dict[str, Person]:
    """Make somebody of each role."""
    return {role: factories.person(role=role) for role in ROLES if role != STRANGER}


def build(cast: dict[str, Person], rudder: str) -> str:
    """Make one of everything, and return the token of an open invitation. Pipes have the address `rudder`."""
    at = timezone.now()
    pipe = factories.pipe(data_plane_url=rudder)
    place = factories.destination()
    factories.trait("ltv_tier")
    sensitive = factories.trait("diagnosis", sensitive=True)
    factories.trait("old", retired_at=at)
    draft = factories.audience(name="Draft", owner=cast["marketer"])
    factories.segment_row(draft.segment.workspace, name="Buyers")
    factories.definition(
        draft, state="draft", destinations=[place, factories.destination()], edited_by=cast["marketer"]
    )
    TraitAllowance.objects.create(
        trait=sensitive, audience=draft, reason="For tiers", by=cast["administrator"], at=at - timedelta(days=1)
    )
    approvals(cast)
    PipeRequest.objects.create(
        audience=draft, destination=place, asked_by=cast["marketer"], assignee=cast["administrator"], asked_at=at
    )
    PreFlight.objects.create(audience=draft, number=1, revision=1, asked_by=cast["marketer"], asked_at=at)
    live = run_rows.list_of("Live", through=pipe)
    run_rows.done(live)
    run_rows.sending(live)
    run_rows.done(run_rows.list_of("On the ramp", ramp=10))
    run_rows.done(run_rows.list_of("Retiring", lifecycle="retired", members=7))
    run_rows.list_of("Stopped", stopped_words="RudderStack refused the key (401).")
    parked = run_rows.held()
    Pause.objects.create(destination=parked.activation.destination, reason="Wait.", by=cast["manager"], at=at)
    read_back(live, cast)
    weeks(live, parked.activation)
    policy(cast, live)
    events(cast, draft.segment.workspace)
    Audience.objects.filter(pk=live.audience_id).update(family="carts")
    gather(draft.segment.workspace, live.audience.segment.workspace)
    factories.pipe(archived_at=at)
    factories.destination(archived_at=at)
    factories.workspace(archived_at=at)
    factories.person(is_active=False)
    return invitations.invite(
        email="new@team.example", full_name="New One", role=Role.MARKETER, by=cast["administrator"], at=at
    )[1]


def gather(space: Workspace, other: Workspace) -> None:
    """Put what was made with a workspace of its own into one, but for a list in another: more would be more of the same."""
    surplus = Workspace.objects.exclude(pk__in=[space.pk, other.pk])
    Segment.objects.filter(workspace__in=surplus).update(workspace=space)
    surplus.delete()


def read_back(live: Activation, cast: dict[str, Person]) -> None:
    """Let an account be read, another be read no more, and a list have its id, a figure, a use and a neighbour."""
    at, place = timezone.now(), live.destination
    given = {"account": "1234567890"}, {"token": "a-token-of-nobody"}
    reading_access.keep(place, *given, by=cast["administrator"], at=at)
    stopped = reading_access.keep(factories.destination(), *given, by=cast["administrator"], at=at).access
    reading_access.archive(stopped, by=cast["administrator"], at=at)
    ListAt.objects.create(activation=live, external_id="1200", name_seen="buyers", set_at=at)
    entering.enter([entering.Entry(live, at, 8_700, 9_300, 55)], by=cast["marketer"], at=at)
    attaching.sign(live, Use(17, lacking=("Prospecting",)), by=cast["marketer"], at=at)
    judged(live, cast, at)
    UnknownList.objects.create(destination=place, external_id="7", first_seen_at=at, last_seen_at=at)


def policy(cast: dict[str, Person], live: Activation) -> None:
    """Let ad accounts require what nobody fulfils, one have required more once; an audience has a holdout."""
    given: dict[str, Any] = {
        "by": cast["manager"],
        "at": timezone.now(),
        "target_minutes": 60,
        "basis": "So that they see no ads",
    }
    places = Destination.objects.filter(archived_at=None).order_by("pk")
    for place in {*places[:3], live.destination}:  # each of the board's pages costs by the line
        RequiredSuppression.objects.create(destination=place, label="Buyers", **given)
    ended: dict[str, Any] = {"ended_by": cast["manager"], "ended_at": timezone.now()}
    RequiredSuppression.objects.create(destination=live.destination, label="Refunded", **given, **ended)
    Definition.objects.filter(audience=live.audience_id).update(holdout_attribute="exp_live", holdout_arm="control")


def events(cast: dict[str, Person], space: Workspace) -> None:
    """Make a feed of each state with an event that was rejected, an event that nobody owns, and two keys."""
    at = timezone.now()
    for state in Feed.State.values:
        feed = feed_of(space, f"Feed {state}", state=state, pipe=factories.pipe(), owner=cast["marketer"])
        rejected(space, feed.name, f"{state:32}", feed=feed)
    feed_of(space, "Feed stopped", pipe=factories.pipe(), stopped_words="RudderStack refused the key (401).")
    Event.objects.create(
        workspace=space, name="Nobody's", dedupe="1", message_id="1", occurred_at=at, received_at=at, state="unowned"
    )
    signing_key(space)
    signing_key(space, "another-key-of-nobody")


def rejected(space: Workspace, name: str, dedupe: str, **fields: Any) -> None:
    at = timezone.now()
    given = {"state": "rejected", "reason": "no_person", "words": "No person id.", "settled_at": at}
    Event.objects.create(
        workspace=space, name=name, dedupe=dedupe, message_id=dedupe, occurred_at=at, received_at=at, **given, **fields
    )
    count(space.pk, name, at, received=1, rejected=1)


def weeks(drifting: Activation, unread: Activation) -> None:
    """Let each list have drifted last week, its report be frozen, and the running week be judged."""
    monday = monday_of(timezone.now().date())
    for one, verdict in ((drifting, "drifting"), (unread, "unknown")):
        list_weeks.week(one, monday - list_weeks.WEEK, "drifting")
        list_weeks.week(one, monday, verdict)
    freezing.freeze(monday - list_weeks.WEEK, at=timezone.now())


def judged(live: Activation, cast: dict[str, Person], at: datetime) -> None:
    """Let a list be outside its tolerance, answered once, and everybody be told of it."""
    Audience.objects.filter(pk=live.audience_id).update(owner=cast["marketer"], drift_checker=cast["manager"])
    list_weeks.answer(live, cast["marketer"])
    for one in cast.values():
        postbox.post("test:1", one, of_change("It is off.", ["It is off."], f"/lists/{live.pk}/answer/"), at=at)


def approvals(cast: dict[str, Person]) -> None:
    """Make a draft that waits for an approval, and an approved version that waits to be put into use."""
    owner = cast["marketer"]
    waiting = complete(owner, name="Waiting")
    approving.ask(waiting, of=cast["manager"], by=owner, at=timezone.now())
    factories.approved(complete(owner, name="Approved"), by=cast["manager"])
    roster.allow_domain("team.example", by=cast["administrator"], at=timezone.now())
    roster.add(["ann.bell@team.example"], team="Retention", by=cast["administrator"], at=timezone.now())


def client_of(somebody: Person | None) -> Client:
    """Return a client that shows an error as the answer that a browser would get."""
    client = Client(raise_request_exception=False)
    if somebody:
        client.force_login(somebody)
    return client
