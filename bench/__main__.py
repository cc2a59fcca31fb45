"""`python -m bench`: measure, print the table, write docs/performance.md. `--quick`: on small data, and print only.

Ends with status 1 when a target that must be met is missed, and with 2 when nothing could be measured.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.page import document, table
from bench.process import ROOT, TaskFailed
from bench.rounds import Bench, Wrong
from bench.sizes import FULL, QUICK, people
from bench.targets import MISSED, targets

PAGE = ROOT / "docs" / "performance.md"


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data, three minutes; prints and writes nothing")
    sizes = QUICK if parser.parse_args().quick else FULL
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        bench = Bench(sizes, Path(folder), lambda text: print(text, file=sys.stderr, flush=True))
        try:
            bench.run()
        except (Wrong, TaskFailed) as error:
            print(f"The bench stopped, and no figure of it counts. {error}", file=sys.stderr)
            return 2
    rows = targets(people(sizes.small), people(sizes.large))
    print(table(rows, bench.found))
    if sizes is FULL:
        PAGE.write_text(document(rows, bench, time.monotonic() - began))
        print(f"\nWritten to {PAGE.relative_to(ROOT)}.")
    return int(any(row.verdict(bench.found[row.name]) == MISSED for row in rows))


if __name__ == "__main__":
    sys.exit(main())
