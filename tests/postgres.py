"""`python -m tests.postgres`: the engine's and the models' tests on a PostgreSQL of their own.

Starts a throw-away cluster from the binaries that are installed here, on a Unix socket, and removes it afterwards. Where
there are none it says so in one line and ends well, unless MUSTER_REQUIRE_POSTGRES=1. Arguments go to pytest.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
OLDEST = 14
USER = "muster"
# The cluster lives for minutes: what protects data from a power cut only costs time here.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
}


class Unusable(Exception):
    """There is no PostgreSQL that could be started; the text says why."""


def binaries() -> Path:
    """Return the folder of the newest server's binaries. Raises Unusable."""
    found = [folder for pattern in PLACES for folder in Path("/").glob(pattern.lstrip("/"))]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    usable = [(version_of(folder), folder) for folder in found if (folder / "initdb").exists()]
    newest = max(usable, default=(0, Path()))
    if newest[0] < OLDEST:
        raise Unusable(f"PostgreSQL {OLDEST} or newer is not installed here (looked for initdb).")
    return newest[1]


def version_of(folder: Path) -> int:
    """Return the major version; 0 for what does not say."""
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    digits = told.rpartition(" ")[0].rpartition(")")[2] or told
    number = "".join(letter if letter.isdigit() else " " for letter in digits).split()
    return int(number[0]) if number else 0


def demoted() -> dict[str, Any]:
    """Return whom to run the server as: it refuses to be root. Raises Unusable."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Unusable("This is root, PostgreSQL refuses to run as root, and there is no user postgres or nobody.")


@contextlib.contextmanager
def cluster(more: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Run a fresh cluster, with more settings if any, and give the folder of its socket. Raises Unusable."""
    folder, whom = binaries(), demoted()
    with tempfile.TemporaryDirectory(prefix="muster-pg-") as home:
        data = Path(home, "data")
        if whom:
            os.chown(home, whom["user"], whom["group"])
        run([folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], home, whom)
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in {**SETTINGS, **(more or {})}.items())
        control: list[str | Path] = [folder / "pg_ctl", "-D", data, "-w"]
        run([*control, "-l", Path(home, "log"), "-o", f"-k {home} {options}", "start"], home, whom)
        try:
            yield Path(home)
        finally:
            run([*control, "-m", "immediate", "stop"], home, whom)


def run(command: Sequence[str | Path], home: str, whom: dict[str, Any]) -> None:
    """Run a command of PostgreSQL's quietly. Raises Unusable with what it said."""
    done = subprocess.run(
        command,
        cwd=home,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        **whom,
    )
    if done.returncode:
        log = Path(home, "log")
        raise Unusable(f"{Path(command[0]).name} failed: {done.stderr}{log.read_text() if log.exists() else ''}")


def main(arguments: list[str]) -> int:
    """Run pytest on a cluster and return its exit status; no test collected is a failure."""
    try:
        with cluster() as place:
            url = f"postgres://{USER}@/postgres?host={place}"
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-n",
                "2",
                "--dist",
                "worksteal",
                "-m",
                "engine and not slow",
                "--migrations",
                *arguments,
            ]
            status = subprocess.run(
                command, env={**os.environ, "MUSTER_TEST_DATABASE_URL": url}, check=False
            ).returncode
    except Unusable as problem:
        required = os.environ.get("MUSTER_REQUIRE_POSTGRES") == "1"
        sys.stderr.write(f"{'FAILED' if required else 'SKIPPED'}: the tests on PostgreSQL. {problem}\n")
        return 1 if required else 0
    if status == 5:
        sys.stderr.write("FAILED: no test is marked `engine`, so nothing ran on PostgreSQL.\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
