"""Rows that lie in both tables: found by hash, and held back together, so that nothing is learned of a row from its twin. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.drift.rows import Numbers, Words
from mlops_cli.data.profile.hashing import RowHashes, hash_numbers, hash_texts, salt_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlops_cli.data.drift.rows import Rows
    from mlops_cli.data.profile.hashing import Hashes

_OFTEN = 0.5  # part of the reference's rows that stand in it twice, from which on equal rows say nothing of where they came from
_TIMES, _FEWEST = 2, 10  # how much more than chance brings


def shared_rows(first: Rows, second: Rows, names: Sequence[str]) -> tuple[int, NDArray[np.int64]]:
    """Return how many rows of the second table the first one has, and for each row of both the place of the first one like it.

    A table of few different rows has equal ones by chance: about as many of its rows have a twin in the other table as have one
    in their own. Unless there are at least twice as many, none count as shared, and every row is alone.

    Examples
    --------
    >>> from mlops_cli.data.drift.rows import Rows
    >>> before = Rows(np.arange(40), {"a": Numbers(np.arange(40.0))})
    >>> after = Rows(np.arange(40), {"a": Numbers(np.arange(20.0, 60.0))})
    >>> count, leader = shared_rows(before, after, ["a"])
    >>> count, leader[[0, 40, 59, 60]].tolist()
    (20, [0, 20, 39, 60])
    """
    size = len(first)
    alone = np.arange(size + len(second))
    both = [name for name in names if type(first.columns[name]) is type(second.columns[name])]
    if not both:
        return 0, alone
    one, two = (_hashes(side, both) for side in (first, second))
    _, group, count = np.unique(one, return_inverse=True, return_counts=True)
    twins = int((count[group] > 1).sum())
    found = int(np.isin(two, one).sum())
    if twins > _OFTEN * size or found < _FEWEST + _TIMES * twins * len(second) / size:
        return 0, alone
    _, at, group = np.unique(np.concatenate((one, two)), return_index=True, return_inverse=True)
    return found, at[group]


def _hashes(side: Rows, names: Sequence[str]) -> Hashes:
    hashes = RowHashes(len(side))
    for name in names:
        column, salt = side.columns[name], salt_of(name)
        if isinstance(column, Numbers):
            hashes.add(hash_numbers(column.values, salt))
        elif isinstance(column, Words):
            hashes.add(*_of_words(column, salt))
    return hashes.hashes


def _of_words(column: Words, salt: int) -> tuple[Hashes, NDArray[np.bool_]]:
    import pyarrow as pa

    texts = hash_texts(pa.array(column.texts, pa.large_string()), salt)
    return np.append(texts, np.uint64(0))[column.codes], column.codes < 0
