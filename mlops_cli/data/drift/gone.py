"""Columns that the current table lacks: a row each, so that no list of columns is silent about them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.drift.model import GONE, ColumnDrift

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def gone_columns(
    names: Sequence[str], rows: tuple[int, int], weights: Mapping[str, float]
) -> list[ColumnDrift]:
    """Return columns that only the reference has: each fails where a model goes by it, and else warns.

    Parameters
    ----------
    weights : mapping of str to float
        Importance of columns to a model; empty where there is none.

    Examples
    --------
    >>> [(each.name, each.verdict) for each in gone_columns(["age", "note"], (9, 9), {"age": 0.2})]
    [('age', 'fail'), ('note', 'warn')]
    """
    return [
        ColumnDrift(
            name,
            GONE,
            "fail" if weights.get(name, 0.0) > 0 else "warn",
            n_reference=rows[0],
            cause="gone",
            reason="only the reference has it"
            + (", and the model goes by it" if weights.get(name, 0.0) > 0 else ""),
        )
        for name in names
    ]
