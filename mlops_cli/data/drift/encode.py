"""Rows of two tables as one matrix for a classifier, and which columns it may see. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.drift.rows import Numbers, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlops_cli.data.drift.cells import Floats
    from mlops_cli.data.drift.rows import Rows

_CLASSES = 250  # classes that the classifier knows apart; it takes 255
_FEW = 20  # different values under which a column that never falls is no counter
_UNIQUE = 0.9  # part of texts that differ from which on they are identifiers


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the classifier sees.

    Parameters
    ----------
    reference, current : array of float, shape (rows, columns)
        NaN for missing.
    classes : array of bool, shape (columns,)
        Which columns hold codes of classes.
    dropped : tuple of (str, str)
        Columns that it does not see, and why.
    """

    names: tuple[str, ...]
    reference: Floats
    current: Floats
    classes: NDArray[np.bool_]
    dropped: tuple[tuple[str, str], ...]


def encoded(reference: Rows, current: Rows, names: Sequence[str], *, time: str = "") -> Encoded:
    """Return the columns that can tell something, as numbers."""
    kept, dropped = [], []
    sides: tuple[list[Floats], list[Floats]] = ([], [])
    classes = []
    for name in names:
        one, two = reference.columns[name], current.columns[name]
        why = "time" if name == time else useless(one, two)
        if why:
            dropped.append((name, why))
            continue
        before, now, are_classes = _pair(one, two)
        sides[0].append(before)
        sides[1].append(now)
        kept.append(name)
        classes.append(are_classes)
    empty = np.empty((len(reference), 0)), np.empty((len(current), 0))
    return Encoded(
        tuple(kept),
        np.column_stack(sides[0]) if kept else empty[0],
        np.column_stack(sides[1]) if kept else empty[1],
        np.array(classes, dtype=bool),
        tuple(dropped),
    )


def useless(one: Numbers | Words, two: Numbers | Words) -> str:
    """Return why a column would tell two tables apart without telling anything about them; empty where it would not.

    What numbers the rows or follows time is never the same again, and what is one value in each table, though another one, is
    reported of the column itself and would hide everything else.
    """
    if isinstance(one, Numbers) and isinstance(two, Numbers):
        return "time" if one.time or two.time else _useless_numbers(one, two)
    if isinstance(one, Words) and isinstance(two, Words):
        if _distinct(one) <= 1 and _distinct(two) <= 1:
            return "one value in each table"
        if min(_distinct(one) / max(len(one.codes), 1), _distinct(two) / max(len(two.codes), 1)) > _UNIQUE:
            return "identifier"
        return ""
    return "another type in each table"


def _useless_numbers(one: Numbers, two: Numbers) -> str:
    known = [side.values[np.isfinite(side.values)] for side in (one, two)]
    distinct = [len(np.unique(values)) for values in known]
    if max(distinct) <= 1 and all(
        len(values) in (0, len(side.values)) for values, side in zip(known, (one, two), strict=True)
    ):
        return "one value in each table"
    if min(distinct) > _FEW:
        steps = [np.diff(values) for values in known]
        if all((step >= 0).all() for step in steps) or all((step <= 0).all() for step in steps):
            return "follows the order of the rows"
        whole = all((values == np.rint(values)).all() for values in known)
        if (
            whole
            and all(count == len(values) for count, values in zip(distinct, known, strict=True))
            and all(values.max() - values.min() <= 1.5 * len(values) for values in known)
        ):
            return "identifier"
    return ""


def _distinct(column: Words) -> int:
    return len(np.unique(column.codes))


def _pair(one: Numbers | Words, two: Numbers | Words) -> tuple[Floats, Floats, bool]:
    if isinstance(one, Numbers) and isinstance(two, Numbers):
        return _finite(one.values), _finite(two.values), False
    assert isinstance(one, Words)  # noqa: S101 - the same type as the other
    assert isinstance(two, Words)  # noqa: S101 - as above
    if one.free or two.free:
        return _lengths(one), _lengths(two), False
    counts: dict[str, int] = {}
    for side in (one, two):
        for text, rows in zip(
            side.texts, np.bincount(side.codes[side.codes >= 0], minlength=len(side.texts)), strict=True
        ):
            counts[text] = counts.get(text, 0) + int(rows)
    ranked = sorted((text for text, rows in counts.items() if rows), key=lambda text: (-counts[text], text))
    code = {text: min(rank, _CLASSES) for rank, text in enumerate(ranked)}
    return _coded(one, code), _coded(two, code), True


def _finite(values: Floats) -> Floats:
    """Return numbers with infinite ones put beyond all others, where a tree can still cut them off."""
    if not np.isinf(values).any():
        return values
    largest = np.abs(values[np.isfinite(values)]).max(initial=1.0)
    return np.clip(values, -2 * largest, 2 * largest)


def _lengths(column: Words) -> Floats:
    sizes = np.array([*(len(text) for text in column.texts), np.nan])
    found: Floats = sizes[column.codes]
    return found


def _coded(column: Words, code: dict[str, int]) -> Floats:
    codes = np.array([*(float(code.get(text, 0)) for text in column.texts), np.nan])
    found: Floats = codes[column.codes]
    return found
