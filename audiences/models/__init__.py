from .approval import ApprovalRequest
from .arrival import Arrival, Readiness
from .audience import Activation, Audience, Lifecycle, Purpose
from .cohort import CoreCohort
from .definition import Definition
from .feed import Feed, SigningKey
from .pipe import Destination, Pipe
from .pipe_request import PipeRequest
from .policy import GateOverride, RequiredSuppression
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
    "Feed",
    "GateOverride",
    "Lifecycle",
    "Pipe",
    "PipeRequest",
    "Purpose",
    "Readiness",
    "RequestSlot",
    "RequiredSuppression",
    "RosterDomain",
    "RosterMember",
    "Segment",
    "SigningKey",
    "Trait",
    "TraitAllowance",
    "Workspace",
]
