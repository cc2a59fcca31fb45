"""Makes rows for tests. Every argument has a default that works; what a test cares about, it says."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone
from django.utils.text import slugify

from audiences import approving, promoting
from audiences.models import (
    Activation,
    Audience,
    Definition,
    Destination,
    Lifecycle,
    Pipe,
    Segment,
    Trait,
    Workspace,
)
from audiences.platforms import PLATFORMS, Family
from muster.access import Role
from muster.models import Person
from tests.vendors import EU_KEY, US_KEY, Vendors

PASSWORD = "correct horse battery"
EVERYBODY_MAY: dict[str, Any] = {"*": {"require_true": [], "not_true": [], "not_unsubscribed": False, "basis": "test"}}
PROVED = promoting.Proof(["A test needs no pilot."], [])
_numbers = count(1)


def person(
    *, role: str = Role.MARKETER, full_name: str = "", email: str = "", password: str = PASSWORD, **fields: Any
) -> Person:
    """Make somebody who can sign in with PASSWORD."""
    number = next(_numbers)
    full_name = full_name or f"Person {number}"
    email = email or f"{slugify(full_name)}-{number}@team.example"
    return Person.objects.create_user(email, password, full_name=full_name, role=role, **fields)


def sign_in(client: Client, somebody: Person) -> None:
    """Let the client act as somebody, without going through the sign-in page."""
    client.force_login(somebody)


def workspace(*, name: str = "", region: str = "us", api_key: str = "", **fields: Any) -> Workspace:
    """Make a workspace with the key that the sandbox of its region takes."""
    key = api_key or {"us": US_KEY, "eu": EU_KEY}[region]
    return Workspace.objects.create(
        name=name or f"Shop {next(_numbers)}", region=region, api_key=key, api_key_last4=key[-4:], **fields
    )


def segment_row(space: Workspace | None = None, *, number: int = 0, name: str = "", **fields: Any) -> Segment:
    """Make the row of a segment as if it had been read from Customer.io."""
    number = number or next(_numbers)
    values: dict[str, Any] = {"kind": "dynamic", "state": "finished", "seen_at": timezone.now()}
    return Segment.objects.create(
        workspace=space or workspace(), number=number, name=name or f"Segment {number}", **{**values, **fields}
    )


def destination(*, platform: str = "meta", name: str = "", payload: str = "", **fields: Any) -> Destination:
    """Make a destination; the payload is the platform's first."""
    spec = PLATFORMS[platform]
    return Destination.objects.create(
        name=name or f"{spec.label}, {next(_numbers)}",
        platform=platform,
        payload=payload or spec.payloads[0],
        **fields,
    )


def pipe(
    write_key: str = "", *, name: str = "", data_plane_url: str = "https://data.example.com", **fields: Any
) -> Pipe:
    """Make a pipe with this write key, or one of its own."""
    number = next(_numbers)
    write_key = write_key or f"write-key-{number}"
    return Pipe.objects.create(
        name=name or f"pipe {number}",
        data_plane_url=data_plane_url,
        write_key=write_key,
        write_key_last4=write_key[-4:],
        **fields,
    )


def trait(name: str = "", *, type: str = Trait.Type.TEXT, **fields: Any) -> Trait:
    return Trait.objects.create(name=name or f"trait_{next(_numbers)}", type=type, **fields)


def audience(
    *, name: str = "", segment: Segment | None = None, owner: Person | None = None, slug: str = "", **fields: Any
) -> Audience:
    """Make an audience without a definition and without lists."""
    name = name or f"Audience {next(_numbers)}"
    owner = owner or person()
    values = {"drift_checker": person(), "created_by": owner}
    return Audience.objects.create(
        name=name, slug=slug or slugify(name), segment=segment or segment_row(), owner=owner, **{**values, **fields}
    )


def definition(
    whose: Audience | None = None,
    *,
    state: str = Definition.State.CURRENT,
    purpose: str = "retarget",
    destinations: Iterable[Destination] = (),
    **fields: Any,
) -> Definition:
    """Make a definition with every clause filled in: in use, or a draft, approved, or past."""
    whose = whose or audience()
    locked = state != Definition.State.DRAFT
    used = state in {Definition.State.CURRENT, Definition.State.PAST}
    values: dict[str, Any] = {
        "number": whose.definitions.count() + 1,
        "outcome": "Bring people back who left a cart",
        "campaign": "Cart recovery",
        "outcome_measure": "Orders within 7 days",
        "logic": "ltv_tier changed to gold",
        "conditions": whose.segment.conditions,
        "fingerprint": whose.segment.fingerprint,
        "entry_rule": "Enters when the segment says so",
        "exit_rule": "Leaves when the segment says so",
        "cadence": "by hand",
        "freshness_minutes": 120,
        "identifiers": ["email", "phone"],
        "phone_country": "US",
        "consent": EVERYBODY_MAY,
        "exclusions_reason": "A test needs none",
        "size_low": 0,
        "size_high": 10_000_000,
        "match_low": 30.0,
        "match_high": 80.0,
        "tolerance": 10.0,
        "review_date": timezone.localdate() + timedelta(days=180),
        "check_every": "every Monday",
        "edited_by": whose.owner,
        "approved_by": whose.owner if locked else None,
        "approved_at": timezone.now() if locked else None,
        "promoted_by": whose.owner if used else None,
        "promoted_at": timezone.now() if used else None,
    }
    values["destinations"] = [place.pk for place in destinations]
    return Definition.objects.create(audience=whose, state=state, purpose=purpose, **{**values, **fields})


def approved(draft: Definition, *, by: Person | None = None, asked_by: Person | None = None) -> Definition:
    """Have a complete draft approved by a manager, `by` or one who comes for it, and return it locked."""
    by, at = by or person(role=Role.MANAGER), timezone.now()
    asked_by = asked_by or draft.audience.owner
    return approving.approve(approving.ask(draft, of=by, by=asked_by, at=at), by=by, at=at)


def in_use(draft: Definition, *, by: Person | None = None) -> Definition:
    """Have a complete draft approved and put into use by a manager, and return it."""
    by = by or person(role=Role.MANAGER)
    return promoting.promote(approved(draft, by=by), PROVED, by=by, at=timezone.now())


def activation(
    whose: Audience | None = None, place: Destination | None = None, through: Pipe | None = None, **fields: Any
) -> Activation:
    """Make a live production list of an audience at a destination, with a pipe of its own."""
    place = place or destination()
    values: dict[str, Any] = {"payload": place.payload, "lifecycle": Lifecycle.LIVE}
    return Activation.objects.create(
        audience=whose or audience(), destination=place, pipe=through or pipe(), **{**values, **fields}
    )


def registered_audience(
    vendors: Vendors,
    people: int | Sequence[dict[str, Any]] = 3,
    *,
    platform: str = "meta",
    platforms: Sequence[str] = (),
    payload: str = "",
    config: dict[str, Any] | None = None,
    space: Workspace | None = None,
    name: str = "",
    **clauses: Any,
) -> Audience:
    """Make an audience that is ready to sync: people and a segment in the sandbox, a source for each list, locked rows.

    `people` is a number of plain generated people (who have everything and refuse nothing), or people by their
    attributes, put into the workspace besides those who are there. `clauses` go to the definition.
    """
    space = space or workspace()
    base = vendors.us if space.region == "us" else vendors.eu
    if isinstance(people, int):
        vendors.people(people, plain=True, base=base)
        number = vendors.segment(base=base, name=name or "Everybody", generated={"share": 1.0})
    else:
        members = vendors.upsert(*people, base=base) if people else []
        number = vendors.segment(base=base, name=name or "By name", members=members)
    shown = next(one for one in listed_segments(vendors, space) if one["id"] == number)
    row = segment_row(space, number=number, name=shown["name"], kind=shown["type"], conditions=shown.get("conditions"))
    made = audience(segment=row, name=name)
    places = [destination(platform=kind, payload=payload) for kind in platforms or (platform,)]
    for place in places:
        key = f"key-{place.pk}-{number}"
        vendors.source(key, place.spec.rudderstack_type, **(config or {}))
        activation(made, place, pipe(key, data_plane_url=vendors.rudder))
    if all(place.spec.family != Family.ADS for place in places):
        clauses = {"identifiers": ["external_id"], **clauses}
    definition(made, destinations=places, **clauses)
    return made


def listed_segments(vendors: Vendors, space: Workspace) -> list[dict[str, Any]]:
    """Return the segments as Customer.io lists them."""
    base = vendors.us if space.region == "us" else vendors.eu
    answer = vendors.session.get(
        f"{base}/v1/segments", headers={"Authorization": f"Bearer {space.api_key}"}, timeout=10
    )
    return list(answer.json()["segments"])
