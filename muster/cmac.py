"""AES-CMAC (RFC 4493) of many short texts at once: to hash them one by one, each keyed, costs some ten times as much. Pure."""

from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

from .columns import Array

BLOCK: Final = 16
WORDS: Final = BLOCK // 8
PADDING: Final = 0x80
REDUCTION: Final = 0x87


class Cmac:
    """Codes of texts under one key of 32 bytes. For one thread."""

    def __init__(self, key: bytes) -> None:
        # Each block is chained here, so the cipher is only asked for the bare permutation.
        self._aes = Cipher(AES256(key), ECB()).encryptor()
        first = doubled(self._aes.update(bytes(BLOCK)))
        self._whole, self._padded = (np.frombuffer(one, np.uint8) for one in (first, doubled(first)))

    def of(self, ends: Array, data: Array) -> Array:
        """Return the code of each text, n × 16 bytes; the texts are as muster.columns.texts has them."""
        stops = ends.astype(np.int64)
        lengths = np.diff(stops, prepend=np.int64(0))
        blocks = np.maximum(1, -(-lengths // BLOCK))
        counts = np.flatnonzero(np.bincount(blocks)).tolist()
        if len(counts) == 1:
            return self._of_blocks(data, stops - lengths, lengths, counts[0])
        found = np.zeros((len(stops), BLOCK), np.uint8)
        for count in counts:
            places = np.flatnonzero(blocks == count)
            found[places] = self._of_blocks(data, (stops - lengths)[places], lengths[places], count)
        return found

    def _of_blocks(self, data: Array, starts: Array, lengths: Array, count: int) -> Array:
        """Return the codes of texts that take `count` blocks."""
        width = count * BLOCK
        # Behind the last text there is room for a window of this width.
        padded = np.concatenate([data, np.zeros(width, np.uint8)])
        windows = np.ndarray((len(data) + 1,), f"V{width}", padded, strides=(1,))
        kept, added = self._by_length(count)
        rows = windows[starts].view(np.uint64).reshape(len(starts), -1) & kept[lengths] ^ added[lengths]
        state = rows[:, :WORDS]
        for at in range(WORDS, width // 8, WORDS):
            state = self._permuted(state) ^ rows[:, at : at + WORDS]
        return self._permuted(state).view(np.uint8)

    def _by_length(self, count: int) -> tuple[Array, Array]:
        """Return for each length that takes `count` blocks at most which bits of the blocks are the text's, and what is added."""
        width = count * BLOCK
        lengths = np.arange(width + 1)[:, None]
        kept = np.where(np.arange(width) < lengths, 0xFF, 0).astype(np.uint8)
        added = np.where(np.arange(width) == lengths, PADDING, 0).astype(np.uint8)
        added[:-1, -BLOCK:] ^= self._padded
        added[-1, -BLOCK:] ^= self._whole
        return kept.view(np.uint64), added.view(np.uint64)

    def _permuted(self, blocks: Array) -> Array:
        return np.frombuffer(self._aes.update(blocks.tobytes()), np.uint64).reshape(-1, WORDS)


def cmac(key: bytes, text: bytes) -> bytes:
    """Return the code of one text; for one alone this is the quicker way."""
    one = CMAC(AES256(key))
    one.update(text)
    return one.finalize()


def doubled(block: bytes) -> bytes:
    """Return twice a block in the field of 2¹²⁸ elements, as RFC 4493 makes its subkeys."""
    number = int.from_bytes(block) << 1
    return (number & ((1 << 8 * BLOCK) - 1) ^ (REDUCTION if number >> 8 * BLOCK else 0)).to_bytes(BLOCK)
