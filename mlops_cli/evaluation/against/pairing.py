"""Whether two models answered the same rows, and which row of one is which of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


def pair(
    truth: Sequence[Any] | NDArray[Any],
    base_truth: Sequence[Any] | NDArray[Any],
    keys: Sequence[Any] | NDArray[Any] | None = None,
    base_keys: Sequence[Any] | NDArray[Any] | None = None,
) -> tuple[Rows, Rows]:
    """Return which rows of both belong together: by a key where both have one, else by their order.

    Parameters
    ----------
    truth, base_truth : arrays of shape (n,) and (m,)
        What was true, as values that both sides write alike (names of classes, not codes).
    keys, base_keys : arrays, optional
        One key a row, each once.

    Returns
    -------
    (rows, base_rows)
        Row `rows[i]` of the one is row `base_rows[i]` of the other.

    Raises
    ------
    DataError
        When these are not the same rows: their number, their keys or what is true of them differ. Nothing is compared then.

    Examples
    --------
    >>> pair([0, 1], [1, 0], ["a", "b"], ["b", "a"])[1].tolist()
    [1, 0]
    """
    mine, theirs = np.asarray(truth), np.asarray(base_truth)
    if len(mine) != len(theirs):
        raise DataError(
            f"the two evaluations are of different rows: {len(mine):,} and {len(theirs):,}", hint=_HINT
        )
    if keys is None or base_keys is None:
        rows = base_rows = np.arange(len(mine))
    else:
        rows, base_rows = _joined(np.asarray(keys), np.asarray(base_keys))
    differ = mine[rows] != theirs[base_rows]
    if mine.dtype.kind == "f" and theirs.dtype.kind == "f":
        differ &= ~(np.isnan(mine[rows]) & np.isnan(theirs[base_rows]))
    if differ.any():
        first = int(np.flatnonzero(differ)[0])
        raise DataError(
            f"the two evaluations are of different rows: what is true differs in {int(differ.sum()):,} of {len(mine):,}, "
            f"first in row {first + 1}",
            hint=_HINT,
        )
    return rows, base_rows


_HINT = "Evaluate both models on the same table, in the same order, or give rows a key"


def rows_digest(truth: Sequence[Any] | NDArray[Any], keys: Sequence[Any] | NDArray[Any] | None = None) -> str:
    """Return a digest of what is true of each row, in order, and of the rows' keys: the same for the same rows.

    Examples
    --------
    >>> rows_digest(["a", "b"]) == rows_digest(["a", "b"]), rows_digest(["a", "b"]) == rows_digest(["b", "a"])
    (True, False)
    """
    hasher = blake3(b"mlops rows 1\n")
    for part in (truth, keys):
        values = [] if part is None else np.asarray(part).tolist()
        hasher.update("\x1f".join(map(str, values)).encode("utf-8", "surrogatepass") + b"\x1e")
    return f"b3:{hasher.hexdigest()}"


def _joined(keys: NDArray[Any], base_keys: NDArray[Any]) -> tuple[Rows, Rows]:
    order, base_order = np.argsort(keys, kind="stable"), np.argsort(base_keys, kind="stable")
    for arranged in (keys[order], base_keys[base_order]):
        twice = np.flatnonzero(arranged[1:] == arranged[:-1])
        if len(twice):
            raise DataError(
                f"rows cannot be paired: the key {arranged[twice[0]]} is there more than once", hint=_HINT
            )
    apart = keys[order] != base_keys[base_order]
    if apart.any():
        raise DataError(
            f"the two evaluations are of different rows: the key {keys[order][apart][0]} is in one of them only",
            hint=_HINT,
        )
    back = np.empty(len(keys), np.int64)
    back[order] = base_order
    return np.arange(len(keys)), back
