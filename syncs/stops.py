"""The ways in which work on a run stops before it is done, each with its words for a person."""

from datetime import timedelta

from .states import RunState


class Stop(Exception):
    """Work on the run stops here. `reason` is a code (syncs/reasons.py); the text says it to a person."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words[:600]


class Park(Stop):
    """The run waits: for `wait`, or with None until somebody wakes it."""

    def __init__(self, reason: str, words: str, wait: timedelta | None) -> None:
        super().__init__(reason, words)
        self.wait = wait


class End(Stop):
    """The run ends in a state other than Done. `stops_list` keeps the list from being tried again until it is mended."""

    def __init__(self, state: RunState, reason: str, words: str, *, stops_list: bool = False) -> None:
        super().__init__(reason, words)
        self.state = state
        self.stops_list = stops_list


class SliceOver(Exception):
    """A minute's work is done; another worker, or this one, goes on after the next ring."""
