"""How many people of a suppression cannot be suppressed by list, and why, as the newest run counted them. Pure."""

from collections.abc import Mapping

from muster.figures import number

WHY = (
    ("no_identifier", "without an identifier that the platform takes"),
    ("id_has_at", "whose id looks like an address"),
    ("do_not_share", "who opted out of sharing"),
    ("erased", "erased"),
)


def sentence(left_out: Mapping[str, int]) -> str:
    """Return one sentence with what helps; empty when everybody can be suppressed."""
    parts = [(left_out[code], why) for code, why in WHY if left_out.get(code)]
    people = sum(count for count, _ in parts)
    if not people:
        return ""
    said = ", ".join(f"{number(count)} {why}" for count, why in parts)
    return (
        f"{number(people)} {'person' if people == 1 else 'people'} cannot be suppressed by list: {said}. Ads reach them unless "
        "the platform's own exclusion of customers or converters keeps them out."
    )
