"""Where ads use a list: included and excluded in which active ones, which lack it, and the sentence that says so. Pure.

A suppression protects only where it is excluded; a targeting list does something only where it is included.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciliation.readers.seen import AdSetSeen

NOUNS: dict[str, tuple[str, str]] = {
    "meta": ("ad set", "ad sets"),
    "google_ads": ("campaign or ad group", "campaigns and ad groups"),
}
ANY_NOUNS = ("campaign", "campaigns")  # where Muster does not read them and somebody counts
NAMED = 5  # in a sentence; pages list them all


def nouns(platform: str) -> tuple[str, str]:
    """Return what uses lists there is called, one and several."""
    return NOUNS.get(platform, ANY_NOUNS)


@dataclass(frozen=True)
class Use:
    """One list among what is active: names with kind, each list sorted. `active` is None where nobody counted."""

    active: int | None
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def names_of(ad_sets: Sequence[AdSetSeen]) -> dict[tuple[str, str], str]:
    """Return what each is called, by kind and id: kind and name, with the id where several are called the same."""
    plain = {(one.kind, one.external_id): f"{one.kind} {one.name or one.external_id}" for one in ad_sets}
    often = Counter(plain.values())
    return {key: name if often[name] == 1 else f"{name} ({key[1]})" for key, name in plain.items()}


def use_of(external_id: str, ad_sets: Sequence[AdSetSeen]) -> Use:
    """Return where a list is used among what is active."""
    names = names_of(ad_sets)

    def named(which: Iterable[AdSetSeen]) -> tuple[str, ...]:
        return tuple(sorted({names[one.kind, one.external_id] for one in which}))

    return Use(
        active=len(names),
        included=named(one for one in ad_sets if external_id in one.includes),
        excluded=named(one for one in ad_sets if external_id in one.excludes),
        lacking=named(one for one in ad_sets if external_id not in one.excludes),
    )


def is_attached(use: Use, *, suppresses: bool) -> bool | None:
    """Whether it is used as its purpose needs: excluded everywhere, or included somewhere. None where nobody can say."""
    if use.active is None:
        return None
    return not use.lacking if suppresses else bool(use.included)


def told(use: Use, *, suppresses: bool, platform: str = "meta") -> str:
    """Return what is true of the list's use, in a sentence or two."""
    if use.active is None:
        return "Nobody has looked yet where it is used."
    one, several = nouns(platform)
    if not use.active:
        return f"No {one} is active there now, so no ad reaches anybody."
    active = f"{use.active:,} active {one if use.active == 1 else several}"
    return _of_suppression(use, active) if suppresses else _of_targeting(use, active)


def _of_suppression(use: Use, active: str) -> str:
    there = (use.active or 0) - len(use.lacking)
    if not use.lacking:
        said = f"Excluded in all {active}." if use.active != 1 else f"Excluded in the only one, {active}."
    elif not there:
        said = f"Excluded in none of {active}: everybody on it can be shown ads."
    else:
        said = f"Excluded in {there:,} of {active}; missing in: {shortened(use.lacking)}."
    if use.included:
        said += f" Included in {shortened(use.included)}: ads are aimed at people who should see none."
    return said


def _of_targeting(use: Use, active: str) -> str:
    if not use.included:
        said = f"Included in none of {active}: nobody is shown an ad because of it."
    else:
        said = f"Included in {len(use.included):,} of {active}: {shortened(use.included)}."
    return f"{said} Excluded in: {shortened(use.excluded)}." if use.excluded else said


def shortened(names: Sequence[str]) -> str:
    """Return names in a row, the rest as a number."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
