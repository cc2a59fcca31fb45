"""What a version says, as one hash: an approval is about this content and no other."""

import hashlib

import orjson

from .models import Definition

# How far a version has come is not what it says.
STANDING = frozenset(
    {
        "id",
        "state",
        "edited_by",
        "edited_at",
        "revision",
        "lacking",
        "approved_by",
        "approved_at",
        "promoted_by",
        "promoted_at",
        "evidence",
        "switch_from",
        "switched_back_at",
    }
)


def content_hash(definition: Definition) -> str:
    """Return the SHA-256 of every clause, of the reason, and of who owns the audience and checks its drift, as hex."""
    fields = [field for field in definition._meta.concrete_fields if field.name not in STANDING]
    said = {field.name: field.value_from_object(definition) for field in fields}
    audience = definition.audience
    said |= {"name": audience.name, "owner": audience.owner_id, "drift_checker": audience.drift_checker_id}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
