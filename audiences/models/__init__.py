from .audience import Activation, Audience, Lifecycle, Purpose
from .cohort import CoreCohort
from .definition import Definition
from .pipe import Destination, Pipe
from .trait import Trait, TraitAllowance
from .workspace import RequestSlot, Segment, Workspace

__all__ = [
    "Activation",
    "Audience",
    "CoreCohort",
    "Definition",
    "Destination",
    "Lifecycle",
    "Pipe",
    "Purpose",
    "RequestSlot",
    "Segment",
    "Trait",
    "TraitAllowance",
    "Workspace",
]
