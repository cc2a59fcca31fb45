"""All connections as their page shows them: problems first, each with what it serves."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Prefetch

from .models import Activation, Destination, Lifecycle, Pipe, Workspace
from .models.workspace import CheckState
from .terms import joined

WORST_FIRST = (CheckState.REFUSED, CheckState.UNREADABLE, CheckState.UNKNOWN, CheckState.WORKING)


@dataclass(frozen=True)
class Connections:
    workspaces: list[Workspace]
    pipes: list[Pipe]
    destinations: list[Destination]
    archived: list[Workspace | Pipe | Destination]

    @cached_property
    def broken(self) -> list[Workspace | Pipe]:
        """Return what was refused or could not be read when it was last tested."""
        tested: list[Workspace | Pipe] = [*self.workspaces, *self.pipes]
        return [one for one in tested if one.check_state in (CheckState.REFUSED, CheckState.UNREADABLE)]

    @cached_property
    def stopped(self) -> list[Activation]:
        """Return the lists behind a refused pipe: what the refusal means for people."""
        refused = [pipe for pipe in self.pipes if pipe.check_state == CheckState.REFUSED]
        return [one for pipe in refused for one in serving(pipe) if one.lifecycle != Lifecycle.DRAFT]

    @property
    def sentence(self) -> str:
        """Return what is true of all of them."""
        if not self.workspaces and not self.pipes:
            return "Nothing is connected yet. Begin with Customer.io."
        tested: list[Workspace | Pipe] = [*self.workspaces, *self.pipes]
        untested = sum(one.check_state == CheckState.UNKNOWN for one in tested)
        waits = f"{untested} not tested yet." if untested else ""
        if self.broken:
            names = joined(one.name for one in self.broken[:3]) + (" and others" if len(self.broken) > 3 else "")
            return f"{names} did not work when last tested. {waits}".strip()
        if untested == len(tested):
            return "Nothing was tested yet. A test sends nothing."
        return f"Everything that was tested worked. {waits}".strip()


def serving(one: Any) -> list[Activation]:
    """Return the lists that a pipe or destination serves, draft ones too."""
    return [made for made in one.activations.all() if made.lifecycle != Lifecycle.RETIRED]


def connections() -> Connections:
    """Read all connections, with the lists that they serve."""
    lists = Prefetch("activations", Activation.objects.select_related("audience", "destination"))
    pipes = list(Pipe.objects.defer("write_key").prefetch_related(lists).order_by("name"))
    places = list(Destination.objects.prefetch_related(lists).order_by("name"))
    workspaces = list(Workspace.objects.defer("api_key").order_by("name"))
    everything: list[Workspace | Pipe | Destination] = [*workspaces, *pipes, *places]
    return Connections(
        workspaces=[one for one in workspaces if not one.archived_at],
        pipes=sorted((one for one in pipes if not one.archived_at), key=lambda one: WORST_FIRST.index(_state(one))),
        destinations=[one for one in places if not one.archived_at],
        archived=[one for one in everything if one.archived_at],
    )


def _state(pipe: Pipe) -> CheckState:
    return CheckState(pipe.check_state)
