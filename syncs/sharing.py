"""Counts people who share an identifier: who else carries it, and in how many groups they are. Keeps nobody.

The identifiers of millions are sorted in parts; what is too much for memory goes encrypted to a nameless file, as in
syncs/spool.py. Where nothing repeats, that is all.
"""

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muster.columns import Array

from .tokens import ABSENT, Tokens

IN_MEMORY: Final = 4_000_000  # tokens of 8 bytes
AT_ONCE: Final = 1_000_000
WIDTH: Final = 64  # bits


class Repeats:
    """Finds the tokens that come more than once. `expected` is how many will come; more than that would cost memory."""

    def __init__(self, expected: int, folder: Path) -> None:
        self._bits = 0 if expected <= IN_MEMORY else (-(-expected // AT_ONCE) - 1).bit_length()
        self._waiting: list[Tokens] = []
        self._held = 0
        self._places: list[list[tuple[int, int, bytes]]] = [[] for _ in range(1 << self._bits)]
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._written = 0
        self._closing = ExitStack()
        if self._bits:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._file = self._closing.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 (it is closed by _closing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()
        self._closing.close()

    def add(self, tokens: Tokens) -> None:
        """Take some more tokens. One person has none of them twice."""
        self._waiting.append(tokens[tokens != ABSENT])
        self._held += len(self._waiting[-1])
        if self._bits and self._held >= AT_ONCE:
            self._write_out()

    def found(self) -> Tokens:
        """Return, sorted and each once, the tokens that came more than once."""
        if not self._bits:
            return _repeated(self._waiting)
        if self._waiting:
            self._write_out()
        return _joined([_repeated([self._read(*place) for place in places]) for places in self._places])

    def _write_out(self) -> None:
        tokens = np.sort(_joined(self._waiting))
        self._waiting, self._held = [], 0
        numbers = np.arange(1, 1 << self._bits, dtype=np.uint64) << np.uint64(WIDTH - self._bits)
        starts = [0, *np.searchsorted(tokens, numbers).tolist(), len(tokens)]
        for places, start, stop in zip(self._places, starts[:-1], starts[1:], strict=True):
            if stop > start:
                nonce = self._written.to_bytes(12, "little")
                sealed = self._cipher.encrypt(nonce, tokens[start:stop].tobytes(), None)
                places.append((self._written, len(sealed), nonce))
                self._written += self._file.write(sealed)

    def _read(self, place: int, length: int, nonce: bytes) -> Tokens:
        self._file.seek(place)
        found = np.frombuffer(self._cipher.decrypt(nonce, self._file.read(length), None), np.uint64)
        self._file.seek(0, 2)
        return found


def _joined(parts: Iterable[Tokens]) -> Tokens:
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def _repeated(parts: Iterable[Tokens]) -> Tokens:
    values = _joined(parts)
    values.sort()
    return np.unique(values[1:][values[1:] == values[:-1]])


def beyond_first(owners: Array, tokens: Tokens) -> int:
    """Return how many people there are beyond one for each group of people who share identifiers.

    `owners` (numbers of people) and `tokens` are pairs; two people are in one group who share a token, or share one each
    with a third.
    """
    if not len(owners):
        return 0
    people, whose = np.unique(owners, return_inverse=True)
    names, which = np.unique(tokens, return_inverse=True)
    groups = np.arange(len(people))
    while True:
        least = np.full(len(names), len(people))
        np.minimum.at(least, which, groups[whose])
        after = groups.copy()
        np.minimum.at(after, whose, least[which])
        after = after[after]  # whoever is in the group of somebody is in the group that they are in
        if (after == groups).all():
            return len(people) - len(np.unique(groups))
        groups = after
