"""What was read back, and from where."""

from .access import ListAt, ReadAccess
from .attachment import Attachment, UnknownList
from .reading import AppendOnly, Reading

__all__ = ["AppendOnly", "Attachment", "ListAt", "ReadAccess", "Reading", "UnknownList"]
