"""Exports of people: a job on a snapshot of the moment it was asked for, a CSV file, a link that expires."""

from __future__ import annotations

import csv
import hmac
import json
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sandbox.filters import Selection
from sandbox.population import People
from sandbox.segments import Segments
from sandbox.store import Snapshot, Store

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS exports (id INTEGER PRIMARY KEY, filters TEXT NOT NULL, columns TEXT NOT NULL, created REAL NOT NULL,
    due REAL NOT NULL, rendered INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    downloads INTEGER NOT NULL DEFAULT 0, description TEXT NOT NULL, updated REAL NOT NULL);
"""
LINK_LIFE: Final = 15 * 60
PIECE: Final = 1 << 18


class Exports:
    """The export jobs of one workspace."""

    def __init__(self, store: Store, folder: Path, speed: float) -> None:
        self.store, self.folder, self.speed = store, folder, speed
        self.secret = sha256(str(folder).encode()).digest()
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, filters: dict[str, Any], columns: list[str], seconds: float, now: float) -> int:
        """Begin a job that is done after `seconds` (of the sandbox's clock) at the earliest. Raises BadFilter."""
        snapshot = self.store.snapshot()
        selection = Selection(filters, People(snapshot), Segments(snapshot, self.speed, now))
        header = list(dict.fromkeys(["id", *columns]))
        number = self.store.execute(
            "INSERT INTO exports (filters, columns, created, due, description, updated) VALUES (?, ?, ?, ?, ?, ?)",
            (json.dumps(filters), json.dumps(header), now, now + seconds / self.speed, "", now),
        )
        threading.Thread(target=self._render, args=(number, selection, header, snapshot), daemon=True).start()
        return number

    def _render(self, number: int, selection: Selection, header: list[str], snapshot: Snapshot) -> None:
        total = 0
        rows = selection.people_from()
        with self.path(number).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            while chunk := [[person.get(name, "") for name in header] for _, person in islice(rows, 5000)]:
                writer.writerows(chunk)
                total += len(chunk)
        snapshot.close()
        self.store.execute(
            "UPDATE exports SET rendered = 1, total = ?, updated = ? WHERE id = ?", (total, time.time(), number)
        )

    def path(self, number: int) -> Path:
        """Where the job's file lies."""
        return self.folder / f"{number}.csv"

    def shown(self, number: int, now: float, faults: dict[str, Any]) -> dict[str, Any] | None:
        """A job as the App API shows it, or None."""
        row = self.store.row("SELECT * FROM exports WHERE id = ?", (number,))
        if row is None:
            return None
        if "export_failed" in faults:
            self.store.execute("UPDATE exports SET failed = 1 WHERE id = ?", (number,))
        failed = bool(row["failed"]) or "export_failed" in faults
        done = bool(row["rendered"]) and now >= row["due"] and "never_finish" not in faults and not failed
        total = row["total"] + (int(faults["wrong_total"].get("by", 1)) if "wrong_total" in faults else 0)
        return {
            "id": number,
            "deduplicate_id": f"{number}:{int(row['updated'])}",
            "type": "customers",
            "status": "failed" if failed else "done" if done else "pending",
            "failed": failed,
            "total": total if done else 0,
            "downloads": row["downloads"],
            "description": row["description"],
            "user_id": 7,
            "user_email": "staff@shop.example",
            "created_at": int(row["created"]),
            "updated_at": int(row["updated"]),
        }

    def all(self, now: float) -> list[dict[str, Any]]:
        """Every job."""
        numbers = [row[0] for row in self.store.rows("SELECT id FROM exports ORDER BY id")]
        return [shown for number in numbers if (shown := self.shown(number, now, {}))]

    def link(self, number: int, now: float) -> str:
        """A signed path that lives fifteen minutes; asking counts as a download."""
        self.store.execute("UPDATE exports SET downloads = downloads + 1 WHERE id = ?", (number,))
        expires = f"{now + LINK_LIFE / self.speed:.3f}"
        return f"/exports-store/{number}.csv?Expires={expires}&Signature={self._sign(number, expires)}"

    def honours(self, number: int, query: dict[str, str], now: float) -> bool:
        """Whether a link is ours and still alive."""
        expires = query.get("Expires", "0")
        if not hmac.compare_digest(self._sign(number, expires), query.get("Signature", "")):
            return False
        return now <= float(expires) and self.path(number).exists()

    def _sign(self, number: int, expires: str) -> str:
        return hmac.new(self.secret, f"{number}:{expires}".encode(), sha256).hexdigest()

    def content(self, number: int, without: str = "") -> tuple[int | None, Iterator[bytes]]:
        """The file's length (None when it is rewritten on the way) and its bytes; `without` leaves a column out."""
        if without:
            return None, self._without(number, without)
        return self.path(number).stat().st_size, self._pieces(number)

    def _pieces(self, number: int) -> Iterator[bytes]:
        with self.path(number).open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def _without(self, number: int, column: str) -> Iterator[bytes]:
        with self.path(number).open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            header = next(rows)
            kept = [index for index, name in enumerate(header) if name != column]
            for row in [header], rows:
                for cells in row:
                    yield _line([cells[index] for index in kept])

    def clear(self) -> None:
        """Forget every job and its file."""
        self.store.clear(["exports"])
        for path in self.folder.glob("*.csv"):
            path.unlink(missing_ok=True)


def _line(cells: list[str]) -> bytes:
    return (
        ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if set(cell) & set(',"\n') else cell for cell in cells)
        + "\n"
    ).encode()
