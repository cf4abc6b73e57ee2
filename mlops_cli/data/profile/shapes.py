"""Pattern shapes of texts: `2024-11-03` is `9-9-9`, `Ana Lima` is `Aa_Aa`. Made from all bytes at once."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_cli.data.profile.hashing import text_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BYTES = 64  # of a text that count
_PIECE = 1 << 18  # texts at a time


def _signs() -> NDArray[np.uint8]:
    """Return the sign of each byte."""
    signs = np.arange(256, dtype=np.uint8)
    for members, sign in (
        (string.ascii_uppercase, "A"), (string.ascii_lowercase, "a"), (string.digits, "9"), (string.whitespace, "_"),
    ):  # fmt: skip
        signs[[ord(char) for char in members]] = ord(sign)
    signs[128:] = ord("a")  # bytes of letters beyond ASCII, for the most part
    return signs


_SIGNS = _signs()


def shapes_of(texts: pa.Array, rows: NDArray[np.int64]) -> dict[str, int]:
    """Return how many rows have each shape.

    Parameters
    ----------
    texts : pyarrow.Array
        The different texts, large_string.
    rows : (d,) int64
        Rows of each.

    Examples
    --------
    >>> shapes_of(pa.array(["A-17", "B-4", "Ana Lima"], type=pa.large_string()), np.array([2, 1, 1]))
    {'A-9': 3, 'Aa_Aa': 1}
    """
    found: dict[str, int] = {}
    for start in range(0, len(texts), _PIECE):
        piece = texts.slice(start, _PIECE)
        encoded = pc.dictionary_encode(_collapsed(piece))
        counts = np.bincount(
            encoded.indices.to_numpy(),
            weights=rows[start : start + _PIECE],
            minlength=len(encoded.dictionary),
        )
        for shape, count in zip(encoded.dictionary.to_pylist(), counts.tolist(), strict=True):
            text = shape.decode("ascii", "replace")
            found[text] = found.get(text, 0) + int(count)
    return found


def _collapsed(texts: pa.Array) -> pa.Array:
    """Return the shape of each text, as bytes."""
    offsets, data = text_buffers(texts)
    lengths = np.minimum(np.diff(offsets), _BYTES)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    # Where each byte that counts lies: its text's beginning, and how far it is from there.
    places = np.repeat(offsets[:-1] - starts, lengths) + np.arange(int(ends[-1]) if len(ends) else 0)
    signs = _SIGNS[data[places]]
    keep = np.ones(len(signs), dtype=np.bool_)
    keep[1:] = signs[1:] != signs[:-1]
    keep[starts[lengths > 0]] = True
    before = np.concatenate([[0], np.cumsum(keep)])
    bounds = np.concatenate([before[starts], [before[-1]]]).astype(np.int64)
    kept = signs[keep]
    return pa.Array.from_buffers(
        pa.large_binary(), len(texts), [None, pa.py_buffer(bounds.tobytes()), pa.py_buffer(kept.tobytes())]
    )
