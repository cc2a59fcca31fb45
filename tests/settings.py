"""Muster's settings as tests use them: a home of its own for each test process, and nothing taken from outside.

Names from the caller's shell that could point a test at real data are dropped: every MUSTER_* setting, REDIS_URL and
DATABASE_URL. `python -m tests.postgres` names its database in MUSTER_TEST_DATABASE_URL. Processes that a test starts
inherit the names set here, and keep what the test set for them.
"""

import atexit
import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path

PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
KEPT = ("MUSTER_REQUIRE_BROWSER", "MUSTER_REQUIRE_POSTGRES", "MUSTER_TEST_")


def secret(letter: str) -> str:
    """Return 32 bytes in base64 that are no secret."""
    return base64.b64encode(letter.encode() * 32).decode()


def forget_outside() -> None:
    """Drop what could point at real data; tests.postgres names its database by a name of its own."""
    for name in [name for name in os.environ if name.startswith("MUSTER_") and not name.startswith(KEPT)]:
        del os.environ[name]
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    if url := os.environ.get("MUSTER_TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = url


def settle() -> None:
    """Give this process a home and secrets, unless a test of this process started it."""
    # A process that may not keep bytecode compiles all of the project at each start, and tests start many.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if "MUSTER_TEST_FOLDER" not in os.environ:
        # Short: a Unix socket's path has at most 107 characters.
        folder = os.environ["MUSTER_TEST_FOLDER"] = tempfile.mkdtemp(prefix="muster-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if os.environ.get("MUSTER_TEST_PROCESS") == PROCESS:
        return
    forget_outside()
    home = Path(os.environ["MUSTER_TEST_FOLDER"], PROCESS)
    (home / "static").mkdir(parents=True)
    os.environ.update(
        MUSTER_TEST_PROCESS=PROCESS,
        MUSTER_HOME=str(home),
        MUSTER_SECRET_KEY="tests only " + "s" * 50,
        MUSTER_VAULT_KEYS=f"t1:{secret('v')}",
        MUSTER_PEPPER=secret("p"),
    )


settle()

from typing import Any  # noqa: E402

from redis.backoff import NoBackoff  # noqa: E402
from redis.retry import Retry  # noqa: E402

from muster.settings import *  # noqa: E402, F403
from muster.settings import DATABASES, RQ_QUEUES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True

_database: dict[str, Any] = DATABASES["default"]
if "sqlite3" in _database["ENGINE"]:
    # A file, as in production, so that threads and processes meet in it; under the same name, so that they find it.
    _database["TEST"] = {"NAME": _database["NAME"]}
    _database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"

if os.environ.get("REDIS_URL") is None:
    # Nobody listens on port 1, and nobody tries twice: without the `redis` fixture a ring is lost at once.
    RQ_QUEUES["muster"] |= {"HOST": "127.0.0.1", "PORT": 1, "REDIS_CLIENT_KWARGS": {"retry": Retry(NoBackoff(), 0)}}
