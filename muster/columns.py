"""Fixed-width columns in one byte string: how shards of people, plans and ledgers are laid out before they are sealed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

Array = npt.NDArray[Any]
Columns = dict[str, Array]

KEY = np.dtype("S16")
DIGEST = np.dtype("V32")


class Damaged(ValueError):
    """The bytes are not a packed set of columns."""


def pack(columns: Mapping[str, Array]) -> bytes:
    """Return the columns, each one-dimensional, as one byte string: a JSON line of (name, dtype, length), then the data."""
    arrays = {name: np.ascontiguousarray(column) for name, column in columns.items()}
    header = orjson.dumps([[name, array.dtype.str, len(array)] for name, array in arrays.items()])
    return b"".join([header, b"\n", *(array.tobytes() for array in arrays.values())])


def unpack(data: bytes) -> Columns:
    """Return what `pack` was given; arrays are read-only views of `data`. Raises Damaged."""
    end = data.find(b"\n")
    try:
        header = orjson.loads(data[: max(end, 0)])
        columns: Columns = {}
        at = end + 1
        for name, dtype, length in header:
            kind = np.dtype(dtype)
            columns[name] = np.frombuffer(data, dtype=kind, count=length, offset=at)
            at += kind.itemsize * length
    except (ValueError, TypeError) as error:
        raise Damaged("not a packed shard") from error
    if at != len(data):
        raise Damaged("not a packed shard: it is longer than it says")
    return columns


def texts(values: list[bytes]) -> tuple[Array, Array]:
    """Return (end offsets u4, bytes u1) for values of varying length."""
    ends = np.cumsum(np.fromiter((len(value) for value in values), dtype=np.uint32, count=len(values)), dtype=np.uint32)
    return ends, np.frombuffer(b"".join(values), dtype=np.uint8)


def text_list(ends: Array, data: Array) -> list[bytes]:
    """Return the values that `texts` was given."""
    raw = data.tobytes()
    starts = [0, *ends[:-1].tolist()] if len(ends) else []
    return [raw[start:end] for start, end in zip(starts, ends.tolist(), strict=True)]
