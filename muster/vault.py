"""Encryption at rest: the key ring, the pepper, sealed text in model fields, and the check that the keys are the right ones.

A sealed blob is: 1 byte format, 1 byte length of the key id, the key id, 12 bytes random nonce, AES-256-GCM ciphertext
with tag. Key id and the caller's associated data are authenticated. Keys live in the environment, never in the database.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.forms import Field, PasswordInput

FORMAT = 1
NONCE = 12
PEPPER_CHECK = "pepper"


class VaultError(Exception):
    """Sealed data cannot be used."""


class WrongKey(VaultError):
    """The key that sealed the data is not in the key ring, or the ring is not this database's."""


class Tampered(VaultError):
    """The data is not what was sealed, or it was sealed for another place."""


def ring() -> dict[str, bytes]:
    """Return the keys by id, the sealing one first."""
    return {str(key_id): bytes(key) for key_id, key in settings.VAULT_KEYS}


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _header(key_id: str) -> bytes:
    name = key_id.encode()
    return bytes((FORMAT, len(name))) + name


def seal(data: bytes, *, aad: bytes) -> bytes:
    """Return the data encrypted under the first key of the ring. `aad` says where it belongs; unseal needs the same."""
    key_id, key = next(iter(ring().items()))
    header, nonce = _header(key_id), os.urandom(NONCE)
    return b"".join((header, nonce, _cipher(key).encrypt(nonce, data, header + aad)))


def sealed_by(blob: bytes) -> str:
    """Return the id of the key that sealed the blob. Raises Tampered."""
    if len(blob) < 2 + NONCE or blob[0] != FORMAT:
        raise Tampered("not sealed by this vault")
    return bytes(blob[2 : 2 + blob[1]]).decode("utf-8", "replace")


def unseal(blob: bytes, *, aad: bytes) -> bytes:
    """Return what was sealed. Raises WrongKey when its key is not in the ring, Tampered when it is not as it was sealed."""
    key_id = sealed_by(blob)
    key = ring().get(key_id)
    if key is None:
        raise WrongKey(f"the key {key_id!r} is not in the key ring")
    header = _header(key_id)
    start = len(header) + NONCE
    try:
        return _cipher(key).decrypt(bytes(blob[len(header) : start]), memoryview(blob)[start:], header + aad)
    except (InvalidTag, ValueError) as error:
        raise Tampered("the data is not as it was sealed, or belongs elsewhere") from error


@lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"muster pepper " + purpose.encode()).derive(secret)


def pepper(purpose: str) -> bytes:
    """Return 32 secret bytes for one purpose: the same for as long as the installation's pepper is."""
    secret: str | bytes = settings.PEPPER
    return _derived(secret.encode() if isinstance(secret, str) else bytes(secret), purpose)


def _check_value(key: bytes) -> str:
    return hashlib.blake2b(b"muster key check", key=key, digest_size=16).hexdigest()


def check_keys() -> None:
    """Compare the key ring and the pepper with the check values in the database; new keys are noted, the first time all.

    Raises WrongKey when a key differs from the one that this database knows by its id, or when a key it knows is missing.
    """
    table = apps.get_model("muster", "KeyCheck").objects
    known = dict(table.values_list("key_id", "value"))
    now = {key_id: _check_value(key) for key_id, key in ring().items()}
    now[PEPPER_CHECK] = _check_value(pepper("key check"))
    missing = sorted(known.keys() - now.keys())
    if missing:
        raise WrongKey(f"the database was sealed with keys that are not in the key ring: {', '.join(missing)}")
    for key_id, value in now.items():
        if key_id in known and not hmac.compare_digest(known[key_id], value):
            raise WrongKey(f"{key_id!r} is not the key that this database was sealed with")
    for key_id in now.keys() - known.keys():
        table.get_or_create(key_id=key_id, defaults={"value": now[key_id]})


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """Text that is sealed in the database and clear in memory; the empty text stays empty. Not for look-ups.

    Reading a value raises WrongKey or Tampered. A data dump holds no clear text: the field is left empty there.
    """

    @property
    def aad(self) -> bytes:
        return f"{self.model._meta.label_lower}.{self.attname}".encode()

    def get_prep_value(self, value: Any) -> Any:
        if not value:
            return value
        return base64.b64encode(seal(str(value).encode(), aad=self.aad)).decode()

    def from_db_value(self, value: str | None, _expression: object, _connection: BaseDatabaseWrapper) -> str | None:
        return self.opened(value) if value else value

    def opened(self, stored: str) -> str:
        """Return the clear text of a stored value. Raises WrongKey and Tampered."""
        return unseal(self.blob(stored), aad=self.aad).decode()

    @staticmethod
    def blob(stored: str) -> bytes:
        """Return the sealed bytes of a stored value. Raises Tampered."""
        try:
            return base64.b64decode(stored, validate=True)
        except ValueError as error:
            raise Tampered("not sealed by this vault") from error

    def value_to_string(self, obj: models.Model) -> str:
        return ""

    def formfield(self, *args: Any, **kwargs: Any) -> Field | None:
        return super().formfield(*args, **{"widget": PasswordInput(render_value=False), **kwargs})
