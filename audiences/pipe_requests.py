"""Asks an administrator for a pipe, reminds them, and closes the request when it is there or no longer wanted."""

from datetime import datetime

from django.db import IntegrityError, transaction

from muster import audit
from muster.models import Person

from .models import Audience, Destination, Pipe, PipeRequest


class AskedAlready(Exception):
    """Somebody waits for this pipe already; the text says whom was asked."""


class Closed(Exception):
    """The request was answered or withdrawn meanwhile. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("This request was closed meanwhile. Nothing was changed.")


def ask(audience: Audience, destination: Destination, *, assignee: Person, by: Person, at: datetime) -> PipeRequest:
    """Ask somebody for the pipe of a list and return the request. Raises AskedAlready."""
    try:
        with transaction.atomic():
            made = PipeRequest.objects.create(
                audience=audience, destination=destination, assignee=assignee, asked_by=by, asked_at=at
            )
            _note("asked for the", made, by, at, {"assignee": assignee.full_name})
    except IntegrityError:
        known = open_request(audience, destination)
        if known is None:
            raise
        raise AskedAlready(f"{known.assignee} was asked already. Remind them instead.") from None
    return made


def open_request(audience: Audience, destination: Destination) -> PipeRequest | None:
    """Return the request that waits, if there is one."""
    waiting = PipeRequest.objects.filter(audience=audience, destination=destination, closed_at=None)
    return waiting.select_related("assignee").first()


def remind(request: PipeRequest, *, by: Person, at: datetime) -> None:
    """Note that the assignee was reminded. Raises Closed."""
    with transaction.atomic():
        if not PipeRequest.objects.filter(pk=request.pk, closed_at=None).update(reminded_at=at):
            raise Closed
        _note("reminded of the", request, by, at, {"assignee": request.assignee.full_name})


def withdraw(request: PipeRequest, *, by: Person, at: datetime) -> None:
    """Close a request that nobody waits for any more. Raises Closed."""
    with transaction.atomic():
        _close(request, None, at)
        _note("no longer asks for the", request, by, at, {})


def answer(request: PipeRequest, pipe: Pipe, *, by: Person, at: datetime) -> None:
    """Close a request with the pipe that was made for it; the draft's form then has it filled in. Raises Closed."""
    with transaction.atomic():
        _close(request, pipe, at)
        _note("connected the", request, by, at, {"pipe": pipe.name})


def _close(request: PipeRequest, pipe: Pipe | None, at: datetime) -> None:
    if not PipeRequest.objects.filter(pk=request.pk, closed_at=None).update(closed_at=at, pipe=pipe):
        raise Closed


def answered(audience: Audience) -> dict[int, Pipe]:
    """Return, by destination, the newest pipe that was connected for a list of the audience and is in use."""
    made = PipeRequest.objects.filter(audience=audience, pipe__archived_at=None).exclude(pipe=None)
    return {one.destination_id: one.pipe for one in made.select_related("pipe").order_by("closed_at") if one.pipe}


def _note(verb: str, request: PipeRequest, by: Person, at: datetime, detail: dict[str, str]) -> None:
    audit.record(verb=verb, subject=request, by=by, detail=detail, audience_id=request.audience_id, at=at)
