"""How large the database is and how fast it answers, asked of the database itself."""

import time
from dataclasses import dataclass

from django.db import connection

SQL = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


@dataclass(frozen=True)
class Answer:
    """`size` in bytes, `seconds` until the answer was there."""

    size: int
    seconds: float

    @property
    def speed(self) -> str:
        """Return how fast it answered, as a page says it."""
        return f"{max(1, round(self.seconds * 1000))} ms"


def answer() -> Answer:
    """Ask for the size. One query."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(SQL[connection.vendor])
        (size,) = cursor.fetchone()
    return Answer(int(size), time.monotonic() - began)
