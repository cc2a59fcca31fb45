from .batch import Batch, RejectedRow
from .event import Event, EventCount, EventState, OptOut, Overlap
from .forwarding import Forwarding
from .ledger import LedgerShard, LedgerWhole, SharedIdentifiers, Tombstone
from .pause import Beat, Pause
from .portion import AssertedPortion
from .pre_flight import PreFlight
from .pull import Pull, StagedShard
from .run import PlanShard, Release, Run
from .slot import Schedule, Slot

__all__ = [
    "AssertedPortion",
    "Batch",
    "Beat",
    "Event",
    "EventCount",
    "EventState",
    "Forwarding",
    "LedgerShard",
    "LedgerWhole",
    "OptOut",
    "Overlap",
    "Pause",
    "PlanShard",
    "PreFlight",
    "Pull",
    "RejectedRow",
    "Release",
    "Run",
    "Schedule",
    "SharedIdentifiers",
    "Slot",
    "StagedShard",
    "Tombstone",
]
