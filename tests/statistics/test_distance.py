"""Laws of distances of counts, and what sampling alone makes of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats.contingency import association

from mlops_cli.statistics.distance import (
    cramers_v,
    hellinger,
    jensen_shannon,
    jensen_shannon_debiased,
    l_infinity,
    psi,
    total_variation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = st.integers(1, 12).flatmap(
    lambda k: st.tuples(*(st.lists(st.integers(0, 50), min_size=k, max_size=k) for _ in range(2)))
)
BOUNDED: list[Callable[..., float]] = [
    jensen_shannon,
    jensen_shannon_debiased,
    hellinger,
    total_variation,
    cramers_v,
]
Pair = tuple[list[int], list[int]]


@pytest.mark.parametrize("distance", [*BOUNDED, psi])
@given(PAIRS)
def test_distances_are_symmetric_and_none_to_itself(distance: Callable[..., float], pair: Pair) -> None:
    one, two = pair
    assume(sum(one) and sum(two))
    assert distance(one, two) == pytest.approx(distance(two, one), abs=1e-12)
    assert distance(one, one) == pytest.approx(0, abs=1e-9)
    assert distance(one, two) >= 0
    if distance is not psi:
        assert distance(one, two) <= 1


@given(PAIRS, st.integers(2, 9))
def test_shares_are_compared_and_not_counts(pair: Pair, times: int) -> None:
    one, two = pair
    assume(sum(one) and sum(two))
    more = [times * count for count in one]
    for distance in (jensen_shannon, hellinger, total_variation):
        assert distance(more, two) == pytest.approx(distance(one, two), abs=1e-9)
        assert distance(more, one) == pytest.approx(0, abs=1e-8)


@given(PAIRS)
def test_no_cell_in_common_is_as_far_as_it_gets(pair: Pair) -> None:
    one, two = pair
    assume(sum(one) and sum(two))
    first, second = [*one, *[0] * len(two)], [*[0] * len(one), *two]
    assert jensen_shannon(first, second) == pytest.approx(1)
    assert hellinger(first, second) == pytest.approx(1)
    assert total_variation(first, second) == pytest.approx(1)
    assert cramers_v(first, second, corrected=False) == pytest.approx(1)


@given(PAIRS, st.lists(st.integers(0, 50), min_size=12, max_size=12))
def test_the_jensen_shannon_distance_is_that_of_scipy_and_a_metric(pair: Pair, more: list[int]) -> None:
    one, two = pair
    three = more[: len(one)]
    assume(sum(one) and sum(two) and sum(three))
    with np.errstate(all="ignore"):
        theirs = float(np.nan_to_num(jensenshannon(one, two, 2)))
    assert jensen_shannon(one, two) == pytest.approx(theirs, abs=1e-7)
    assert jensen_shannon(one, two) <= jensen_shannon(one, three) + jensen_shannon(three, two) + 1e-12


@given(PAIRS)
def test_distances_bound_each_other(pair: Pair) -> None:
    one, two = pair
    assume(sum(one) and sum(two))
    far, apart = hellinger(one, two), total_variation(one, two)
    assert far**2 <= apart + 1e-12
    assert apart <= far * math.sqrt(2) + 1e-12
    assert l_infinity(one, two).value <= apart * 2 + 1e-12
    assert jensen_shannon(one, two) ** 2 <= apart + 1e-12


@given(PAIRS)
def test_l_infinity_names_the_cell_that_has_it(pair: Pair) -> None:
    one, two = pair
    assume(sum(one) and sum(two))
    found = l_infinity(one, two)
    apart = [abs(a / sum(one) - b / sum(two)) for a, b in zip(one, two, strict=True)]
    assert found.value == pytest.approx(max(apart))
    assert apart[found.index] == pytest.approx(max(apart))


@given(PAIRS)
def test_cramers_v_is_that_of_scipy(pair: Pair) -> None:
    one, two = np.array(pair[0]), np.array(pair[1])
    assume(one.sum() and two.sum() and np.count_nonzero(one + two) > 1)
    table = np.stack([one, two])[:, one + two > 0]
    assert cramers_v(one, two, corrected=False) == pytest.approx(
        association(table, method="cramer"), abs=1e-9
    )


@given(PAIRS)
def test_what_sampling_brings_about_is_taken_away_and_never_more_than_there_is(pair: Pair) -> None:
    one, two = pair
    assume(sum(one) and sum(two))
    n, m = sum(one), sum(two)
    cells = sum(1 for a, b in zip(one, two, strict=True) if a or b)
    less = (cells - 1) / (8 * math.log(2) * n * m / (n + m))
    expected = math.sqrt(max(0.0, jensen_shannon(one, two) ** 2 - less))
    assert jensen_shannon_debiased(one, two) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(200, 5000), (500, 5000), (2000, 2000)])
def test_without_a_change_the_debiased_divergence_is_none_on_average(n: int, m: int) -> None:
    random = np.random.default_rng(7)
    shares = np.full(32, 1 / 32)
    ones, twos = random.multinomial(n, shares, size=400), random.multinomial(m, shares, size=400)
    raw = np.mean([jensen_shannon(one, two) ** 2 for one, two in zip(ones, twos, strict=True)])
    less = 31 / (8 * math.log(2) * n * m / (n + m))
    # With six rows a cell, terms of higher order are still some 8 %.
    assert raw == pytest.approx(less, rel=0.1 if n == 200 else 0.05)


def test_false_alarms_at_the_warn_line_are_as_simulated() -> None:
    """Raw distances over 0.1 with 200 against 5,000 rows in 32 bins: all of them; debiased: about a fifth."""
    random = np.random.default_rng(11)
    shares = np.full(32, 1 / 32)
    pairs = [(random.multinomial(200, shares), random.multinomial(5000, shares)) for _ in range(500)]
    assert np.mean([jensen_shannon(*pair) >= 0.1 for pair in pairs]) > 0.98
    assert np.mean([jensen_shannon_debiased(*pair) >= 0.1 for pair in pairs]) == pytest.approx(0.19, abs=0.06)


def test_psi_without_a_change_is_chi_squared_as_published() -> None:
    """B. Yurdakul, Statistical properties of population stability index (2018): 95 % quantile, 10 bins, 500 rows: .034."""
    random = np.random.default_rng(13)
    shares = np.full(10, 0.1)
    found = [psi(random.multinomial(100_000, shares), random.multinomial(500, shares)) for _ in range(3000)]
    assert np.quantile(found, 0.95) == pytest.approx(0.034, abs=0.002)


@pytest.mark.parametrize("distance", [*BOUNDED, psi, l_infinity])
def test_what_is_no_pair_of_samples_is_refused(distance: Callable[..., float]) -> None:
    for one, two in (
        ([], []),
        ([1], [1, 2]),
        ([0, 0], [1, 2]),
        ([-1, 3], [1, 2]),
        ([math.nan, 1], [1, 2]),
        ([2.0**54], [1]),
    ):
        with pytest.raises(ValueError, match=r"sample|counts"):
            distance(one, two)


def test_nothing_is_added_by_nothing() -> None:
    with pytest.raises(ValueError, match="added to a cell"):
        psi([1, 0], [0, 1], smoothing=0)
    # Two rows, or weights of less than one, show nothing.
    for few in (1, 0.5, 0.1):
        assert cramers_v([few, 0], [0, few]) == 0
    assert cramers_v([1], [1]) == 0
