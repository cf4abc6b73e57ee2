"""Counting texts: of a limited choice, and free. All is done once a different text, and weighted by its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_cli.data.profile.hashing import hash_texts, salt_of
from mlops_cli.data.profile.model import (
    FEWEST,
    KEYS,
    SHAPES,
    CategoricalProfile,
    Others,
    Outside,
    TextProfile,
)
from mlops_cli.data.profile.shapes import shapes_of
from mlops_cli.statistics.distinct import Distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

KEY_BYTES = 2000  # of all keys of a column
_KEY_COST = 4  # bytes of quotes and comma
_ALL = 1 << 64
_MARKS = 64  # of the baseline's other values
_MARK = np.uint64(0xFFFF)
_TOP = np.uint64(32)
_UNSEEN = 20  # values that the baseline did not have, named right after building
_ID = 0.5  # distinct values by rows, from which on values tell of single rows


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts, with each different text once.

    Attributes
    ----------
    texts : pyarrow.Array
        The different texts (large_string), each with at least one row.
    rows : (d,) int64
        Rows of each.
    hashes : (d,) uint64
        Salted with the column's name.
    codes : (n,) int64
        Of each row the place of its text, -1 where it is missing.
    """

    texts: pa.Array
    rows: Counts
    hashes: Hashes
    codes: Counts

    @property
    def n(self) -> int:
        """Rows with a text."""
        return int(self.rows.sum())

    @property
    def missing(self) -> int:
        """Rows without."""
        return len(self.codes) - self.n


def take_texts(name: str, column: pa.DictionaryArray) -> Texts:
    """Return a dictionary-encoded column with what no row has left out."""
    texts = pc.cast(column.dictionary, pa.large_string())
    indices = column.indices
    codes = indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.bincount(codes[codes >= 0], minlength=len(texts))
    used = np.flatnonzero(rows)
    if len(used) < len(rows):
        places = np.full(len(rows) + 1, -1, dtype=np.int64)  # the last one is that of -1
        places[used] = np.arange(len(used))
        codes, rows, texts = places[codes], rows[used], texts.take(pa.array(used))
    return Texts(texts, rows, hash_texts(texts, salt_of(name)), codes)


def categorical_profile(blank: CategoricalProfile, column: Texts, *, fresh: bool) -> CategoricalProfile:
    """Return the profile of a column of texts of a limited choice.

    Parameters
    ----------
    blank : CategoricalProfile
        Name, storage, privacy and layout, without counts.
    fresh : bool
        Make a layout from these values.
    """
    layout = _layout(blank, column) if fresh and not blank.private else blank
    counted = replace(layout, n=column.n, missing=column.missing, **_common(column))
    if blank.private:
        return replace(counted, outside=Outside(rows=column.n))
    keys = pa.array(layout.values, type=pa.large_string())
    places = pc.index_in(keys, value_set=column.texts).fill_null(-1).to_numpy(zero_copy_only=False)
    counts = np.where(places >= 0, column.rows[places] if len(column.rows) else 0, 0)
    beyond = np.ones(len(column.rows), dtype=np.bool_)
    beyond[places[places >= 0]] = False
    outside, unseen = _outside(layout, column, np.flatnonzero(beyond))
    return replace(
        counted,
        counts=tuple(int(count) for count in counts),
        outside=outside,
        unseen=() if fresh else unseen,
        distinct=Distinct.of_hashes(column.hashes),
        different=len(column.rows),
    )


def _common(column: Texts) -> dict[str, Any]:
    """Return what is counted of all texts."""
    lengths = _lengths(column)
    blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column.texts)), 0).to_numpy(zero_copy_only=False)
    return {
        "empty": int(column.rows[lengths == 0].sum()),
        "blank": int(column.rows[blank & (lengths > 0)].sum()),
        "shortest": int(lengths.min()) if len(lengths) else None,
        "longest": int(lengths.max()) if len(lengths) else None,
    }


def _lengths(column: Texts) -> Counts:
    return cast("Counts", pc.utf8_length(column.texts).to_numpy(zero_copy_only=False).astype(np.int64))


def _layout(blank: CategoricalProfile, column: Texts) -> CategoricalProfile:
    """Return a profile with the most frequent values as keys, and marks of the others."""
    keys: list[int] = []
    if len(column.rows) <= _ID * column.n:
        keys = _keys(column)
    rest = np.ones(len(column.rows), dtype=np.bool_)
    rest[keys] = False
    hashes = np.sort(column.hashes[rest])
    below = int(hashes[_MARKS]) if len(hashes) > _MARKS else _ALL
    marks = np.unique(hashes[:_MARKS] & _MARK)
    values = tuple(column.texts.take(pa.array(keys, type=pa.int64())).to_pylist())
    return replace(blank, values=values, counts=(0,) * len(keys), others=Others(below, tuple(marks.tolist())))


def _keys(column: Texts) -> list[int]:
    """Return the places of the values that become keys, most rows first, ties by value."""
    frequent = np.flatnonzero(column.rows >= FEWEST)
    if len(frequent) > KEYS:
        least = np.partition(column.rows[frequent], -KEYS)[-KEYS]
        frequent = frequent[column.rows[frequent] >= least]
    texts = column.texts.take(pa.array(frequent)).to_pylist()
    ranked = sorted(zip((-column.rows[frequent]).tolist(), texts, frequent.tolist(), strict=True))
    keys, left = [], KEY_BYTES
    for _, text, place in ranked[:KEYS]:
        left -= len(text.encode()) + _KEY_COST
        if left < 0:
            break
        keys.append(place)
    return keys


def _outside(
    layout: CategoricalProfile, column: Texts, places: Counts
) -> tuple[Outside, tuple[tuple[str, int], ...]]:
    """Return what is told of the values that are no keys, and the names of those that the baseline did not have."""
    hashes, rows = column.hashes[places], column.rows[places]
    below = layout.others.below
    tested = np.ones(len(hashes), dtype=np.bool_) if below >= _ALL else hashes < np.uint64(below)
    marks = np.array(layout.others.marks, dtype=np.uint64)
    unseen = tested & ~np.isin(hashes & _MARK, marks)
    outside = Outside(
        rows=int(rows.sum()),
        tested=int(rows[tested].sum()),
        unseen=int(rows[unseen].sum()),
        kept=_smallest(hashes >> _TOP, rows, Outside.MOST),
    )
    return outside, _named(column, places[unseen])


def _smallest(hashes: Hashes, rows: Counts, most: int) -> tuple[tuple[int, int], ...]:
    """Return the smallest hashes, each with its rows; values of one hash count as one."""
    if len(hashes) > 4 * most:
        # Rows of one hash stay together: everything up to a hash is taken.
        limit = np.partition(hashes, 2 * most)[2 * most]
        near = hashes <= limit
        hashes, rows = hashes[near], rows[near]
    unique, inverse = np.unique(hashes, return_inverse=True)
    totals = np.zeros(len(unique), dtype=np.int64)
    np.add.at(totals, inverse, rows)
    return tuple(zip(unique[:most].tolist(), totals[:most].tolist(), strict=True))


def _named(column: Texts, places: Counts) -> tuple[tuple[str, int], ...]:
    order = np.argsort(-column.rows[places], kind="stable")[:_UNSEEN]
    chosen = places[order]
    return tuple(
        zip(column.texts.take(pa.array(chosen)).to_pylist(), column.rows[chosen].tolist(), strict=True)
    )


# Free text ----------------------------------------------------------------------------------------------------------


def text_profile(blank: TextProfile, column: Texts, *, fresh: bool) -> TextProfile:
    """Return the profile of a column of free texts or identifiers; parameters as of `categorical_profile`."""
    rows = np.zeros(len(TextProfile.LENGTHS), dtype=np.int64)
    np.add.at(rows, np.searchsorted(TextProfile.LENGTHS, _lengths(column), side="right") - 1, column.rows)
    counted = replace(
        blank, n=column.n, missing=column.missing, lengths=tuple(rows.tolist()), **_common(column)
    )
    if blank.private:
        return replace(counted, other_shapes=column.n)
    found = shapes_of(column.texts, column.rows)
    shapes = blank.shapes
    if fresh:
        frequent = [(-count, shape) for shape, count in found.items() if count >= FEWEST]
        shapes = tuple(shape for _, shape in sorted(frequent)[:SHAPES])
    counts = tuple(found.get(shape, 0) for shape in shapes)
    return replace(
        counted,
        shapes=shapes,
        shape_counts=counts,
        other_shapes=column.n - sum(counts),
        distinct=Distinct.of_hashes(column.hashes),
        different=len(column.rows),
    )
