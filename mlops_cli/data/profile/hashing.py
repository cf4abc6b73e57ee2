"""64-bit hashes of values and rows, the same on every machine and in every version.

A profile that was made today is compared with one made in three years, so no library's hash will do. The mixing is that of
SplitMix64 (Steele, Lea and Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from blake3 import blake3

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_BLOCK = 1 << 15  # values mixed at a time, so that all of it stays in the cache
_LANE = 8  # bytes of a text that are mixed at a time
_LONG = 1024  # bytes; longer texts are hashed one by one
_MISSING = np.uint64(0x6D697373696E6721)


def salt_of(column: str) -> int:
    """Return the number that hashes of a column's values are salted with: one value has other hashes in other columns."""
    return int.from_bytes(blake3(column.encode(errors="surrogatepass")).digest()[:8], "little")


def hash_words(words: NDArray[np.uint64], salt: int) -> Hashes:
    """Return hashes of 64-bit words.

    Examples
    --------
    >>> [f"{value:016x}" for value in hash_words(np.array([0, 1], dtype=np.uint64), 0).tolist()]
    ['e220a8397b1dcdaf', '910a2dec89025cc1']
    """
    out = np.empty(len(words), dtype=np.uint64)
    key = np.uint64(salt)
    for start in range(0, len(words), _BLOCK):
        _mix(np.bitwise_xor(words[start : start + _BLOCK], key, out=out[start : start + _BLOCK]))
    return out


def _mix(z: Hashes) -> Hashes:
    """Mix words in place."""
    z += _STEP
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        z ^= z >> np.uint64(shift)
        z *= factor
    z ^= z >> np.uint64(31)
    return z


def hash_numbers(values: NDArray[np.float64], salt: int) -> Hashes:
    """Return hashes of numbers by value: 0 and -0 have one, and so have all NaN."""
    plain = values + 0.0  # -0.0 becomes 0.0
    words = plain.view(np.uint64)
    words[np.isnan(plain)] = _MISSING
    return hash_words(words, salt)


def hash_integers(values: NDArray[np.int64], salt: int) -> Hashes:
    """Return hashes of whole numbers, also beyond 2**53, and of times."""
    return hash_words(np.ascontiguousarray(values).view(np.uint64), salt)


def hash_texts(texts: pa.Array, salt: int) -> Hashes:
    """Return hashes of texts by their UTF-8 bytes.

    Parameters
    ----------
    texts : pyarrow.Array
        Of type large_string, without nulls.
    """
    offsets, data = text_buffers(texts)
    starts, lengths = offsets[:-1], np.diff(offsets)
    hashes = hash_words(lengths.astype(np.uint64), salt)
    for i in np.flatnonzero(lengths > _LONG):
        piece = data[starts[i] : starts[i] + lengths[i]].tobytes()
        hashes[i] = np.uint64(int.from_bytes(blake3(piece).digest()[:8], "little") ^ salt)
    active = np.flatnonzero((lengths > 0) & (lengths <= _LONG))
    padded = np.concatenate([data, np.zeros(_LANE, dtype=np.uint8)])
    words = np.ndarray(shape=(len(data) + 1,), dtype="<u8", buffer=padded.data, strides=(1,))
    for done in range(0, _LONG, _LANE):
        active = active[lengths[active] > done]
        if not len(active):
            break
        left = np.minimum(lengths[active] - done, _LANE).astype(np.uint64)
        lane = words[starts[active] + done] & (~np.uint64(0) >> (np.uint64(64) - np.uint64(8) * left))
        hashes[active] = _mix(hashes[active] ^ lane)
    return hashes


def text_buffers(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each text of a large_string array begins and ends, and the bytes of all."""
    _, offsets, data = texts.buffers()
    where = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    first, last = (int(where[0]), int(where[-1])) if len(where) else (0, 0)
    content = np.frombuffer(data, dtype=np.uint8)[first:last] if data is not None else np.empty(0, np.uint8)
    return where - first, content


class RowHashes:
    """The hashes of a table's rows, one column at a time. They do not depend on the order of columns.

    Attributes
    ----------
    hashes : (n,) uint64
        Complete when every column was added.
    """

    def __init__(self, rows: int) -> None:
        self.hashes: Hashes = np.zeros(rows, dtype=np.uint64)

    def add(self, hashes: Hashes, missing: NDArray[np.bool_] | None = None) -> None:
        """Add the (salted) hashes of a column's values.

        Parameters
        ----------
        missing : (n,) bool, optional
            Rows without a value.
        """
        # Mixed again: the sum of what a linear step made could cancel out.
        for start in range(0, len(hashes), _BLOCK):
            piece = slice(start, start + _BLOCK)
            block = hashes[piece].copy()
            if missing is not None:
                block[missing[piece]] = _MISSING
            self.hashes[piece] += _mix(block)
