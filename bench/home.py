"""A Muster of the bench's own, in a temporary home with the product's settings: its schema and the rows that a sync needs.

Every function here is a task: it runs in a process whose MUSTER_HOME names the home.
"""

from datetime import timedelta
from typing import Any, Final

import django

django.setup()

from django.utils import timezone  # noqa: E402

from audiences.models import (  # noqa: E402
    Activation,
    Audience,
    Definition,
    Destination,
    Lifecycle,
    Pipe,
    Purpose,
    Segment,
    Workspace,
)
from audiences.platforms import Payload  # noqa: E402
from muster.access import Role  # noqa: E402
from muster.models import Person  # noqa: E402
from muster.prepare import prepare as make_ready  # noqa: E402

SEGMENT_NUMBER, EXCLUSION_NUMBER = 1, 2
CONSENT: Final = {"*": {"require_true": ["ad_consent"], "not_true": [], "not_unsubscribed": True, "basis": "consent"}}


def prepare() -> None:
    """Make the schema, and an audience with everything on: consent, an exclusion, two identifiers, guards."""
    make_ready()
    owner = Person.objects.create_user("bench@team.example", full_name="Bench", role=Role.MANAGER)
    workspace = Workspace.objects.create(name="Bench", region="us")
    segment, _ = (
        Segment.objects.create(
            workspace=workspace, number=number, name=name, kind="dynamic", state="finished", seen_at=timezone.now()
        )
        for number, name in ((SEGMENT_NUMBER, "Everybody"), (EXCLUSION_NUMBER, "Not these"))
    )
    # What is staged before there is a list is what its platform will take.
    Destination.objects.create(name="Meta before any list", platform="meta", payload=Payload.RECORD)
    audience = Audience.objects.create(slug="bench", name="Bench", segment=segment, owner=owner, created_by=owner)
    Definition.objects.create(
        audience=audience,
        number=1,
        state=Definition.State.CURRENT,
        purpose=Purpose.RETARGET,
        freshness_minutes=int(timedelta(days=2).total_seconds() // 60),
        identifiers=["email", "phone"],
        phone_country="US",
        consent=CONSENT,
        exclusions=[{"segment": EXCLUSION_NUMBER, "reason": "bench"}],
        approved_by=owner,
        approved_at=timezone.now(),
        promoted_by=owner,
        promoted_at=timezone.now(),
    )


def new_list(key: str, port: int) -> dict[str, Any]:
    """Make an empty list of the audience at a Meta of its own, delivered to the sink on this port under this write key."""
    audience = Audience.objects.get()
    place = Destination.objects.create(name=f"Meta {key}", platform="meta", payload=Payload.RECORD)
    pipe = Pipe.objects.create(name=key, data_plane_url=f"http://127.0.0.1:{port}", write_key=key)
    made = Activation.objects.create(
        audience=audience, destination=place, pipe=pipe, payload=place.payload, lifecycle=Lifecycle.LIVE
    )
    return {"activation": made.pk}
