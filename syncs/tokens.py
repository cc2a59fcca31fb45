"""Small stand-ins for identifiers, for comparing millions of them in numpy: 64 bits of a SHA-256, told apart by field. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from muster.columns import DIGEST

Tokens = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]

FIELD_CODES: Mapping[str, int] = {"email": 1, "phone": 2, "external_id": 3}
ABSENT = np.uint64(0)
TAIL = np.dtype("V24")
ODD = np.uint64(0x9E3779B97F4A7C15)
LAST = np.uint64((1 << 64) - 1)
SHIFT, FIRST_FACTOR, SECOND_FACTOR = np.uint64(33), np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


def words(digests: Array) -> Tokens:
    """Return the first 8 bytes of each 32-byte digest as a number; 0 where the identifier is absent (32 zero bytes)."""
    if not len(digests):
        return np.zeros(0, np.uint64)
    return np.ascontiguousarray(digests).view(np.uint64).reshape(-1, 4)[:, 0].copy()


def tokens(digests: Array, code: int) -> Tokens:
    """Return a token for each digest of one field; 0 where absent. Equal digests of one field have equal tokens."""
    first = words(digests)
    return np.where(first == ABSENT, ABSENT, first ^ salt(code))


def tails(digests: Array) -> Array:
    """Return of each 32-byte digest what its token does not tell."""
    return (
        np.ascontiguousarray(np.ascontiguousarray(digests).view(np.uint64).reshape(-1, 4)[:, 1:]).view(TAIL).reshape(-1)
    )


def digests(tokens: Tokens, tails: Array, code: int) -> Array:
    """Return the digests of one field that have these tokens and tails."""
    found = np.empty((len(tokens), 4), np.uint64)
    found[:, 0] = np.where(tokens == ABSENT, ABSENT, tokens ^ salt(code))
    found[:, 1:] = np.ascontiguousarray(tails).view(np.uint64).reshape(-1, 3)
    return found.view(DIGEST).reshape(-1)


def salt(code: int) -> np.uint64:
    """Return what tells a field's tokens from another's."""
    return np.uint64(code * int(ODD) % (1 << 64))


def mixed(values: Tokens) -> Tokens:
    """Return the numbers with their bits spread over all 64 (the finaliser of MurmurHash3)."""
    spread = (values ^ (values >> SHIFT)) * FIRST_FACTOR
    spread = (spread ^ (spread >> SHIFT)) * SECOND_FACTOR
    return spread ^ (spread >> SHIFT)


def digest_of(columns: list[Tokens], secret: int, version: int, length: int) -> Tokens:
    """Return 8 keyed bytes for each member over every token that would be sent and the payload's version."""
    found = np.full(length, np.uint64(secret) ^ np.uint64(version), np.uint64)
    for column in columns:
        found = mixed(found * ODD + column)
    return found


class TokenSet:
    """Distinct tokens, to be asked again and again whether they hold others; the absent one never is in."""

    def __init__(self, values: Tokens) -> None:
        self.values: Tokens = distinct(values[values != ABSENT])
        bits = len(self.values).bit_length()
        # A table of first bits, small enough to stay near the processor, answers for most who are not in: it is at most a
        # thirty-second full. For the rest another one tells where to begin: a search would miss the cache at every step.
        self._shift, self._place_shift = np.uint64(64 - bits - 5), np.uint64(64 - bits)
        first_bits = signed(self.values >> self._shift)
        self._first_bits = np.zeros(4 << bits, np.uint8)
        np.bitwise_or.at(self._first_bits, first_bits >> 3, np.uint8(1) << (first_bits & 7).astype(np.uint8))
        self._places = np.zeros((1 << bits) + 1, np.int32)
        np.cumsum(np.bincount(first_bits >> 5, minlength=1 << bits), out=self._places[1:])
        self._ended = np.append(self.values, LAST)

    @classmethod
    def of(cls, parts: Sequence[Tokens]) -> "TokenSet":
        """Make from the tokens of all parts."""
        return cls(np.concatenate(parts) if parts else np.zeros(0, np.uint64))

    def __len__(self) -> int:
        return len(self.values)

    def holds(self, tokens: Tokens) -> Flags:
        """Return which of the tokens are in."""
        if not len(self.values) or not len(tokens):
            return np.zeros(len(tokens), np.bool_)
        bits = signed(tokens >> self._shift)
        found: Flags = (self._first_bits[bits >> 3] >> (bits & 7).astype(np.uint8) & 1).view(np.bool_)
        some = np.flatnonzero(found)
        found[some] = self._has(tokens[some])
        return found

    def _has(self, tokens: Tokens) -> Flags:
        """Return which of a few tokens are in."""
        places = self._places[signed(tokens >> self._place_shift)]
        there = self._ended[places]
        behind = np.flatnonzero(there < tokens)
        while len(behind):
            places[behind] += 1
            there[behind] = self._ended[places[behind]]
            behind = behind[there[behind] < tokens[behind]]
        return np.asarray((there == tokens) & (places < len(self.values)))


def signed(values: Tokens) -> Array:
    """Return numbers below 2^63 as indices."""
    return np.asarray(values.view(np.int64))


def distinct(values: Tokens) -> Tokens:
    """Return the numbers sorted, each once; of hundreds of thousands in a fiftieth of the time that np.unique takes."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def keys_among(keys: Array, sorted_keys: Array) -> Flags:
    """Return which 16-byte keys are in a sorted array of keys."""
    return located(keys, sorted_keys)[1]


def located(keys: Array, sorted_keys: Array) -> tuple[Array, Flags]:
    """Return where each 16-byte key is in a sorted array of keys, and whether it is there; its place is 0 if not."""
    if not len(sorted_keys) or not len(keys):
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    places = np.minimum(places_of(keys, sorted_keys), len(sorted_keys) - 1)
    found = np.asarray(sorted_keys[places] == keys)
    places[~found] = 0
    return places, found


def places_of(keys: Array, sorted_keys: Array) -> Array:
    """Return where each 16-byte key is in a sorted array of keys that holds it; for one it does not hold, any place."""
    firsts = halves(sorted_keys)
    if (firsts[1:] == firsts[:-1]).any():
        return np.asarray(np.searchsorted(sorted_keys, keys))
    # Numbers are compared in half the time of texts, and first halves alike are rarer than anything.
    return np.asarray(np.searchsorted(firsts, halves(keys)))


def halves(keys: Array) -> Tokens:
    """Return the first 8 bytes of each 16-byte key as a number of the same order."""
    return np.ascontiguousarray(keys).view(">u8").reshape(-1, 2)[:, 0].astype(np.uint64)
