"""The page about performance: the targets with what was measured, how it was measured, and on what."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bench import machine
from bench.rounds import Bench, Figures
from bench.sizes import FULL, people
from bench.targets import Spread, Target

HOW: Final = """\
## How it is measured

- Repeat with `make bench` (`make bench-quick`: small data, three minutes). Every measurement is a process of its own. What is
  compared is measured in the same round, one after the other, so that a busy machine slows both.
- A target is judged by the median of its rounds. The clock of a sync runs from a complete reading to the end of the run,
  after the last commit of its ledger; everything is on: lease and renewal, consent, an exclusion, guards, encryption, outbox,
  SQLite as a file with WAL, IMMEDIATE and synchronous FULL, four sending threads, HTTP to another process.
- The people are made up and staged by the product's own code from the bytes of an export, but from files: reading ten
  million people through Customer.io's stand-in would take longer than the bench may. Everybody on the list has two
  identifiers. One in a hundred besides refuses, another is excluded; none of them may arrive.
- The sink says `ok` to everything and keeps the bodies as they come. They are read after the clock: the number of events,
  that all message ids differ, and that the people are exactly those due, by the digests of both identifiers, which the
  bench works out without the product. One difference, and the bench ends without a figure.
- The reference is rudder-sdk-python {reference} as it comes (one thread, 100 events a request, gzip), with identifiers
  hashed before the clock and a caller that waits while its queue is full; it would drop events otherwise.
- The physical limit is two processes that only hash, fill a template, compress (isal, level 1) and post through a raw socket.
- A churn of 1 %: half a percent of the list leaves, as many enter. Peak memory is the kernel's figure for the process that
  syncs. P9 compares with a row a member in SQLite, the new people in a temporary table, `NOT IN` and `LEFT JOIN`, without
  encryption and identifiers; ours is the stage that compares plus all ledger commits. P12 leaves out the two queries that
  find out who is signed in; it is the page seen again, when rows that did not change are not drawn anew.
- P13 is email and phone in the forms that the installation's platforms take, here Meta's; below is what it is where every
  platform's are kept: two digests of each, not one.
"""
SMALL: Final = """\
**On small data.** The targets are set for 1 M and 10 M people. What every run costs whatever its size weighs more here, so
a ratio that misses here may be met there, and one that is met here (P4, P5) is not shown for there. `make bench` decides."""
LINES: Final = (
    ("first", "first sync of {small}", "{:,.0f} people/s"),
    ("reference", "rudder-sdk-python", "{:,.0f} events/s"),
    ("limit", "physical limit", "{:,.0f} people/s"),
    ("sink", "the sink, given ready-made bodies", "{:,.0f} events/s"),
    ("slow first", "first sync of {small}, 50 ms a request", "{:,.0f} people/s"),
    ("slow reference", "rudder-sdk-python, 50 ms a request", "{:,.0f} events/s"),
    ("small seconds", "first sync of {small}", "{:.2f} s"),
    ("small requests", "its requests", "{:.0f}"),
    ("bytes an event", "its bytes an event, compressed", "{:.0f}"),
    ("small peak", "its peak memory", "{:.0f} MB"),
    ("large seconds", "first sync of {large}", "{:.1f} s"),
    ("resync seconds", "resync of {large} after 1 % churn", "{:.2f} s"),
    ("resync requests", "its requests", "{:.0f}"),
    ("compare and apply", "its comparison and ledger commits", "{:.2f} s"),
    ("anti-join seconds", "the same as an anti-join in SQL", "{:.1f} s"),
    ("unchanged seconds", "resync of {large} without a change", "{:.2f} s"),
    ("job milliseconds", "a job around its work", "{:.0f} ms"),
    ("every form", "export to staged shards, with the forms of all platforms", "{:,.0f} people/s"),
    ("pull rate", "reading {large} with two consent attributes", "{:,.0f} people/s"),
    ("pull peak", "its peak memory", "{:.0f} MB"),
    ("staged bytes", "its bytes a person on disk", "{:.0f}"),
)


def table(rows: Sequence[Target], found: Mapping[str, Sequence[float]]) -> str:
    """Return the targets as a table in Markdown."""
    lines = ["| # | target | must | aim | median | min – max | met? |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        values = found.get(row.name, ())
        cells = [row.name, row.what, row.limit(row.must), row.limit(row.aim), *measured(row, values)]
        lines.append(f"| {' | '.join([*cells, row.verdict(values)])} |")
    return "\n".join(lines)


def measured(row: Target, values: Sequence[float]) -> tuple[str, str]:
    """Return the median and the range of a target's rounds, as they are written."""
    if not values:
        return "", ""
    spread = Spread.of(values)
    return row.says(spread.middle), f"{row.says(spread.low)} – {row.says(spread.high)}"


def figures(notes: Figures, small: str, large: str) -> str:
    """Return the figures behind the ratios as a table in Markdown."""
    lines = ["| what | median | min – max |", "|---|---|---|"]
    for name, what, form in LINES:
        if not notes.get(name):
            continue
        spread = Spread.of(notes[name])
        low, middle, high = (form.format(value) for value in (spread.low, spread.middle, spread.high))
        lines.append(f"| {what.format(small=small, large=large)} | {middle} | {low} – {high} |")
    return "\n".join(lines)


def document(rows: Sequence[Target], bench: Bench, seconds: float) -> str:
    """Return the page."""
    small, large = people(bench.sizes.small), people(bench.sizes.large)
    command = " ".join(["python -m bench", *sys.argv[1:]])
    parts = [
        "# Performance",
        f"Measured on {datetime.now(UTC):%d %B %Y} at commit {machine.commit()} by `{command}`, which "
        f"writes this page; it took {seconds / 60:.0f} minutes. Rounds: {bench.sizes.small_rounds} of {small}, "
        f"{bench.sizes.large_rounds} of {large}.",
        f"Machine: {machine.line()}. {machine.versions()}. Load before: {bench.load:.1f}, "
        f"at the end: {machine.load():.1f} (processes that want a core; with more than there are, times are too long).",
        *([] if bench.sizes.large >= FULL.large else [SMALL]),
        table(rows, bench.found),
        "## Figures behind the ratios",
        "They are this machine's, and swing by 10 to 40 %; the ratios above are what counts.",
        figures(bench.notes, small, large),
        HOW.format(reference=bench.reference_version).rstrip(),
    ]
    return "\n\n".join(parts) + "\n"
