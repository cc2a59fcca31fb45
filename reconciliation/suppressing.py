"""Which lists keep people away from ads: by the purpose of the version in use, else of the newest one."""

from collections.abc import Iterable

from audiences.models import Activation, Definition, Purpose


def suppressing(lists: Iterable[Activation]) -> dict[int, bool]:
    """Return for each list, by its key, whether it suppresses. One query."""
    whose = {one.pk: one.audience_id for one in lists}
    purposes: dict[int, str] = {}
    versions = Definition.objects.filter(audience__in=set(whose.values())).order_by("number")
    current = Definition.State.CURRENT
    found = sorted(versions.values_list("audience", "purpose", "state"), key=lambda row: row[2] == current)
    for audience, purpose, _ in found:
        purposes[audience] = purpose
    return {pk: purposes.get(audience) == Purpose.SUPPRESS for pk, audience in whose.items()}
