"""Log lines as JSON, one line each, without personal data."""

import json
import logging
from datetime import UTC, datetime

from .redaction import message_of, redact, storable


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: at, level, logger, message, and where there is one the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
        }
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return storable(json.dumps(line, ensure_ascii=False))
