"""Keeps apart by number what is too much for memory: parts go encrypted to a nameless file.

The file's key exists in this process only, and the file vanishes with it.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Buckets:
    """Parts, bytes each, in buckets numbered from 0 to `count`. `folder` is made where it is not there."""

    def __init__(self, count: int, folder: Path) -> None:
        self._places: list[list[tuple[int, int, bytes]]] = [[] for _ in range(count)]
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._written = 0
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (it is closed by __exit__)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def put(self, bucket: int, part: bytes) -> None:
        """Add a part to a bucket."""
        nonce = self._written.to_bytes(12, "little")
        sealed = self._cipher.encrypt(nonce, part, None)
        self._places[bucket].append((self._written, len(sealed), nonce))
        self.file.seek(self._written)
        self._written += self.file.write(sealed)

    def parts(self, bucket: int) -> Iterator[bytes]:
        """Yield the parts of a bucket in the order in which they came."""
        for place, length, nonce in self._places[bucket]:
            self.file.seek(place)
            yield self._cipher.decrypt(nonce, self.file.read(length), None)
