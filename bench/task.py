"""One measurement in a process of its own: `python -m bench.task MODULE:FUNCTION ARGUMENTS RESULT`.

ARGUMENTS is JSON; RESULT is the file that gets what was found, with `peak`: the most memory this process ever held, in bytes.
"""

import json
import resource
import sys
from importlib import import_module
from pathlib import Path


def peak() -> int:
    """Return the most memory that this process held so far, in bytes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def main(name: str, arguments: str, result: str) -> None:
    """Do it and write what was found."""
    module, _, function = name.partition(":")
    found = getattr(import_module(f"bench.{module}"), function)(**json.loads(arguments))
    Path(result).write_text(json.dumps({**(found or {}), "peak": peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
