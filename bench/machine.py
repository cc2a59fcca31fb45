"""What the bench ran on, in one line, and the versions of what it ran."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("django", "numpy", "orjson", "isal", "cryptography", "requests", "rq")


def line() -> str:
    """Return processor, cores, memory and system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{processor()}, {cores} cores, {memory:.0f} GB memory, {platform.system()} {platform.release()}"


def commit() -> str:
    """Return the commit that is measured, `unknown` outside of a repository."""
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, timeout=10, check=False
    ).stdout.strip()
    return told or "unknown"


def processor() -> str:
    """Return the processor's name, else its kind."""
    told = Path("/proc/cpuinfo")
    names = [text for text in told.read_text().splitlines() if text.startswith("model name")] if told.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


def versions() -> str:
    """Return the versions of Python, SQLite, the Redis that is used, and the packages that matter."""
    from muster.redis_server import find_binary

    told = subprocess.run([find_binary(), "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    server = next((word for word in told.split() if word.startswith("v=")), "v=?")
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    return ", ".join(
        [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}", f"Valkey {server[2:]}", *packages]
    )


def load() -> float:
    """Return how many processes wanted a core over the last minute."""
    return os.getloadavg()[0]
