"""What a weekly report says of journey events: received, forwarded, landed of the week, and which feeds need somebody."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from audiences.models import Feed
from muster.figures import number, share

from .feed_rows import weeks_of_mondays
from .feed_weeks import FeedWeekTold
from .weekly_inputs import WEEK, FeedLine

QUIET: Final = 20  # a week, from which none at all is worth a word


def feeds(monday: date, at: datetime) -> tuple[FeedLine, ...]:
    """Return the feeds that were live by the end of a week, as known at `at`. Four queries, one without feeds."""
    found = list(Feed.objects.filter(live_at__lte=at).exclude(state=Feed.State.RETIRED).select_related("owner"))
    if not found:
        return ()
    weeks = weeks_of_mondays(found, [monday - WEEK, monday])
    lines = [_line(one, weeks[one.pk]) for one in found]
    return tuple(sorted(lines, key=lambda one: (not one.why, one.event)))


def _line(feed: Feed, weeks: Sequence[FeedWeekTold]) -> FeedLine:
    before, week = weeks
    landed = [one.ids for one in week.landings if one.ids is not None]
    return FeedLine(
        event=feed.name,
        slug=feed.slug,
        owner=feed.owner.full_name,
        received=week.received,
        forwarded=week.forwarded,
        rejected=week.rejected,
        landed=min(landed) if landed else None,
        why=" ".join(_reasons(feed, before, week)),
    )


def _reasons(feed: Feed, before: FeedWeekTold, week: FeedWeekTold) -> list[str]:
    found = []
    if feed.stopped_words:
        found.append(f"Stopped by itself: {feed.stopped_words}")
    elif feed.state == Feed.State.PAUSED:
        found.append("Paused.")
    if not week.received and before.received >= QUIET:
        found.append(f"Nothing arrived; {number(before.received)} the week before.")
    if week.received and 100 * week.rejected / week.received > feed.rejects_expected:
        usual = f"up to {feed.rejects_expected:g}%" if feed.rejects_expected else "none"
        found.append(f"{number(week.rejected)} rejected, {share(week.rejected, week.received)}; usual is {usual}.")
    for one in (before, week):
        found += [f"{one.name}: {told}" for landing in one.landings if (told := one.trouble(landing))]
    return found
