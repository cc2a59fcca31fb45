"""Unpacks gzip as it arrives: piece by piece, never more at once than asked for, and complete or not at all."""

import zlib
from collections.abc import Iterable, Iterator

GZIP = 31  # zlib's number for a gzip head and its checksum
MAY_FOLLOW = b"\0"  # some writers pad the file


class CannotUnpack(Exception):
    """The bytes are not what their packing promised."""


def unpacked(pieces: Iterable[bytes], packing: str, most: int) -> Iterator[bytes]:
    """Yield the content in parts of at most `most` bytes. `packing` is a Content-Encoding. Raises CannotUnpack."""
    packing = packing.strip().lower()
    if packing in {"", "identity"}:
        yield from pieces
    elif packing in {"gzip", "x-gzip"}:
        yield from _gunzipped(pieces, most)
    else:
        raise CannotUnpack(f"unknown packing {packing[:20]!r}")


def _gunzipped(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP)
    begun = False
    for piece in pieces:
        while piece:
            if unpacker.eof:
                piece = piece.lstrip(MAY_FOLLOW)
                if not piece:
                    break
                unpacker = zlib.decompressobj(GZIP)
            begun = True
            try:
                part = unpacker.decompress(piece, most)
            except zlib.error as error:
                raise CannotUnpack("corrupt gzip") from error
            if part:
                yield part
            piece = unpacker.unused_data or unpacker.unconsumed_tail
    while begun and not unpacker.eof:
        # What is left is either inside the unpacker or never arrived.
        part = unpacker.decompress(b"", most)
        if not part:
            raise CannotUnpack("the gzip data ends early")
        yield part
