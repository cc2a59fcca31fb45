"""`python -m bench.drift`: simulate years, judge them by Muster's rule and by two common ones, write it into docs/drift.md.

`--quick`: few years, prints and writes no page. The same seed gives the same figures.
"""

import argparse
import sys
import time

from bench.drift_page import figures, page
from bench.found import Found, judged
from bench.process import ROOT
from bench.rules import RULES
from bench.years import KINDS, Kind

PAGE = ROOT / "docs" / "drift.md"
YEARS, FEW, SEED = 1_000, 40, 2026


def main() -> int:
    """Simulate and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.drift", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{FEW} years of each kind; writes no page")
    parser.add_argument("--years", type=int, help=f"years of each kind, otherwise {YEARS}")
    chosen = parser.parse_args()
    years = chosen.years or (FEW if chosen.quick else YEARS)
    began = time.monotonic()
    found = simulated(years)
    if chosen.quick:
        print(figures(found, years, SEED))
    else:
        PAGE.write_text(page(PAGE.read_text(), found, years, SEED))
    print(f"{len(found)} cells of {years} years in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


def simulated(years: int) -> dict[tuple[Kind, str], Found]:
    """Return how each rule does in each kind of year."""
    found = {}
    for kind in KINDS:
        for name, rule in RULES.items():
            found[kind, name] = judged(kind, rule, years, SEED)
            print(f"{kind.name}: {name}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
