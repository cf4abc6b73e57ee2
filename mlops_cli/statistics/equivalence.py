"""Better, worse, equivalent or undecided: what an interval of a difference says, given a margin. Light: needs no library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlops_cli.statistics.interval import Interval

Direction = Literal["up", "down"]
Outcome = Literal["better", "worse", "equivalent", "undecided"]


def verdict(difference: Interval, margin: float, direction: Direction = "up") -> Outcome:
    """Return what the interval of a difference, new less old, says about the new one.

    Definition: `equivalent` when the whole interval lies within ± margin (two one-sided tests: D. J. Schuirmann, J.
    Pharmacokin. Biopharm. 15 (1987) 657; a 95 % interval tests at 2.5 % a side); else `better` or `worse` when it leaves out
    0 on that side; else `undecided`. A difference that is certain but smaller than the margin is `equivalent`: the margin says
    what matters.

    Parameters
    ----------
    difference : Interval
        Of the metric, new less old. An interval with NaN or without bounds decides nothing.
    margin : float
        The largest difference that does not matter, in units of the metric; 0 when everything matters.
    direction : "up" or "down"
        Which way the metric is better.

    Raises
    ------
    ValueError
        When the margin is negative or NaN.

    Examples
    --------
    >>> from mlops_cli.statistics.interval import Interval
    >>> verdict(Interval(0.02, 0.01, 0.03), 0.005), verdict(Interval(0.02, 0.01, 0.03), 0.005, "down")
    ('better', 'worse')
    >>> verdict(Interval(0.001, -0.002, 0.004), 0.005), verdict(Interval(0.0, -0.1, 0.1), 0.005)
    ('equivalent', 'undecided')
    """
    if not margin >= 0:
        raise ValueError(f"a margin is not negative, and {margin} is")
    low, high = difference.low, difference.high
    if direction == "down":
        low, high = -high, -low
    if math.isnan(low) or math.isnan(high):
        return "undecided"
    if -margin <= low and high <= margin:
        return "equivalent"
    if low > 0:
        return "better"
    return "worse" if high < 0 else "undecided"
