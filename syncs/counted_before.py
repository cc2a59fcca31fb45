"""Keeps for each list what the newest count of people who share an identifier leaves for the next one."""

from audiences.models import Activation
from muster.columns import pack, unpack
from muster.vault import seal, unseal

from .models import SharedIdentifiers
from .sharing import Known


def known_of(activation: Activation) -> Known | None:
    """Return what the newest count of a list left. Raises WrongKey and Tampered."""
    row = SharedIdentifiers.objects.filter(activation=activation).first()
    if row is None:
        return None
    columns = unpack(unseal(bytes(row.blob), aad=_aad(activation)))
    return Known(columns["prints"], columns["shared"])


def keep(activation: Activation, known: Known | None) -> None:
    """Keep what a count leaves, in the transaction that fixes its plan."""
    if known is None:
        SharedIdentifiers.objects.filter(activation=activation).delete()
        return
    blob = seal(pack({"prints": known.prints, "shared": known.shared}), aad=_aad(activation))
    SharedIdentifiers.objects.update_or_create(activation=activation, defaults={"blob": blob})


def _aad(activation: Activation) -> bytes:
    return f"shared identifiers:{activation.pk}".encode()
