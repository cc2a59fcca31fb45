"""The secrets of an installation on one machine, made once and kept in a file that only its owner can read."""

import base64
import json
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

NAMES = ("MUSTER_SECRET_KEY", "MUSTER_VAULT_KEYS", "MUSTER_PEPPER")


def fresh_keys() -> dict[str, str]:
    """Return new secrets, each under the name of the setting that it stands in for."""
    vault, pepper = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    return dict(zip(NAMES, (secrets.token_urlsafe(64), f"k1:{vault}", pepper), strict=True))


def read_or_make(path: Path, *, in_use: bool) -> dict[str, str]:
    """Return the secrets in the file, making it (mode 0600) where there is none yet.

    `in_use` says that data sealed with the old secrets exists: then a missing file is an error, not a beginning.
    Raises ImproperlyConfigured.
    """
    # Not path.exists(): that raises where the folder above may not even be looked into.
    if not os.path.exists(path):
        if in_use:
            raise ImproperlyConfigured(
                f"{path} is gone, and the database beside it was sealed with the keys in it. Nothing was started. "
                "Put the file back from your backup, or move the database away to begin anew."
            )
        try:
            make(path)
        except OSError as error:
            raise ImproperlyConfigured(
                f"{path.parent} cannot be written ({error.strerror}). Nothing was started. Make it writable, or name "
                "another folder for Muster's data: MUSTER_HOME=/path"
            ) from error
    try:
        keys = json.loads(path.read_text())
        return {name: str(keys[name]) for name in NAMES}
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ImproperlyConfigured(
            f"{path} cannot be read ({type(error).__name__}). Put it back from your backup."
        ) from error


def make(path: Path) -> None:
    """Write fresh secrets; when two processes do so at once, the first one's stay."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(fresh_keys(), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
