"""What an ad account lists now, as choices for one list of Muster: likely ones first, taken ones with whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from audiences.models import Activation
from muster.redaction import excerpt

from .models import ListAt
from .readers.seen import ListSeen
from .unknown_lists import size_of


@dataclass(frozen=True)
class Choice:
    external_id: str
    name: str
    low: int | None
    high: int | None
    taken_by: str
    is_chosen: bool


def choices(activation: Activation, seen: Sequence[ListSeen]) -> list[Choice]:
    """Return the lists of the account: the chosen one, those whose name is alike, the free ones, those that are taken."""
    known = ListAt.objects.filter(activation__destination=activation.destination_id).select_related(
        "activation__audience"
    )
    taken = {one.external_id: one.activation.audience for one in known}
    made = []
    for one in seen:
        whose, size = taken.get(one.external_id), size_of(one)
        made.append(
            Choice(
                external_id=one.external_id,
                name=excerpt(one.name) or one.external_id,
                low=size.low if size else None,
                high=size.high if size else None,
                taken_by=whose.name if whose and whose.pk != activation.audience_id else "",
                is_chosen=bool(whose and whose.pk == activation.audience_id),
            )
        )
    words = _words(f"{activation.audience.name} {activation.list_name}")
    return sorted(
        made, key=lambda one: (not one.is_chosen, bool(one.taken_by), -len(words & _words(one.name)), one.name)
    )


def _words(name: str) -> frozenset[str]:
    return frozenset(word for word in name.casefold().replace("_", " ").replace("-", " ").split() if len(word) > 2)
