"""`python -m bench`: measure, print the table, write docs/performance.md. `--quick`: on small data, and print only.

The page is written anew after every step, so that a bench which is stopped early still tells what it measured.

Ends with status 1 when a target that must be met is missed, and with 2 when nothing could be measured.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.page import document, table
from bench.process import ROOT, TaskFailed
from bench.rounds import Bench, Wrong
from bench.sizes import FULL, QUICK, people
from bench.targets import MISSED, UNMEASURED, targets

PAGE = ROOT / "docs" / "performance.md"


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data, three minutes; prints and writes no page")
    parser.add_argument("--write", action="store_true", help="write the page of small data too")
    parser.add_argument(
        "--rounds", nargs=2, type=int, metavar=("SMALL", "LARGE"), help="rounds of each size, all 5 and 3"
    )
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    if chosen.rounds:
        sizes = replace(sizes, small_rounds=max(1, chosen.rounds[0]), large_rounds=max(1, chosen.rounds[1]))
    rows = targets(people(sizes.small), people(sizes.large))
    writes = chosen.write or not chosen.quick
    began = time.monotonic()
    before = PAGE.read_text() if PAGE.exists() else None

    def write() -> None:
        if writes:
            PAGE.write_text(document(rows, bench, time.monotonic() - began))

    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        bench = Bench(sizes, Path(folder), lambda text: print(text, file=sys.stderr, flush=True))
        try:
            bench.run(write)
        except (Wrong, TaskFailed) as error:
            print(f"The bench stopped, and no figure of it counts. {error}", file=sys.stderr)
            if not writes:
                return 2
            if before is None:
                PAGE.unlink(missing_ok=True)
            else:
                PAGE.write_text(before)
            return 2
    print(table(rows, bench.found))
    if writes:
        print(f"\nWritten to {PAGE.relative_to(ROOT)}.")
    return int(any(row.verdict(bench.found[row.name]) in {MISSED, UNMEASURED} for row in rows))


if __name__ == "__main__":
    sys.exit(main())
