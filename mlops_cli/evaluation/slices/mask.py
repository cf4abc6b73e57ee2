"""Which rows a condition holds for."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.evaluation.slices.parse import check_columns, parse_expression
from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.conditions.tree import And, Compare, In, Missing, Not, Or
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.columns import Columns, Values
    from mlops_cli.evaluation.slices.expression import Expression, Name, Word
    from mlops_cli.formats.conditions.tree import Operator

    Mask = NDArray[np.bool_]

_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def rows_where(text: str, columns: Columns) -> Mask:
    """Return which rows a condition holds for.

    Returns
    -------
    array of bool, shape (rows,)

    Raises
    ------
    ExpressionError
        When the text is no condition, names a column that is not there, or compares unlike things.

    Examples
    --------
    >>> from mlops_cli.evaluation.slices.columns import ArrayColumns
    >>> people = ArrayColumns({"age": [70.0, None, 30.0], "sex": ["f", "m", "m"]})
    >>> rows_where("age >= 65 or sex != f", people)
    array([ True,  True,  True])
    """
    expression = parse_expression(text)
    check_columns(expression, text, columns.names)
    return mask_of(expression, columns, text)


def mask_of(expression: Expression, columns: Columns, text: str = "") -> Mask:
    """Return which rows a condition holds for, whose columns are known to be there.

    Raises
    ------
    ExpressionError
        When it compares unlike things.
    """
    match expression:
        case Compare(name, op, value):
            return _compare(columns.values(name.column), name, op, value, text)
        case In(name, values, negated):
            held = columns.values(name.column)
            found = _any_of(held, name, values, text)
            return ~found & ~held.missing if negated else found
        case Missing(name):
            return columns.values(name.column).missing
        case Not(inner):
            return ~mask_of(inner, columns, text)
        case And(parts):
            mask = mask_of(parts[0], columns, text)
            for part in parts[1:]:
                mask = mask & mask_of(part, columns, text)
            return mask
        case Or(parts):
            mask = mask_of(parts[0], columns, text)
            for part in parts[1:]:
                mask = mask | mask_of(part, columns, text)
            return mask


def unknown_value(expression: Expression, columns: Columns) -> str:
    """Return what may be meant where a condition names a text that no row has; empty where every one occurs.

    Examples
    --------
    >>> from mlops_cli.evaluation.slices.columns import ArrayColumns
    >>> unknown_value(parse_expression("sex == Femal"), ArrayColumns({"sex": ["Female", "Male"]}))
    'no row has the sex "Femal": did you mean "Female"?'
    """
    match expression:
        case Compare(name, "==" | "!=", value):
            return _unknown(name, (value,), columns)
        case In(name, values):
            return _unknown(name, values, columns)
        case And(parts) | Or(parts):
            return next((found for part in parts if (found := unknown_value(part, columns))), "")
        case Not(inner):
            return unknown_value(inner, columns)
        case _:
            return ""


def _unknown(name: Name, values: Sequence[Word], columns: Columns) -> str:
    held = columns.values(name.column)
    if held.kind != "text":
        return ""
    for value in values:
        if value.text not in held.words:
            close = nearest(value.text, held.words)
            return f'no row has the {name.column} "{value.text}"' + (f": {close}" if close else "")
    return ""


def _any_of(held: Values, name: Name, values: Sequence[Word], text: str) -> Mask:
    mask = np.zeros(len(held.data), np.bool_)
    for value in values:
        mask |= _compare(held, name, "==", value, text)
    return mask


def _compare(held: Values, name: Name, op: Operator, value: Word, text: str) -> Mask:
    if held.kind == "number":
        number = _number(value, name, text)
        mask: Mask = _COMPARE[op](held.data, number)
        return mask & ~np.isnan(held.data) if op == "!=" else mask
    if held.kind == "time":
        return _within(held.data, op, *_moment(value, name, text))
    if not held.words:  # no row has a value, so nobody knows of what kind they are
        return np.zeros(len(held.data), np.bool_)
    if op not in ("==", "!="):
        reason = f"{name} has no order; compare it with ==, != or in (…)"
        raise ExpressionError(reason, text, name.at, name.length)
    wanted = value.text
    if held.kind == "boolean":
        wanted = wanted.lower()
        if wanted not in held.words:
            raise ExpressionError(f"{name} is true or false", text, value.at, value.length)
    code = held.words.index(wanted) if wanted in held.words else None
    if code is None:
        return np.zeros(len(held.data), np.bool_) if op == "==" else held.data >= 0
    equal: Mask = held.data == code
    return equal if op == "==" else ~equal & (held.data >= 0)


def _number(value: Word, name: Name, text: str) -> float:
    try:
        return float(value.text.replace("_", "x"))
    except ValueError:
        reason = f"{name} is compared with a number"
        raise ExpressionError(reason, text, value.at, value.length) from None


def _moment(value: Word, name: Name, text: str) -> tuple[np.datetime64, np.datetime64]:
    """Return first moment of what a date stands for, and the first one after it."""
    try:
        first = np.datetime64(value.text.removesuffix("Z"))
        if np.isnat(first) or not value.text[:1].isdigit():
            raise ValueError  # noqa: TRY301 # joins the others below
    except ValueError:
        reason = f"{name} is compared with a date or a time, such as 2026-01-31 or 2026-01-31T12:30"
        raise ExpressionError(reason, text, value.at, value.length) from None
    return first.astype("datetime64[us]"), (first + 1).astype("datetime64[us]")


def _within(data: NDArray[Any], op: Operator, first: np.datetime64, after: np.datetime64) -> Mask:
    """Compare moments with a day, or a minute: what lies inside is equal to it."""
    answers: dict[str, Any] = {
        "==": lambda: (data >= first) & (data < after),
        "!=": lambda: (data < first) | (data >= after),
        "<": lambda: data < first,
        "<=": lambda: data < after,
        ">": lambda: data >= after,
        ">=": lambda: data >= first,
    }
    mask: Mask = answers[op]()
    return mask
