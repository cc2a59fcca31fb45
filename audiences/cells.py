"""Columns of an export as bytes side by side: to make a Python text of each value costs more than to hash it. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, overload

import numpy as np

from muster.columns import Array

COMMA, NEWLINE = np.uint8(ord(",")), np.uint8(ord("\n"))
MARK: Final = b"\n"
WINDOW: Final = 64


class Cells(Sequence[str]):
    """Texts none of which holds a newline. `lines` has each as UTF-8 with a newline behind it, `ends` where those stand."""

    def __init__(self, lines: bytes, ends: Array) -> None:
        self.lines: Final = lines
        self.ends: Final = ends

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return list(self)[place]
        return self.encoded[place].decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines.decode().split("\n")[:-1])

    @cached_property
    def encoded(self) -> list[bytes]:
        """Return each text as UTF-8."""
        return self.lines.split(MARK)[:-1]

    @property
    def texts(self) -> tuple[Array, Array]:
        """Return the texts as muster.columns.texts does."""
        ends = self.ends - np.arange(len(self.ends))
        return ends.astype(np.uint32), np.frombuffer(self.lines.replace(MARK, b""), np.uint8)


def plain(block: bytes, width: int, places: Iterable[int]) -> list[Cells]:
    """Return the columns at these places of whole lines without quotes; nothing where a line has more or fewer than `width`."""
    # Behind the last line there is room for a window as wide as any.
    data = np.frombuffer(block + (b"" if block.endswith(MARK) else MARK) + bytes(WINDOW), np.uint8)
    newlines = data == NEWLINE
    marks = np.flatnonzero(newlines | (data == COMMA))
    ends = newlines[marks]
    # A line's end is the end of a cell. If all ends stand in the last column, and nowhere else, each line is whole.
    if len(marks) % width or not ends[width - 1 :: width].all() or np.count_nonzero(ends) * width != len(marks):
        return []
    starts = np.concatenate([[0], marks[:-1] + 1])
    return [_column(data, starts[place::width], marks[place::width]) for place in places]


def _column(data: Array, starts: Array, ends: Array) -> Cells:
    lengths = ends - starts + 1
    stops = np.cumsum(lengths)
    widest = int(lengths.max())
    if widest <= WINDOW:
        # To take a few bytes too many of each, and leave them out, is quicker than to point at every byte.
        windows = np.ndarray((len(data) - widest + 1,), f"V{widest}", data, strides=(1,))
        cells = windows[starts].view(np.uint8)
        if lengths.min() < widest:
            cells = cells.reshape(-1, widest)[np.arange(widest) < lengths[:, None]]
    else:
        cells = data[np.repeat(starts - stops + lengths, lengths) + np.arange(stops[-1])]
    cells[stops - 1] = NEWLINE
    return Cells(cells.tobytes(), stops - 1)
