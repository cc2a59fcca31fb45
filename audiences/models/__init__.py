from .approval import ApprovalRequest
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
    "Audience",
    "CoreCohort",
    "Definition",
    "Destination",
    "Lifecycle",
    "Pipe",
    "PipeRequest",
    "Purpose",
    "RequestSlot",
    "RosterDomain",
    "RosterMember",
    "Segment",
    "Trait",
    "TraitAllowance",
    "Workspace",
]
