"""Measures Muster against its targets: `python -m bench`, or `--quick` on small data. What it found: docs/performance.md."""
