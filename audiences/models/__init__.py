from .approval import ApprovalRequest
from .audience import Activation, Audience, Lifecycle, Purpose
from .definition import Definition
from .pipe import Destination, Pipe
from .roster import RosterDomain, RosterMember
from .trait import Trait, TraitAllowance
from .workspace import RequestSlot, Segment, Workspace

__all__ = [
    "Activation",
    "ApprovalRequest",
    "Audience",
    "Definition",
    "Destination",
    "Lifecycle",
    "Pipe",
    "Purpose",
    "RequestSlot",
    "RosterDomain",
    "RosterMember",
    "Segment",
    "Trait",
    "TraitAllowance",
    "Workspace",
]
