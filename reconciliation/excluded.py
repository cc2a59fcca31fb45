"""What excluded segments are called, and why they are excluded: for ladders of many lists at once."""

from collections.abc import Mapping, Sequence

from audiences.models import Activation, Definition, Segment

Excluded = Mapping[int, tuple[str, str]]


def excluded(used: Sequence[tuple[Activation, Definition | None]]) -> dict[int, Excluded]:
    """Return by list the segments that its version excludes, by number: name and reason. One query.

    A segment that is not known any more has none.
    """
    wanted = {(one.audience.segment.workspace_id, number): why for one, made in used for number, why in _of(made)}
    spaces, numbers = {space for space, _ in wanted}, {number for _, number in wanted}
    known = Segment.objects.filter(workspace__in=spaces, number__in=numbers) if wanted else Segment.objects.none()
    names = {(space, number): name for space, number, name in known.values_list("workspace", "number", "name")}
    return {
        one.pk: {
            number: (names[key], why)
            for number, why in _of(made)
            if (key := (one.audience.segment.workspace_id, number)) in names
        }
        for one, made in used
    }


def _of(version: Definition | None) -> list[tuple[int, str]]:
    return [(int(one["segment"]), str(one.get("reason", ""))) for one in version.exclusions] if version else []
