"""Texts that stand for a gap: they are values for a reader of files, and missing values for whoever wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.context import missing_mask
from mlops_cli.data.checks.facts import coded
from mlops_cli.data.table.deciding import DOUBTFUL, PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mlops_cli.data.checks.context import Mask
    from mlops_cli.data.checks.facts import ColumnFacts
    from mlops_cli.data.table.table import Table


def is_placeholder(value: str) -> bool:
    """Whether a text probably stands for a gap.

    Examples
    --------
    >>> is_placeholder("?"), is_placeholder(" N/A "), is_placeholder("Private")
    (True, True, False)
    """
    return value.strip().lower() in PLACEHOLDERS


def written_gaps(facts: ColumnFacts, other: ColumnFacts) -> dict[str, int]:
    """Return what stands for a gap in a column, with its rows; where the other side is a profile, only what that can tell of."""
    if facts.kind not in ("categorical", "text"):
        return {}
    known = {value.strip() for value in other.counts}
    return {
        value: count
        for value, count in facts.counts.items()
        if is_placeholder(value) and (other.exact or other.all_counted or value.strip() in known)
    }


def maybe_values(written: Mapping[str, int]) -> dict[str, int]:
    """Return those of the texts that a table may mean: more of them is no failure."""
    return {value: count for value, count in written.items() if value.strip().lower() in DOUBTFUL}


def sure_gaps(facts: ColumnFacts, listed: Collection[str] = ()) -> dict[str, int]:
    """Return what surely stands for a gap in a column, with its rows, unless a schema file lists it as a value."""
    if facts.kind not in ("categorical", "text"):
        return {}
    written = {value: count for value, count in facts.counts.items() if is_placeholder(value)}
    doubtful = maybe_values(written)
    return {value: count for value, count in written.items() if value not in doubtful and value not in listed}


def gap_mask(table: Table, name: str, written: Collection[str]) -> Mask:
    """Return which rows have no value, or one of the texts that stand for none."""
    mask = missing_mask(table, name)
    if not written:
        return mask
    labels, codes = coded(table, name)
    stands = np.array([label in written for label in labels], dtype=bool)
    return np.asarray(mask | ((codes >= 0) & stands[np.maximum(codes, 0)]))
