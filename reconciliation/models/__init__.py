"""What was read back, and from where."""

from .access import ListAt, ReadAccess
from .attachment import Attachment, UnknownList
from .exposure import Exposure, ExposureTurn
from .feed_week import FeedWeek
from .match_trend import MatchTrend
from .reading import AppendOnly, Reading
from .report import Correction, Delivery, Report, Wish
from .week import Answer, ListWeek

__all__ = [
    "Answer",
    "AppendOnly",
    "Attachment",
    "Correction",
    "Delivery",
    "Exposure",
    "ExposureTurn",
    "FeedWeek",
    "ListAt",
    "ListWeek",
    "MatchTrend",
    "ReadAccess",
    "Reading",
    "Report",
    "UnknownList",
    "Wish",
]
