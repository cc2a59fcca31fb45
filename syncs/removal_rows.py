"""The rows that remove people, or old identifiers of people who stay, from an ad platform's list: all at once. Pure."""

import numpy as np

from muster.columns import DIGEST, Array

from .payload import AUDIENCELIST, Spec, field_pieces, message_keys, remove_rows
from .row_bytes import Piece, Rows, hexed, laid_out


def removal_rows(spec: Spec, keys: Array, drops: Array, owners: Array, codes: Array, raw: Array) -> Rows:
    """Return the rows of people in order; `drops` is 1 for who stays.

    `owners`, `codes` and `raw` are what is taken, person by person: places in `keys`, identifier codes, SHA-256.
    """
    used = np.unique(codes)
    places = owners * len(used) + np.searchsorted(used, codes)
    if (np.bincount(places, minlength=1) > 1).any():
        return remove_rows(spec, keys, drops.tolist(), _listed(len(keys), owners, codes, raw))
    named = np.zeros(len(keys), np.bool_)
    named[owners] = True
    table = np.zeros((len(keys), len(used)), DIGEST)
    table.reshape(-1)[places] = raw
    columns = {int(code): table[named, place] for place, code in enumerate(used)}
    return _spread(_rows(spec, keys[named], drops[named] == 1, columns), named)


def _rows(spec: Spec, keys: Array, drops: Array, columns: dict[int, Array]) -> Rows:
    """Return a row for each person, of whom something is taken."""
    inside = field_pieces(spec, columns)
    if spec.kind == AUDIENCELIST:
        return laid_out(len(keys), [Piece(b"{"), *inside, Piece(b"},")])
    messages = message_keys(spec, keys, "remove0").copy()
    messages[drops] = message_keys(spec, keys[drops], "drop0")
    return laid_out(
        len(keys),
        [
            Piece(b'{"type":"record","action":"delete","userId":"'),
            Piece(hexed(keys, 16)),
            Piece(b'","messageId":"'),
            Piece(hexed(messages, 16)),
            Piece(b'","channel":"server","context":{},"fields":{'),
            *inside,
            Piece(b"}},"),
        ],
    )


def _spread(rows: Rows, named: Array) -> Rows:
    """Return the rows of those who are named, with nothing for the others."""
    if named.all():
        return rows
    lengths, events = np.zeros(len(named), np.int64), np.zeros(len(named), np.uint32)
    lengths[named] = np.diff(rows.ends, prepend=np.int64(0))
    events[named] = rows.events
    return Rows(rows.data, np.cumsum(lengths), events)


def _listed(people: int, owners: Array, codes: Array, raw: Array) -> list[list[tuple[int, bytes]]]:
    found: list[list[tuple[int, bytes]]] = [[] for _ in range(people)]
    flat = raw.tobytes()
    for place, (person, code) in enumerate(zip(owners.tolist(), codes.tolist(), strict=True)):
        found[person].append((code, flat[32 * place : 32 * place + 32]))
    return found
