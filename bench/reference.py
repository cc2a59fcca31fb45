"""The reference: rudder-sdk-python as it comes, in a process of its own with its own dependencies.

Its queue of 10,000 drops what does not fit, so the caller waits while it is full: otherwise most events would be lost.
"""

import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.people import digests

FOLDER: Final = Path(sys.prefix) / "reference"
FULL_SECONDS: Final = 0.001


class NotInstalled(Exception):
    """The reference is not there; the text says how to get it."""


def run(port: int, key: str, people: int) -> dict[str, Any]:
    """Send an identify with both digests for each of the first people and return the seconds until the last answer."""
    if not FOLDER.is_dir():
        raise NotInstalled("rudder-sdk-python is not installed. Nothing was measured. Run: make bench")
    sys.path.insert(0, str(FOLDER))
    import rudderstack.analytics as sdk

    client = sdk.Client(key, host=f"http://127.0.0.1:{port}")
    everybody = [
        (f"c-{number:08d}", {"EMAIL": one.hex(), "PHONE": two.hex()})
        for number in range(people)
        for one, two in [digests(number)]
    ]
    began = time.perf_counter()
    for user, traits in everybody:
        while client.queue.full():
            time.sleep(FULL_SECONDS)
        client.identify(user, traits)
    client.flush()
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "people": people, "version": version("rudder-sdk-python")}
