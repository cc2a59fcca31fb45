"""The arms of a holdout: what a value of its attribute says, and which names an attribute may have. Pure."""

import re
from typing import Final

from muster.redaction import redact

NO_ARM: Final = ""
NOT_AN_ARM: Final = "?"
LONGEST: Final = 60
SHAPE: Final = re.compile(r"\w[\w .:/+&()#%-]*")
# It becomes a trait's name and a column's, so it is what both take.
ATTRIBUTE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Attributes that say who somebody is, or what they wish: never an arm.
ATTRIBUTE_WANTED: Final = (
    "an attribute of its own, of letters, digits and underscores, like exp_winback, becomes the trait's name."
)
TAKEN: Final = frozenset({"id", "cio_id", "email", "phone", "unsubscribed", "anonymous_id"})


def arm_of(value: str) -> str:
    """Return the arm that a value names: lower case, one space between words; "" for none.

    "?" for what can be no arm: it is long, holds signs that no name has, or reads like an address or a phone number.
    """
    text = " ".join(value.split()).lower()
    if not text:
        return NO_ARM
    named = len(text) <= LONGEST and SHAPE.fullmatch(text) and text.isprintable() and redact(text) == text
    return text if named else NOT_AN_ARM


def is_attribute(name: str) -> bool:
    """Whether an attribute of this name may hold the arm."""
    return ATTRIBUTE.fullmatch(name) is not None and name.lower() not in TAKEN
