"""What was read back, and from where."""

from .access import ListAt, ReadAccess
from .attachment import Attachment, UnknownList
from .match_trend import MatchTrend
from .reading import AppendOnly, Reading

__all__ = ["AppendOnly", "Attachment", "ListAt", "MatchTrend", "ReadAccess", "Reading", "UnknownList"]
