"""Every line of a chart has a look: one without is black on black in the dark, and not drawn at all in the light."""

import re

from django.conf import settings

from reconciliation import coverage_chart, match_chart
from reconciliation.feed_chart import feed_chart
from syncs.event_figures import Counted
from tests.reconciliation.list_weeks import MONDAY, WEEK

CSS = (settings.BASE_DIR / "static" / "css" / "charts.css").read_text()


def test_every_line_label_and_dot_has_a_look() -> None:
    made = feed_chart({MONDAY: Counted(received=3, forwarded=2, rejected=1)}, MONDAY + WEEK)
    assert made is not None
    drawn = set(re.findall(r"\bs\d\b", repr(made.drawn)))
    looks = drawn | set(coverage_chart.LOOKS.values()) | set(match_chart.LOOKS.values())

    assert drawn == {"s1", "s2", "s3"}
    for part in ("line", "dot", "label"):
        assert {look for look in looks if f".chart .{look}.{part}" not in CSS} == set(), part
