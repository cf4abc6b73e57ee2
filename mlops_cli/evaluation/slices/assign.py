"""Declared slices on a table: which rows belong to which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.slices.coding import Part, code_column
from mlops_cli.evaluation.slices.expression import expression_text
from mlops_cli.evaluation.slices.mask import rows_where, unknown_value
from mlops_cli.evaluation.slices.parse import parse_expression
from mlops_cli.evaluation.slices.spec import Condition, Cross
from mlops_cli.formats.conditions.tree import both
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.coding import Coded
    from mlops_cli.evaluation.slices.columns import Columns
    from mlops_cli.evaluation.slices.spec import Axis, Declared

_MOST_SLICES = 400  # of one cross


@dataclass(frozen=True, slots=True)
class Group:
    """Slices that were declared together; no row is in two of them.

    Parameters
    ----------
    name : str
        As it was declared.
    codes : array of int32, shape (rows,)
        Which slice a row is in; -1 for none.
    parts : tuple of Part
        Name and condition of each slice, by code.
    columns : tuple of str
        The columns that make a cross; none of a condition.
    notes : tuple of str, by code
        What to know of a slice: a value that no row has, and what may be meant.
    dropped : int
        Slices beyond the largest 400, which are left out.
    """

    name: str
    codes: NDArray[np.int32]
    parts: tuple[Part, ...]
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dropped: int = 0

    def rows(self, code: int) -> NDArray[np.int64]:
        """Return which rows are in a slice, in order."""
        return np.flatnonzero(self.codes == code)


def assign(declared: Iterable[Declared], columns: Columns) -> tuple[Group, ...]:
    """Return the groups that slices declare on a table.

    Raises
    ------
    UsageError
        When a column is not there, or a condition compares unlike things; with the nearest name there is.

    Examples
    --------
    >>> from mlops_cli.evaluation.slices.columns import ArrayColumns
    >>> from mlops_cli.evaluation.slices.spec import declared_slices
    >>> people = ArrayColumns({"sex": ["f", "m", "m"], "age": [70.0, 20.0, 66.0]})
    >>> [[part.label for part in group.parts] for group in assign(declared_slices(["sex", {"where": "age >= 65"}]), people)]
    [['sex = m', 'sex = f'], ['age >= 65']]
    """
    return tuple(
        _condition(item, columns) if isinstance(item, Condition) else _cross(item, columns)
        for item in declared
    )


def _condition(condition: Condition, columns: Columns) -> Group:
    mask = rows_where(condition.where, columns)
    expression = parse_expression(condition.where)
    note = "" if mask.any() else unknown_value(expression, columns)
    codes = np.where(mask, np.int32(0), np.int32(-1))
    return Group(condition.name, codes, (Part(condition.name, expression),), (), (note,))


def _cross(cross: Cross, columns: Columns) -> Group:
    coded = [_axis(axis, columns) for axis in cross.axes]
    names = tuple(axis.column for axis in cross.axes)
    if len(coded) == 1:
        group, parts = coded[0].codes, coded[0].parts
        return Group(cross.group, group, parts, names, tuple(_no_rows(coded[0].codes, parts)))
    joint = coded[0].codes.astype(np.int64)
    for one in coded[1:]:
        joint = np.where((joint < 0) | (one.codes < 0), -1, joint * len(one.parts) + one.codes)
    present, counts = np.unique(joint[joint >= 0], return_counts=True)
    kept = present
    if len(present) > _MOST_SLICES:
        kept = np.sort(present[np.argsort(-counts, kind="stable")[:_MOST_SLICES]])
    at = np.searchsorted(kept, joint)
    inside = (at < len(kept)) & (joint >= 0)
    inside[inside] = kept[at[inside]] == joint[inside]
    codes = np.where(inside, at, -1).astype(np.int32)
    parts = tuple(_joined(int(code), coded) for code in kept)
    return Group(cross.group, codes, parts, names, ("",) * len(parts), len(present) - len(kept))


def _joined(code: int, coded: list[Coded]) -> Part:
    chosen: list[Part] = []
    for one in reversed(coded):
        code, at = divmod(code, len(one.parts))
        chosen.append(one.parts[at])
    chosen.reverse()
    return Part(", ".join(part.label for part in chosen), both(*(part.where for part in chosen)))


def _axis(axis: Axis, columns: Columns) -> Coded:
    if axis.column not in columns.names:
        hint = nearest(axis.column, columns.names)
        raise UsageError(f"slices: the table has no column {axis.column}", hint=hint[:1].upper() + hint[1:])
    values = columns.values(axis.column)
    if axis.bins is not None and values.kind not in ("number", "time"):
        raise UsageError(
            f"slices: {axis.column} has no order, so it cannot be cut into {axis.bins} bins",
            hint=f"Take its values: slices: [{axis.column}]",
        )
    return code_column(axis.column, values, bins=axis.bins, only=axis.values)


def _no_rows(codes: NDArray[np.int32], parts: tuple[Part, ...]) -> list[str]:
    counts = np.bincount(codes[codes >= 0], minlength=len(parts))
    return [
        "" if count else f"no row has {expression_text(part.where)}"
        for count, part in zip(counts, parts, strict=True)
    ]
