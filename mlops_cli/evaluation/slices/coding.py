"""Columns as a few codes, each with the condition that chooses its rows: values, quantile bins, missing, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.slices.expression import Name, Word, expression_text
from mlops_cli.formats.conditions.tree import Compare, In, Missing, Not, both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.columns import Values
    from mlops_cli.evaluation.slices.expression import Expression

FEW = 20  # a number with at most so many different values is taken by its values
_DEFAULT_BINS = 4
MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one code.

    Parameters
    ----------
    label : str
        `sex = Female`, `28 <= age < 37`.
    where : Expression
        What chooses exactly these rows.
    """

    label: str
    where: Expression


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes.

    Parameters
    ----------
    codes : array of int32, shape (rows,)
        Which part a row belongs to; -1 for none.
    parts : tuple of Part
        By code. A part may have no rows.
    """

    codes: NDArray[np.int32]
    parts: tuple[Part, ...]


def code_column(
    column: str,
    values: Values,
    *,
    bins: int | None = None,
    only: Sequence[str] = (),
    most: int = MOST_VALUES,
) -> Coded:
    """Return a column as codes.

    Texts, booleans and numbers of few values are taken by value, the most frequent ones first, and all beyond `most` together as
    one part; other numbers and times by quantiles, with ends open. Rows without a value are a part of their own, if there are any.

    Parameters
    ----------
    bins : int, optional
        Quantile bins; of times and of numbers with more than 20 values, four when None.
    only : sequence of str
        Only these values, as they are written; one that no row has makes a part without rows.

    Examples
    --------
    >>> from mlops_cli.evaluation.slices.columns import values_of
    >>> coded = code_column("sex", values_of(["f", "m", "m", None]))
    >>> coded.codes.tolist(), [part.label for part in coded.parts]
    ([1, 0, 0, 2], ['sex = m', 'sex = f', 'sex missing'])
    """
    name = Name(column)
    if only:
        return _only(name, values, only)
    if values.kind in ("text", "boolean"):
        coded = _by_word(name, values.data, values.words, most)
    else:
        coded = _by_number(name, values, bins, most)
    missing = values.missing
    if not missing.any():
        return coded
    codes = np.where(missing, np.int32(len(coded.parts)), coded.codes)
    return Coded(codes, (*coded.parts, Part(f"{column} missing", Missing(name))))


def bin_edges(data: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Return the lower ends of equal-mass bins but the first one's, each a value that occurs; fewer where values repeat.

    A value that many rows share goes whole into the bin of its middle rank, so that it does not spread over several.

    Parameters
    ----------
    data : array
        Without missing values.

    Examples
    --------
    >>> bin_edges(np.array([1.0, 2, 3, 4, 5, 6, 7, 8]), 4)
    array([3., 5., 7.])
    >>> bin_edges(np.array([0.0] * 92 + list(range(1, 9))), 4)
    array([1.])
    """
    distinct, counts = np.unique(data, return_counts=True)
    if len(distinct) == 0:
        return distinct
    middle = np.cumsum(counts) - counts / 2
    chosen = np.minimum((middle * bins / counts.sum()).astype(np.int64), bins - 1)
    edges: NDArray[np.float64] = distinct[1:][np.diff(chosen) > 0]
    return edges


def number_text(value: float) -> str:
    """Return a number as short as it can be written without losing any of it.

    Examples
    --------
    >>> number_text(28.0), number_text(0.1), number_text(1e22), number_text(float("inf"))
    ('28', '0.1', '1e+22', 'inf')
    """
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def interval_part(name: Name, low: str | None, high: str | None) -> Part:
    """Return the part of a column from `low` (inside) up to `high` (outside); None for an open end."""
    lower = [] if low is None else [Compare(name, ">=", Word(low))]
    upper = [] if high is None else [Compare(name, "<", Word(high))]
    if not lower and not upper:  # every row that has a value
        return Part(f"{name.column} present", Not(Missing(name)))
    label = f"{name.column} < {_short(high)}" if low is None else f"{name.column} >= {_short(low)}"
    if low is not None and high is not None:
        label = f"{_short(low)} <= {name.column} < {_short(high)}"
    return Part(label, both(*lower, *upper))


def _short(text: str | None) -> str:
    """Return a number as people read it; the condition has all its digits."""
    if text is None or len(text) <= 8 or "." not in text:
        return text or ""
    try:
        return f"{float(text):.6g}"
    except ValueError:  # a time
        return text.removesuffix(".000000").removesuffix("T00:00:00")


def _by_word(name: Name, data: NDArray[np.int32], words: Sequence[str], most: int) -> Coded:
    counts = np.bincount(data[data >= 0], minlength=len(words))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda code: (-counts[code], words[code]))
    kept = order if len(order) <= most else order[: most - 1]
    target = np.full(len(words) + 1, -1, np.int32)
    parts = []
    for at, code in enumerate(kept):
        target[code] = at
        parts.append(value_part(name, words[code]))
    if len(kept) < len(order):
        target[order[len(kept) :]] = len(kept)
        parts.append(_other_part(name, [words[code] for code in kept], len(order) - len(kept)))
    return Coded(target[data], tuple(parts))


def _by_number(name: Name, values: Values, bins: int | None, most: int) -> Coded:
    data = values.data
    present = data[~values.missing]
    if values.kind == "time":
        return _by_time(name, data, present, bins or _DEFAULT_BINS)
    if bins is None:
        distinct = _few(present)
        if distinct is not None and len(distinct) <= most:
            codes = np.searchsorted(distinct, data).astype(np.int32)
            codes[values.missing] = -1
            return Coded(codes, tuple(value_part(name, number_text(value)) for value in distinct))
    edges = bin_edges(present, bins or _DEFAULT_BINS)
    return Coded(codes_by_edges(data, edges), interval_parts(name, [number_text(edge) for edge in edges]))


def _by_time(name: Name, data: NDArray[np.datetime64], present: NDArray[np.datetime64], bins: int) -> Coded:
    edges = bin_edges(present.astype(np.int64).astype(np.float64), bins).astype(np.int64)
    moments = edges.astype("datetime64[us]")
    # NaT is before every moment when compared as whole numbers; it belongs to no bin, and gets its own code after this.
    codes = np.searchsorted(edges, data.astype(np.int64), side="right").astype(np.int32)
    return Coded(codes, interval_parts(name, [str(moment) for moment in moments]))


def codes_by_edges(data: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return which bin each number lies in; numbers that are missing get 0, and have to be set apart.

    So many comparisons of whole columns are faster than a search in the edges for each number, while edges are few.
    """
    codes = np.zeros(len(data), np.uint8)
    for edge in edges:
        codes += data >= edge
    return codes.astype(np.int32)


def interval_parts(name: Name, ends: Sequence[str]) -> tuple[Part, ...]:
    """Return the parts between neighbouring ends, with the first and last one open."""
    lower: list[str | None] = [None, *ends]
    upper: list[str | None] = [*ends, None]
    return tuple(interval_part(name, low, high) for low, high in zip(lower, upper, strict=True))


def _few(present: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the different values, in order, if they are few. A look at the first ones spares sorting most columns."""
    if len(np.unique(present[:1000])) > FEW:
        return None
    distinct: NDArray[np.float64] = np.unique(present)
    return distinct if len(distinct) <= FEW else None


def _only(name: Name, values: Values, only: Sequence[str]) -> Coded:
    from mlops_cli.evaluation.slices.columns import ArrayColumns
    from mlops_cli.evaluation.slices.mask import mask_of

    alone = ArrayColumns({name.column: values})
    codes = np.full(len(values.data), -1, np.int32)
    parts = []
    for at, word in enumerate(dict.fromkeys(only)):
        part = value_part(name, word)
        codes[mask_of(part.where, alone, expression_text(part.where))] = at
        parts.append(part)
    return Coded(codes, tuple(parts))


def value_part(name: Name, word: str) -> Part:
    """Return the part of rows that have one value."""
    return Part(f"{name.column} = {word or '(empty)'}", Compare(name, "==", Word(word)))


def _other_part(name: Name, words: Sequence[str], others: int) -> Part:
    label = f"{name.column} = other ({others} values)"
    return Part(label, In(name, tuple(Word(word) for word in words), negated=True))
