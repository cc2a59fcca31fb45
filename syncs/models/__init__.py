from .batch import Batch, RejectedRow
from .ledger import LedgerShard, LedgerWhole, Tombstone
from .pause import Beat, Pause
from .pull import Pull, StagedShard
from .run import PlanShard, Release, Run
from .slot import Schedule, Slot

__all__ = [
    "Batch",
    "Beat",
    "LedgerShard",
    "LedgerWhole",
    "Pause",
    "PlanShard",
    "Pull",
    "RejectedRow",
    "Release",
    "Run",
    "Schedule",
    "Slot",
    "StagedShard",
    "Tombstone",
]
