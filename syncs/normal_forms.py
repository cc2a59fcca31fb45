"""Which normal forms of identifiers a reading holds: one that no list is sent costs as much as one that is."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q

from audiences.models import Activation, Destination, Lifecycle
from audiences.platforms import PLATFORMS

from .people import DIGESTS, forms_asked


def forms_in_use() -> frozenset[str]:
    """Return the forms that the platforms of all destinations take which are in use, or still have a list."""
    lists = Activation.objects.filter(destination=OuterRef("pk")).exclude(lifecycle=Lifecycle.RETIRED)
    used = Destination.objects.filter(Q(archived_at=None) | Exists(lists)).order_by()
    platforms = [PLATFORMS[kind] for kind in used.values_list("platform", flat=True).distinct()]
    return frozenset(field.column for platform in platforms for field in platform.fields).intersection(DIGESTS)


def with_forms_in_use(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reading is asked for (Pull.columns) and what others will ask of the same people, so that they share it."""
    others = {form for form in forms_in_use() if columns.get(DIGESTS[form])}
    return {**columns, "forms": sorted(forms_asked(columns) | others)}
