"""Makes the lists of an audience follow its definition: drafts while it is edited, live once it is locked."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, ProtectedError

from muster import audit
from muster.models import Person

from .models import Activation, Definition, Destination, Lifecycle, Pipe


def hold_pipes(definition: Definition) -> None:
    """Lock the rows of the chosen pipes, so that two definitions cannot take the same one at the same time."""
    chosen = [route["pipe"] for route in definition.routes.values() if route.get("pipe")]
    list(Pipe.objects.select_for_update().filter(pk__in=chosen).order_by("pk"))


def follow(draft: Definition) -> None:
    """Give every chosen destination a list, at first a draft, and take draft lists off that are no longer chosen."""
    lists = _production(draft)
    for place in Destination.objects.filter(pk__in=draft.destinations):
        made = lists.pop(place.pk, None) or Activation(audience=draft.audience, destination=place)
        if made.lifecycle == Lifecycle.DRAFT:
            _route(made, draft)
    for left in lists.values():
        if left.lifecycle == Lifecycle.DRAFT:
            take_off(left)


def take_off(draft_list: Activation) -> None:
    """Delete a draft list; one that has runs, dry ones, is kept as retired."""
    try:
        draft_list.delete()
    except ProtectedError:
        draft_list.lifecycle = Lifecycle.RETIRED
        draft_list.save(update_fields=["lifecycle"])


def go_live(definition: Definition, *, ramp: int = 100) -> None:
    """Route the lists as the definition says and set them live; lists that it no longer names are retired.

    `ramp` is the percent of the people who are sent at first, to lists that hold nobody yet.
    """
    lists = _production(definition)
    for place in Destination.objects.filter(pk__in=definition.destinations):
        made = lists.pop(place.pk, None) or Activation(audience=definition.audience, destination=place)
        if made.lifecycle != Lifecycle.PAUSED:
            made.lifecycle = Lifecycle.LIVE
        if not made.members:
            made.ramp = ramp
        _route(made, definition)
    for left in lists.values():
        left.lifecycle = Lifecycle.RETIRED
        left.save(update_fields=["lifecycle"])


def open_pilots(version: Definition) -> None:
    """Give every list of an approved version a pilot: through the same pipe, with a ledger of its own that begins empty.

    Pilots of lists that the version does not name are retired.
    """
    pilots = {one.destination_id: one for one in _pilots(version)}
    for place in Destination.objects.filter(pk__in=version.destinations):
        made = pilots.pop(place.pk, None) or Activation(
            audience=version.audience, destination=place, kind=Activation.Kind.PILOT
        )
        made.lifecycle = Lifecycle.IN_PILOT
        known = not made._state.adding
        _route(made, version)
        if known:
            # Everybody is sent again: what the pilot of the version before proved says nothing of this one.
            Activation.objects.filter(pk=made.pk).update(epoch=F("epoch") + 1, stopped_words="")
    for left in pilots.values():
        left.lifecycle = Lifecycle.RETIRED
        left.save(update_fields=["lifecycle"])


def close_pilots(version: Definition) -> None:
    """Note that the pilots of a version are over."""
    pilots = version.audience.activations.filter(kind=Activation.Kind.PILOT, lifecycle=Lifecycle.IN_PILOT)
    pilots.update(lifecycle=Lifecycle.PILOT_PASSED)


def _pilots(version: Definition) -> list[Activation]:
    made = version.audience.activations.filter(kind=Activation.Kind.PILOT)
    return list(made.select_for_update(of=("self",)).select_related("destination"))


def _production(definition: Definition) -> dict[int, Activation]:
    made = definition.audience.activations.filter(kind=Activation.Kind.PRODUCTION)
    return {one.destination_id: one for one in made.select_for_update(of=("self",)).select_related("destination")}


def _route(made: Activation, definition: Definition) -> None:
    """Point a list at its pipe. Behind another pipe is another list, so what the ledger knows of the old one ends there."""
    route = definition.routes.get(str(made.destination_id), {})
    before, made.pipe_id = made.pipe_id, route.get("pipe")
    made.list_name = route.get("list_name", "")
    made.payload = made.destination.payload
    if made._state.adding:
        made.save()
        return
    # The engine moves the other fields at the same time.
    made.save(update_fields=["pipe", "list_name", "payload", "lifecycle", "ramp"])
    if before and before != made.pipe_id:
        Activation.objects.filter(pk=made.pk).update(epoch=F("epoch") + 1, stopped_words="")


def try_again(stopped: Activation, *, by: Person, reason: str, at: datetime) -> bool:
    """Let a list that was stopped by itself be sent again, and return whether it was stopped."""
    with transaction.atomic():
        if not Activation.objects.filter(pk=stopped.pk).exclude(stopped_words="").update(stopped_words=""):
            return False
        audit.record(
            verb="lets be sent again", subject=stopped, by=by, reason=reason, audience_id=stopped.audience_id, at=at
        )
    return True
