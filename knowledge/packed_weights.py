"""The packed file of weights that the small model is rebuilt from: its vocabulary and its four-bit matrices."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32  # weights of a Q4_0 block: a half-float scale, then 16 bytes of two four-bit values each
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    types: int
    eps: float


class PackedWeights:
    """A cursor over the packed file: header, vocabulary, directory of tensors, tensors."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 4
        self._tensors: dict[str, tuple[int, int]] = {}
        self._read("I")
        hidden, layers, heads, inner, _, positions, types = (int(self._read("i")) for _ in range(7))
        self.shape = Shape(hidden, layers, heads, inner, positions, types, self._read("f"))
        self._read("i")
        count = int(self._read("i"))
        self.bos, self.eos, self.pad, self.unknown = (int(self._read("i")) for _ in range(4))
        size = int(self._read("Q"))
        offsets, self.scores = self._array("<u4", count + 1), self._array("<f4", count)
        text = data[self._at : self._at + size]
        self.pieces = [text[offsets[i] : offsets[i + 1]].decode("utf8", "replace") for i in range(count)]
        self._at += size
        self._read("i")
        skipped = int(self._read("I"))  # read first: it moves the cursor
        self._at += skipped  # the table of the normaliser: NFKC is rebuilt instead
        self._directory()

    def _read(self, kind: str) -> Any:
        (value,) = struct.unpack_from("<" + kind, self._data, self._at)
        self._at += struct.calcsize("<" + kind)
        return value

    def _array(self, dtype: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self._data, dtype, count, self._at)
        self._at += found.nbytes
        return found

    def _directory(self) -> None:
        for _ in range(self._read("i")):
            size = int(self._read("H"))
            name = self._data[self._at : self._at + size].decode()
            self._at += size + 1  # a byte of type, which the name implies
            count, offset, _ = self._read("I"), self._read("Q"), self._read("Q")
            self._tensors[name] = (count, offset)

    def packed(self, name: str, columns: int) -> Floats:
        """A matrix of four-bit weights, as many rows as it has."""
        count, offset = self._tensors[name]
        rows = count // columns
        blocks = np.frombuffer(self._data, np.uint8, rows * (columns // BLOCK) * 18, offset).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        low = (blocks[:, 2:] & 15).astype(np.float32) - 8
        high = (blocks[:, 2:] >> 4).astype(np.float32) - 8
        return (np.concatenate([low, high], 1) * scale).reshape(rows, columns)

    def plain(self, name: str, columns: int = 0) -> Floats:
        """A vector of whole weights, or a matrix of so many columns."""
        count, offset = self._tensors[name]
        found = np.frombuffer(self._data, "<f4", count, offset).astype(np.float32)
        return found.reshape(-1, columns) if columns else found
