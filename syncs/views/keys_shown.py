"""Loads the keys that Muster sends with, for the health page: never a key, only its last four characters and its state."""

from dataclasses import dataclass
from datetime import datetime

from audiences.models import Pipe, Workspace
from audiences.models.workspace import CheckState

ORDER = (CheckState.REFUSED, CheckState.UNREADABLE, CheckState.UNKNOWN, CheckState.WORKING)


@dataclass(frozen=True)
class Key:
    """One key. Neither Customer.io nor RudderStack gives its keys an end, so `told` is when it was last tried."""

    name: str
    subject: Workspace | Pipe
    told: datetime | None


def keys() -> list[Key]:
    """Return the keys in use, those that do not work first. Two queries."""
    spaces = Workspace.objects.filter(archived_at=None).defer("api_key", "data_out")
    pipes = Pipe.objects.filter(archived_at=None).defer("write_key")
    found = [Key(named("Customer.io", one.name, one.api_key_last4), one, one.checked_at) for one in spaces]
    found += [Key(named("RudderStack", one.name, one.write_key_last4), one, one.checked_at) for one in pipes]
    return sorted(found, key=lambda key: (ORDER.index(CheckState(key.subject.check_state)), key.name))


def named(vendor: str, name: str, ends: str) -> str:
    return f"{vendor}, {name}, {f'ends {ends}' if ends else 'no key'}"


def sentence(found: list[Key]) -> str:
    """Return what is true of all of them."""
    bad = [key for key in found if key.subject.check_state in (CheckState.REFUSED, CheckState.UNREADABLE)]
    if not found:
        return "none yet"
    return f"{len(bad)} not working" if bad else "none has an end date"
