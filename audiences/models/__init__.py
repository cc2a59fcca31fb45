from .approval import ApprovalRequest
from .arrival import Arrival, Readiness
from .audience import Activation, Audience, Lifecycle, Purpose
from .cohort import CoreCohort
from .definition import Definition
from .pipe import Destination, Pipe
from .pipe_request import PipeRequest
from .roster import RosterDomain, RosterMember
from .trait import Trait, TraitAllowance
from .workspace import RequestSlot, Segment, Workspace

__all__ = [
    "Activation",
    "ApprovalRequest",
    "Arrival",
    "Audience",
    "CoreCohort",
    "Definition",
    "Destination",
    "Lifecycle",
    "Pipe",
    "PipeRequest",
    "Purpose",
    "Readiness",
    "RequestSlot",
    "RosterDomain",
    "RosterMember",
    "Segment",
    "Trait",
    "TraitAllowance",
    "Workspace",
]
