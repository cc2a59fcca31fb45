"""All connections as their page shows them: problems first, each with what it serves."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from .data_out import DataOut, known
from .models import Activation, Destination, Feed, Lifecycle, Pipe, Workspace
from .models.workspace import CheckState
from .terms import joined

WORST_FIRST = (CheckState.REFUSED, CheckState.UNREADABLE, CheckState.UNKNOWN, CheckState.WORKING)


@dataclass(frozen=True)
class Sending:
    """One Data Out of Customer.io, and the pipes whose write key it sends with."""

    out: DataOut
    pipes: list[Pipe]


@dataclass(frozen=True)
class OwnDataOut:
    workspace: Workspace
    sending: list[Sending]


@dataclass(frozen=True)
class Archived:
    """Something out of use, and the address that puts it back."""

    subject: Workspace | Pipe | Destination
    label: str
    restore: str


@dataclass(frozen=True)
class Connections:
    workspaces: list[Workspace]
    pipes: list[Pipe]
    destinations: list[Destination]
    archived: list[Archived]

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
    def data_out(self) -> list[OwnDataOut]:
        """Return, for each workspace, what Customer.io sends to RudderStack by itself."""
        return [
            OwnDataOut(workspace, [Sending(out, self._through(out)) for out in known(workspace)])
            for workspace in self.workspaces
        ]

    def _through(self, out: DataOut) -> list[Pipe]:
        return [pipe for pipe in self.pipes if pipe.write_key_check and pipe.write_key_check == out.write_key_check]

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
    return [made for made in one.activations.all() if not _over(made)]


def _over(one: Activation) -> bool:
    """A pilot that is over serves nobody; its list stands there once, as the one in use."""
    proved = one.kind == Activation.Kind.PILOT and one.lifecycle == Lifecycle.PILOT_PASSED
    return proved or one.lifecycle == Lifecycle.RETIRED


def connections() -> Connections:
    """Read all connections, with the lists that they serve."""
    lists = Prefetch("activations", Activation.objects.select_related("audience", "destination"))
    feeds = Prefetch("feeds", Feed.objects.order_by("name"))
    pipes = list(Pipe.objects.defer("write_key").prefetch_related(lists, feeds).order_by("name"))
    places = list(Destination.objects.prefetch_related(lists).order_by("name"))
    workspaces = list(Workspace.objects.defer("api_key").order_by("name"))
    everything: list[Workspace | Pipe | Destination] = [*workspaces, *pipes, *places]
    return Connections(
        workspaces=[one for one in workspaces if not one.archived_at],
        pipes=sorted((one for one in pipes if not one.archived_at), key=lambda one: WORST_FIRST.index(_state(one))),
        destinations=[one for one in places if not one.archived_at],
        archived=[_archived(one) for one in everything if one.archived_at],
    )


def _state(pipe: Pipe) -> CheckState:
    return CheckState(pipe.check_state)


def _archived(one: Workspace | Pipe | Destination) -> Archived:
    kind = type(one).__name__.lower()
    return Archived(one, str(one._meta.verbose_name), reverse(f"audiences:{kind}-restore", args=[one.pk]))
