"""Drafts for tests of how a definition moves."""

from audiences.models import Audience, Definition
from muster.models import Person
from tests import factories

CART = {"and": [{"event": {"type": "event", "name": "cart"}, "within": 3600}]}


def complete(owner: Person, *, name: str = "Cart", whose: Audience | None = None) -> Definition:
    """A draft that lacks nothing, with one list through a pipe of its own."""
    place, pipe = factories.destination(), factories.pipe()
    return factories.definition(
        whose or factories.audience(name=name, owner=owner),
        state="draft",
        destinations=[place],
        routes={str(place.pk): {"pipe": pipe.pk, "list_name": "Cart people"}},
        consent={"*": {"require_true": [], "not_true": [], "not_unsubscribed": True, "basis": "Consent at checkout"}},
    )


def again(draft: Definition) -> Definition:
    """The same draft as another browser loads it."""
    return Definition.objects.select_related("audience__segment__workspace").get(pk=draft.pk)
