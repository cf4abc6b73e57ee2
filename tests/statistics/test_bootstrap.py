"""The bootstrap on cells: against rows drawn with replacement, deterministic, quick, and small."""

from __future__ import annotations

import math
import time
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from mlops_cli.statistics.bootstrap import bootstrap, poisson_weights
from mlops_cli.statistics.interval import wilson
from mlops_cli.statistics.seeds import seed_of

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Floats


def mean(sums: Floats) -> Floats:
    return sums[:, 1] / sums[:, 0]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 30, 48, 49, 300, 50_000, 0.5, 12.25])
def test_counts_are_drawn_from_poisson_distributions(count: float) -> None:
    drawn = poisson_weights(3, 20_000, [count])[:, 0]
    assert (drawn == np.floor(drawn)).all()
    assert drawn.min() >= 0
    assert drawn.mean() == pytest.approx(count, abs=4 * math.sqrt(max(count, 1e-9) / 20_000) + 1e-9)
    assert drawn.var() == pytest.approx(count, rel=0.06)
    if count:
        top = np.arange(int(count + 8 * math.sqrt(count) + 8))
        found = np.searchsorted(np.sort(drawn), top, side="right") / 20_000
        assert np.abs(found - stats.poisson.cdf(top, count)).max() < 0.014


def test_cells_are_drawn_independently_and_in_their_order() -> None:
    counts = [100, 3, 0, 3, 70, 1, 48]
    drawn = poisson_weights(1, 5000, counts)
    assert drawn.mean(axis=0) == pytest.approx(counts, abs=0.6)
    used = [0, 1, 3, 4, 5, 6]
    assert np.abs(np.corrcoef(drawn[:, used].T) - np.eye(6)).max() < 0.06


def test_the_interval_is_that_of_rows_drawn_with_replacement() -> None:
    random = np.random.default_rng(8)
    values = np.round(random.gamma(2.0, size=300), 1)
    cells, counts = np.unique(values, return_counts=True)
    ours = bootstrap(np.stack([np.ones_like(cells), cells], axis=1), counts, mean, seed=1, repetitions=8000)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=8000, rng=np.random.default_rng(1)
    )
    low, high = theirs.confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_a_rate_has_about_wilsons_interval() -> None:
    found = bootstrap([[1, 0], [1, 1]], [700, 300], mean, seed=5, repetitions=8000)
    assert (found.low, found.high) == pytest.approx(
        (wilson(300, 1000).low, wilson(300, 1000).high), abs=0.003
    )


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    cells, counts = np.stack([np.ones(500), np.linspace(0, 1, 500)], axis=1), np.arange(500)
    one = bootstrap(cells, counts, mean, seed=seed_of("a"))
    np.random.default_rng(0).random(5)
    assert bootstrap(cells, counts, mean, seed=seed_of("a")) == one
    assert bootstrap(cells, counts, mean, seed=seed_of("b")) != one


def test_the_global_state_of_numpy_is_not_touched() -> None:
    np.random.seed(1)
    before = np.random.get_state()[1].copy()  # type: ignore[index]
    bootstrap([[1, 1]], [5], mean, seed=1)
    assert (np.random.get_state()[1] == before).all()  # type: ignore[index]


def test_repetitions_without_an_answer_are_left_out_and_counted() -> None:
    # One row of the class: in e^-1 of repetitions it is not drawn, and recall is not defined.
    found = bootstrap([[1, 1], [0, 0]], [1, 99], mean, seed=1)
    assert found.value == 1
    assert found.usable / found.repetitions == pytest.approx(1 - math.exp(-1), abs=0.04)
    assert (found.low, found.high) == (1, 1)


def test_no_usable_repetition_says_so() -> None:
    calls = []

    def once(sums: Floats) -> Floats:
        calls.append(len(sums))
        return np.ones(1) if len(calls) == 1 else np.full(len(sums), np.nan)

    found = bootstrap([[1.0]], [3], once, seed=1, repetitions=50)
    assert (found.low, found.high, found.usable) == (-math.inf, math.inf, 0)
    assert calls == [1, 50]


def test_cells_without_rows_make_no_difference_but_to_the_draws() -> None:
    one = bootstrap([[1, 2.0], [1, 5.0]], [40, 60], mean, seed=1)
    two = bootstrap([[1, 2.0], [1, 9.0], [1, 5.0]], [40, 0, 60], mean, seed=1)
    assert one == two


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        ([], []),
        ([[1.0]], [0]),
        ([[1.0]], [1, 2]),
        ([[math.nan]], [1]),
        ([1.0], [1]),
        ([[1.0]], [-1]),
        ([[1.0]], [math.nan]),
    ],
)
def test_what_cannot_be_drawn_is_refused(cells: list[list[float]], counts: list[float]) -> None:
    with pytest.raises(ValueError, match=r"cell|counts|rows"):
        bootstrap(cells, counts, lambda sums: sums[:, 0], seed=1)


def test_a_statistic_that_the_data_do_not_have_is_refused(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(ValueError, match="not defined"):
        bootstrap([[0.0, 1.0]], [5], mean, seed=1)
    assert not recwarn.list


@pytest.mark.parametrize("level", [0, 1, 1.5])
def test_what_is_no_level_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        bootstrap([[1.0, 1.0]], [5], mean, seed=1, level=level)


def test_ten_thousand_cells_are_quick_and_small() -> None:
    random = np.random.default_rng(1)
    cells = np.stack([np.ones(10_000), random.random(10_000), random.random(10_000)], axis=1)
    counts = random.integers(0, 200, 10_000)
    start = time.process_time()
    bootstrap(cells, counts, mean, seed=1)
    assert time.process_time() - start < 3  # 0.2 s on a free core
    tracemalloc.start()
    bootstrap(cells, counts, mean, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6
