from __future__ import annotations
from pathlib import Path
from sandbox.standin import StandIn
def rudderstack_app(data: Path, speed: float) -> StandIn:
    raise NotImplementedError
