"""What has to be set up before an audience can be registered, and who can do it."""

from dataclasses import dataclass

from muster.access import Permission

from .models import Destination, Pipe, Segment, Workspace


@dataclass(frozen=True)
class Step:
    """The next thing to do. `needs` is the permission it takes, `url_name` where it is done."""

    heading: str
    words: str
    url_name: str
    action: str
    needs: Permission


CONNECT = Step(
    "Customer.io is not connected yet",
    "Audiences are made of Customer.io's segments. Connect the workspace with an App API key; then its segments are listed.",
    "audiences:workspace-add",
    "Connect Customer.io",
    Permission.MANAGE_CONNECTIONS,
)
READ_SEGMENTS = Step(
    "No segment has been read yet",
    "Customer.io is connected. Read its segments once, then choose the one that the first audience is made of.",
    "audiences:register",
    "Read the segments",
    Permission.REGISTER,
)
ADD_DESTINATION = Step(
    "There is no destination yet",
    "A destination is where people must arrive: an ad account, an analytics project, a warehouse.",
    "audiences:destination-add",
    "Add a destination",
    Permission.MANAGE_CONNECTIONS,
)
ADD_PIPE = Step(
    "There is no pipe yet",
    "A pipe is a RudderStack source: what goes into it reaches the list behind it. Each ad list needs one of its own.",
    "audiences:pipe-add",
    "Add a pipe",
    Permission.MANAGE_CONNECTIONS,
)
REGISTER = Step(
    "No audiences yet",
    "Start with one use case and prove the loop: register it, dry-run it, then sync it.",
    "audiences:register",
    "Register audience",
    Permission.REGISTER,
)


def next_step() -> Step:
    """Return the first step that is not done."""
    open_steps = (
        (CONNECT, Workspace.objects.filter(archived_at=None)),
        (ADD_DESTINATION, Destination.objects.filter(archived_at=None)),
        (ADD_PIPE, Pipe.objects.filter(archived_at=None)),
        (READ_SEGMENTS, Segment.objects.filter(gone_at=None)),
    )
    return next((step for step, done in open_steps if not done.exists()), REGISTER)
