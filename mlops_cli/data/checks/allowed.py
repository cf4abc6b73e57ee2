"""What a share that is allowed means for a number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.statistics.counts import binomial_at_least

if TYPE_CHECKING:
    from mlops_cli.data.checks.model import Severity

_SURE = 0.001


def beyond(rows: int, n: int, allowed: float) -> Severity | None:
    """Return how bad it is that so many rows are what only a share may be: None when they are not too many.

    More than allowed is a warning where chance could have brought it (exact binomial test, p below .001), else a failure. Where
    none is allowed, one row fails.

    Examples
    --------
    >>> beyond(2, 100, 0.02), beyond(3, 100, 0.02), beyond(9, 100, 0.02), beyond(1, 100, 0)
    (None, 'warn', 'fail', 'fail')
    """
    if rows <= allowed * n:
        return None
    if allowed <= 0:
        return "fail"
    return "fail" if binomial_at_least(rows, n, allowed) < _SURE else "warn"
