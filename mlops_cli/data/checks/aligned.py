"""Which row of a raw table became which row of the transformed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.duplicates import row_hashes

if TYPE_CHECKING:
    from mlops_cli.data.checks.context import Context, Side
    from mlops_cli.data.checks.facts import Ints


@dataclass(frozen=True, slots=True)
class Aligned:
    """Which row of the raw table a row of this one is: `raw[rows_raw]` is `now[rows_now]`."""

    rows_raw: Ints
    rows_now: Ints


def align(context: Context, raw: Side) -> Aligned | None:
    """Return how rows belong together: by key where there is one, else in order where there are as many; None for neither."""
    key = context.schema.key
    if key and all(name in context.facts.columns and name in raw.facts.columns for name in key):
        now, before = row_hashes(context.table, key), row_hashes(raw.table, key)
        _, rows_now, rows_raw = np.intersect1d(now, before, return_indices=True)
        order = np.argsort(rows_now)
        return Aligned(rows_raw[order], rows_now[order])
    if context.facts.rows != raw.facts.rows:
        return None
    rows = np.arange(context.facts.rows)
    return Aligned(rows, rows)
