"""The section of docs/drift.md that tells what the rules find in simulated years; the others are written by people."""

import subprocess
from collections.abc import Mapping

from bench.found import LATE, SOON, Found
from bench.process import ROOT
from bench.years import BAD, HISTORY, PEOPLE, RATE, Kind

Results = Mapping[tuple[Kind, str], Found]

HEADING = "## Simulated years"


def page(text: str, results: Results, years: int, seed: int) -> str:
    """Return a page with this section made anew; what stands before it and after it is kept."""
    before, _, rest = text.partition(HEADING)
    _, heading, after = rest.partition("\n## ")
    return before + figures(results, years, seed) + heading + after


def figures(results: Results, years: int, seed: int) -> str:
    """Return the section."""
    kinds = list(dict.fromkeys(kind for kind, _ in results))
    rules = list(dict.fromkeys(rule for _, rule in results))
    quiet = [[kind.name, *(_rate(results[kind, rule]) for rule in rules)] for kind in kinds]
    steps = [[kind.name, *(_soon(results[kind, rule]) for rule in rules)] for kind in kinds if kind.drop]
    return f"""{HEADING}

Written by `python -m bench.drift` at commit {_commit()}: {years:,} years of each kind, seed {seed}. A match rate of {RATE:.0%},
about {PEOPLE:,} people, {HISTORY} weeks of history before the year. *Quiet*: the rate's weekly spread is 0.05 on the logit
scale (±1.2 points); *noisy*: 0.10 (±2.5 points). Sizes are rounded to two digits, or given as ranges of 600 people. A *bad
week* loses {BAD:.0%} of the matched people and is over after it.

### False alarms a year

In brackets the weeks a year that were called outside without a reason. Weeks in a row are one alarm; a planted bad week is
not counted.

{_table(["year", *rules], quiet)}

### How soon a change is found

The share of years in which it was found in its first week / within {SOON} weeks / within {LATE} weeks; then the median week
("not found": most years miss it).

{_table(["change", *rules], steps)}

*Fixed ±10 %* compares with the week before: it finds a step in its first week or never, never finds creep, and floods when
the list is noisy. *Mean ± 3 sd* of the last twelve weeks gives an alarm in a quiet year too, and one failed sync within these
weeks blinds it. Muster's rule gives up some first weeks for quiet: with 60 lists, one false alarm a year and list would be one
every week.

What it does not find: a loss within the list's tolerance, and, in the first eight weeks, anything less than half. Steps of
10 % that were not found within 13 weeks stayed so near to the tolerance that rounding hid them.
"""


def _table(heads: list[str], rows: list[list[str]]) -> str:
    made = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(made)


def _rate(found: Found) -> str:
    return f"{found.false_alarms:.2f} ({found.false_weeks:.1f})"


def _soon(found: Found) -> str:
    if found.first is None or found.soon is None or found.late is None:
        return ""
    week = f"week {found.median}" if found.median else "not found"
    return f"{found.first:.0%} / {found.soon:.0%} / {found.late:.0%}, {week}"


def _commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"
