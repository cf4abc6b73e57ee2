"""Which numeric columns only number the rows: what they hold says nothing of the rows' values. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.profile.model import NumericProfile

if TYPE_CHECKING:
    from mlops_cli.data.profile.model import AnyColumn

_FEWEST = 50  # rows under which distinct whole numbers are nothing special
_ALL = 0.97  # part of the rows that have to have a number of their own, as far as it was counted
_DENSE = 1.5  # numbers that there are between the least and the largest, for each row


def is_identifier(reference: AnyColumn, current: AnyColumn) -> bool:
    """Return whether a column numbers the rows: whole numbers, each once, that grow with the rows or leave few gaps."""
    return _numbers_rows(reference) and _numbers_rows(current, dense=_dense(reference))


def _numbers_rows(column: AnyColumn, *, dense: bool = False) -> bool:
    if not isinstance(column, NumericProfile) or column.finite < _FEWEST or column.integer < column.finite:
        return False
    if (column.distinct_count or 0) < _ALL * column.finite:
        return False
    return column.order in ("increasing", "decreasing") or dense or _dense(column)


def _dense(column: AnyColumn) -> bool:
    if not isinstance(column, NumericProfile) or column.low is None or column.high is None:
        return False
    return (
        column.high - column.low <= _DENSE * column.finite
        and (column.distinct_count or 0) >= _ALL * column.finite
    )
