"""Intervals for rates, means and their differences. Numbers in, an interval out; nothing heavy is imported for rates.

Every interval is two-sided, and holds the true value in `level` of repeated samples of independent rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the range that it lies in as far as the data can tell.

    Parameters
    ----------
    value : float
        The point estimate.
    low, high : float
        The bounds; -inf and inf where the data say nothing.
    """

    value: float
    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def negated(self) -> Interval:
        """Return the interval of minus the value.

        Examples
        --------
        >>> Interval(1.0, 0.5, 2.0).negated()
        Interval(value=-1.0, low=-2.0, high=-0.5)
        """
        return Interval(-self.value, -self.high, -self.low)


@dataclass(frozen=True, slots=True)
class Difference(Interval):
    """A difference with its interval, and how likely one so large is where there is none.

    Parameters
    ----------
    p_value : float
        Two-sided.
    """

    p_value: float


def normal_quantile(level: float) -> float:
    """Return how many standard errors an interval of this level reaches to either side.

    Raises
    ------
    ValueError
        When the level is not between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, and {level} does not")
    return NormalDist().inv_cdf((1 + level) / 2)


def normal_two_sided(z: float) -> float:
    """Return the two-sided p-value of a standard normal statistic, exact in the far tail too.

    Examples
    --------
    >>> round(normal_two_sided(1.959964), 4), normal_two_sided(10) > 0
    (0.05, True)
    """
    return math.erfc(abs(z) / math.sqrt(2))


def wilson(successes: float, n: float, level: float = LEVEL) -> Interval:
    """Return the score interval of a rate.

    Definition: all p with |k/n - p| <= z sqrt(p (1 - p) / n). Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    It keeps its level for small n and for rates near 0 and 1, where the textbook interval does not.

    Parameters
    ----------
    successes, n : float
        Whole counts, or sums of weights.

    Raises
    ------
    ValueError
        When n is not positive, or successes are not between 0 and n.

    Examples
    --------
    >>> found = wilson(0, 10)
    >>> found.value, found.low, round(found.high, 4)
    (0.0, 0.0, 0.2775)
    """
    _check(successes, n)
    z = normal_quantile(level)
    rate, squared = successes / n, z * z
    middle = (successes + squared / 2) / (n + squared)
    half = z / (n + squared) * math.sqrt(successes * (1 - rate) + squared / 4)
    # At both ends the bound is the end itself, which rounding may miss.
    low = 0.0 if successes == 0 else min(max(0.0, middle - half), rate)
    high = 1.0 if successes == n else max(min(1.0, middle + half), rate)
    return Interval(rate, low, high)


def newcombe(k1: float, n1: float, k2: float, n2: float, level: float = LEVEL) -> Interval:
    """Return the interval of p1 - p2, two independent rates: squares of Wilson's distances added.

    Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 873, method 10.

    Raises
    ------
    ValueError
        As of `wilson`.

    Examples
    --------
    >>> found = newcombe(7, 34, 1, 34)
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
    (0.1765, 0.0189, 0.3404)
    """
    first, second = wilson(k1, n1, level), wilson(k2, n2, level)
    value = first.value - second.value
    down = math.hypot(first.value - first.low, second.high - second.value)
    up = math.hypot(first.high - first.value, second.value - second.low)
    return Interval(value, max(-1.0, value - down), min(1.0, value + up))


def newcombe_paired(both: int, first: int, second: int, neither: int, level: float = LEVEL) -> Interval:
    """Return the interval of the difference of two rates that were found on the same rows.

    Definition: squares of Wilson's distances added, less the part that both rates share; the correlation is corrected for
    continuity. Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 2635, method 10.

    Parameters
    ----------
    both, first, second, neither : int
        Rows on which both succeed, only the first, only the second, neither.

    Raises
    ------
    ValueError
        When a count is negative, or there is no row.

    Examples
    --------
    >>> found = newcombe_paired(43, 0, 7, 0)
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
    (-0.14, -0.2619, -0.0397)
    """
    n = both + first + second + neither
    if min(both, first, second, neither) < 0 or n <= 0:
        raise ValueError("counts of rows are not negative, and there is at least one row")
    one, two = wilson(both + first, n, level), wilson(both + second, n, level)
    value = (first - second) / n
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    cross = both * neither - first * second
    corrected = max(cross - n / 2, 0.0) if cross > 0 else float(cross)
    phi = corrected / math.sqrt(product) if product else 0.0
    down, up = (one.value - one.low, two.high - two.value), (one.high - one.value, two.value - two.low)
    return Interval(
        value,
        max(-1.0, value - math.sqrt(max(0.0, down[0] ** 2 - 2 * phi * down[0] * down[1] + down[1] ** 2))),
        min(1.0, value + math.sqrt(max(0.0, up[0] ** 2 - 2 * phi * up[0] * up[1] + up[1] ** 2))),
    )


def ratio_of_rates(k1: float, n1: float, k2: float, n2: float, level: float = LEVEL) -> Interval:
    """Return the interval of p1 / p2, two independent rates, on the scale of logarithms.

    Definition: exp(ln(p1 / p2) ± z sqrt(1/k1 - 1/n1 + 1/k2 - 1/n2)). Where a count is 0, half a success is added to both,
    and half a row. Source: D. Katz et al., Biometrics 34 (1978) 469; the halves: S. D. Walter, Biometrika 62 (1975) 371.

    Raises
    ------
    ValueError
        As of `wilson`.

    Examples
    --------
    >>> found = ratio_of_rates(20, 100, 10, 100)
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (2.0, 0.9866, 4.0545)
    """
    _check(k1, n1)
    _check(k2, n2)
    z = normal_quantile(level)
    if k1 == 0 or k2 == 0:
        k1, n1, k2, n2 = k1 + 0.5, n1 + 0.5, k2 + 0.5, n2 + 0.5
    value = (k1 / n1) / (k2 / n2)
    spread = math.exp(z * math.sqrt(max(0.0, 1 / k1 - 1 / n1 + 1 / k2 - 1 / n2)))
    return Interval(value, value / spread, value * spread)


def mean_t(mean: float, variance: float, n: float, level: float = LEVEL) -> Interval:
    """Return Student's interval of a mean.

    Parameters
    ----------
    mean, variance : float
        Of the values; the variance with n - 1 below.
    n : float
        How many values. One value says nothing of its spread: the bounds are then -inf and inf.

    Raises
    ------
    ValueError
        When n is below 1, the variance negative, or a number not finite.

    Examples
    --------
    >>> found = mean_t(10.0, 4.0, 16)
    >>> round(found.low, 4), round(found.high, 4)
    (8.9343, 11.0657)
    """
    _check_mean(mean, variance, n)
    if n < 2:
        return Interval(mean, -math.inf, math.inf)
    half = student_quantile(level, n - 1) * math.sqrt(variance / n)
    return Interval(mean, mean - half, mean + half)


def difference_of_means(
    mean1: float, variance1: float, n1: float, mean2: float, variance2: float, n2: float, level: float = LEVEL
) -> Difference:
    """Return mean1 - mean2 of independent rows with Welch's interval and p-value.

    Source: B. L. Welch, Biometrika 34 (1947) 28; degrees of freedom after F. E. Satterthwaite. With no spread at all in both,
    the interval is a point. With one value in either, the bounds are -inf and inf, and p is 1.

    Raises
    ------
    ValueError
        As of `mean_t`, or when the difference is beyond all floats.

    Examples
    --------
    >>> found = difference_of_means(10.0, 4.0, 16, 8.0, 9.0, 25)
    >>> round(found.low, 3), round(found.high, 3), round(found.p_value, 4)
    (0.42, 3.58, 0.0144)
    """
    _check_mean(mean1, variance1, n1)
    _check_mean(mean2, variance2, n2)
    value = mean1 - mean2
    if not math.isfinite(value):
        raise ValueError(f"the difference of {mean1} and {mean2} is beyond all floats")
    if min(n1, n2) < 2:
        return Difference(value, -math.inf, math.inf, 1.0)
    first, second = variance1 / n1, variance2 / n2
    if first + second == 0:
        return Difference(value, value, value, 1.0 if value == 0 else 0.0)
    # As shares, so that neither tiny nor huge variances leave the range of floats when squared.
    share = first / (first + second)
    freedom = 1 / (share**2 / (n1 - 1) + (1 - share) ** 2 / (n2 - 1))
    error = math.sqrt(first + second)
    half = student_quantile(level, freedom) * error
    return Difference(value, value - half, value + half, student_two_sided(value / error, freedom))


def student_quantile(level: float, freedom: float) -> float:
    """Return how many standard errors an interval reaches when the spread itself was estimated.

    Examples
    --------
    >>> round(student_quantile(0.95, 4), 4)
    2.7764
    """
    from scipy.special import stdtrit

    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, and {level} does not")
    return float(-stdtrit(freedom, (1 - level) / 2))


def student_two_sided(t: float, freedom: float) -> float:
    """Return the two-sided p-value of Student's statistic.

    Examples
    --------
    >>> round(student_two_sided(2.776445, 4), 4)
    0.05
    """
    from scipy.special import stdtr

    return float(min(1.0, 2 * stdtr(freedom, -abs(t))))


def _check(successes: float, n: float) -> None:
    if not (n > 0 and 0 <= successes <= n and math.isfinite(n)):
        raise ValueError(f"a rate needs rows, and no more successes than rows: {successes} of {n}")


def _check_mean(mean: float, variance: float, n: float) -> None:
    if not (math.isfinite(mean) and math.isfinite(variance) and variance >= 0 and n >= 1):
        raise ValueError(
            f"a mean needs values, and a spread that is not negative: {mean}, {variance}, n = {n}"
        )
