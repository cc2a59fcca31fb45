"""Makes database and static files ready before anything serves them."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from .running import CannotRun
from .vault import VaultError, check_keys


def prepare() -> None:
    """Bring the schema up to date, check that the keys are this database's, collect static files. Raises CannotRun."""
    try:
        migrate_if_needed()
        check_keys()
    except DatabaseError as error:
        raise CannotRun(
            f"The database cannot be used ({type(error).__name__}: {str(error).splitlines()[0][:200]}). Nothing was "
            "started. Check DATABASE_URL and that the database is reachable; without DATABASE_URL it is "
            f"{settings.DATABASE_FILE}."
        ) from error
    except VaultError as error:
        raise CannotRun(
            f"The keys do not fit the database: {error}. Nothing was started, since what is sealed could not be read. "
            "Put back the keys that belong to it (docs/operations.md, Keys)."
        ) from error
    collect_if_changed()


def migrate_if_needed() -> None:
    """Run the migrations that have not run yet; asking costs a tenth of running none of them."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def collect_if_changed() -> None:
    """Copy and compress the static files into STATIC_ROOT, unless they are there as they are now."""
    root = Path(settings.STATIC_ROOT)
    stamp, now = root.with_suffix(".stamp"), fingerprint()
    if root.is_dir() and stamp.is_file() and stamp.read_text() == now:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(now)


def fingerprint() -> str:
    """Return a digest over names, sizes and times of all static files, and over how they are stored."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for line in sorted(static_files()):
        digest.update(line.encode())
    return digest.hexdigest()


def static_files() -> Iterator[str]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = os.stat(storage.path(name))
            yield f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n"
