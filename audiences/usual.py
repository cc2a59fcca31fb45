"""Which of many values are plainly usual ones, told from all their bytes at once: a look at each costs five times as much. Pure.

Whoever is passed over here may still be usual; whoever is named is, by the patterns of audiences.identity.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from muster.columns import Array

LINE, DOT, AT, HYPHEN, DIGIT, LETTER, PLUS, OTHER = range(8)
KINDS: Final = 16
Pairs = Mapping[int, tuple[int, ...]]
# What may stand behind what. Marks that may be in a name only are looked at more closely.
EMAIL: Final[Pairs] = {
    LINE: (DIGIT, LETTER),
    DOT: (DIGIT, LETTER),
    AT: (DIGIT, LETTER),
    HYPHEN: (HYPHEN, DIGIT, LETTER),
    DIGIT: (DOT, AT, HYPHEN, DIGIT, LETTER),
    LETTER: (LINE, DOT, AT, HYPHEN, DIGIT, LETTER),
}
PHONE: Final[Pairs] = {LINE: (PLUS,), PLUS: (DIGIT,), DIGIT: (DIGIT, LINE)}
ZERO, ONE, TWO = b"012"
NORTH_AMERICAN: Final = len("+12125550123")
SHORTEST, LONGEST = len("+12345678"), len("+123456789012345")


def _kinds(others: Mapping[bytes, int]) -> bytes:
    table = bytearray([OTHER]) * 256
    for characters, kind in {b"\n": LINE, b"0123456789": DIGIT, **others}.items():
        for character in characters:
            table[character] = kind
    return bytes(table)


def _forbidden(pairs: Pairs) -> bytes:
    """Return 0 at the place of each pair of kinds that may stand together, else 1."""
    table = bytearray([1]) * 256
    for first, seconds in pairs.items():
        for second in seconds:
            table[first * KINDS + second] = 0
    return bytes(table)


EMAIL_KINDS: Final = _kinds({b"abcdefghijklmnopqrstuvwxyz": LETTER, b".": DOT, b"@": AT, b"-": HYPHEN})
PHONE_KINDS: Final = _kinds({b"+": PLUS})
EMAIL_FORBIDDEN, PHONE_FORBIDDEN = _forbidden(EMAIL), _forbidden(PHONE)


def usual_emails(lines: bytes, ends: Array) -> Array:
    """Return which of these lines in small letters, ending at `ends`, are plainly addresses, without a space around them."""
    kinds = lines.translate(EMAIL_KINDS)
    usual = _well_formed(kinds, ends, EMAIL_FORBIDDEN)
    kind = np.frombuffer(kinds, np.uint8)
    # The last thing before a line's end that is no letter is the dot before two letters or more, and behind its one @.
    places = np.flatnonzero(kind != LETTER)
    stops = np.flatnonzero(kind[places] == LINE)
    before = np.where(stops > 0, places[stops - 1], -1)
    usual &= (kind[before] == DOT) & (ends - before > 2)
    at = np.flatnonzero(kind == AT)
    if len(at) != len(ends) or (at >= ends).any() or (at < _starts(ends)).any():
        rows = np.searchsorted(ends, at)
        usual &= np.bincount(rows, minlength=len(ends)) == 1
        last = np.zeros(len(ends), np.int64)
        last[rows] = at
        at = last
    return np.asarray(usual & (before > at))


def usual_phones(lines: bytes, ends: Array) -> Array:
    """Return which of these lines, ending at `ends`, are plainly numbers in E.164."""
    usual = _well_formed(lines.translate(PHONE_KINDS), ends, PHONE_FORBIDDEN)
    starts = _starts(ends)
    length = ends - starts
    data = np.frombuffer(lines + bytes(LONGEST), np.uint8)
    first, second, third, fourth = (data[starts + place] for place in range(1, 5))
    american = (first == ONE) & (length == NORTH_AMERICAN) & (second >= TWO) & (data[starts + 5] >= TWO)
    # A zero behind what may be a country code: looked at more closely.
    abroad = (first >= TWO) & (second != ZERO) & (third != ZERO) & (fourth != ZERO)
    return np.asarray(usual & (american | (abroad & (length >= SHORTEST) & (length <= LONGEST))))


def end_in(lines: bytes, ends: Array, text: bytes) -> Array:
    """Return which of these lines, ending at `ends`, end in a text of 8 bytes."""
    data = np.frombuffer(bytes(len(text)) + lines, np.uint8)
    words = np.ndarray((len(data) - len(text) + 1,), "u8", data, strides=(1,))
    return np.asarray(words[ends] == np.frombuffer(text, "u8")[0])


def _starts(ends: Array) -> Array:
    return np.concatenate([[0], ends[:-1] + 1])


def _well_formed(kinds: bytes, ends: Array, forbidden: bytes) -> Array:
    """Return which lines have no two things side by side that may not be."""
    kind = np.frombuffer(kinds, np.uint8)
    pairs = np.empty(len(kind), np.uint8)
    pairs[0] = LINE * KINDS + kind[0]
    np.add(kind[:-1] * np.uint8(KINDS), kind[1:], out=pairs[1:])
    found = np.ones(len(ends), np.bool_)
    faults = np.flatnonzero(np.frombuffer(pairs.tobytes().translate(forbidden), np.bool_))
    found[np.searchsorted(ends, faults)] = False
    return found
