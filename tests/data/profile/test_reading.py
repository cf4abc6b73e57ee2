"""Figures from profiles against those from rows, within what bins allow."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.model import NumericProfile, RowSample, Scale
from mlops_cli.data.profile.numeric import scale_of
from mlops_cli.data.profile.reading import (
    bin_means,
    cdf,
    cells,
    extent,
    magnitudes,
    median,
    number_cells,
    quantile,
    robust_sd,
    shared_rows,
)
from mlops_cli.statistics.distance import jensen_shannon, psi
from mlops_cli.statistics.line import ks, wasserstein
from tests.support.tables import people, table

SHAPES: dict[str, Any] = {
    "normal": lambda random, n: random.normal(size=n),
    "lognormal": lambda random, n: random.lognormal(0, 1, n),
    "uniform": lambda random, n: random.uniform(-3, 9, n),
    "spiked": lambda random, n: np.where(random.random(n) < 0.3, 0.0, random.normal(5, 2, n)),
    "whole": lambda random, n: random.poisson(40, n).astype(float),
    "heavy": lambda random, n: random.standard_t(2, n),
    "two humps": lambda random, n: random.normal(size=n) + 8 * (random.random(n) < 0.5),
}


def pair(shape: str, seed: int = 3) -> tuple[np.ndarray, np.ndarray, NumericProfile, NumericProfile]:
    """Return rows of two samples, the second a little off, and their profiles on the layout of the first."""
    random = np.random.default_rng(seed)
    first, second = SHAPES[shape](random, 20_000), SHAPES[shape](random, 5_000) * 1.2 + 0.3
    baseline = profile_table(table({"x": first}))
    window = profile_table(table({"x": second}), baseline=baseline)
    a, b = baseline.columns[0], window.columns[0]
    assert isinstance(a, NumericProfile)
    assert isinstance(b, NumericProfile)
    return first, second, a, b


def counted(values: np.ndarray, layout: NumericProfile) -> list[int]:
    """Return the rows of each bin and point of a layout, counted one by one."""
    points = set(layout.points)
    rest = np.array([value for value in values.tolist() if value not in points])
    bins = np.bincount(np.searchsorted(layout.edges, rest, side="right"), minlength=len(layout.edges) + 1)
    return [*bins.tolist(), *(int(np.count_nonzero(values == point)) for point in layout.points)]


@pytest.mark.parametrize("shape", SHAPES)
def test_distances_of_cells_are_exactly_those_of_rows_in_the_same_cells(shape: str) -> None:
    first, second, a, b = pair(shape)
    raw = counted(first, a), counted(second, a)
    told = ([*a.counts, *a.point_counts], [*b.counts, *b.point_counts])
    assert told == raw
    assert jensen_shannon(*told) == jensen_shannon(*raw)
    assert psi(*told) == psi(*raw)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_largest_gap_of_distributions_is_right_to_the_largest_bin(shape: str) -> None:
    first, second, a, b = pair(shape)
    marks = sorted({*a.edges, *a.points, *(math.nextafter(point, math.inf) for point in a.points)})
    told = max(abs((cdf(a, mark) or 0) - (cdf(b, mark) or 0)) for mark in marks)
    largest = max(max(each.counts) / each.finite for each in (a, b))
    raw = ks(first, second).statistic
    assert raw - largest <= told <= raw + largest


@pytest.mark.parametrize("shape", SHAPES)
def test_the_distance_in_units_is_bounded_by_bins(shape: str) -> None:
    first, second, a, b = pair(shape)
    # Where all rows of a bin stand at its mean, each moves by less than the width of its bin.
    moved = []
    places = []
    for each, values in ((a, first), (b, second)):
        inside = np.searchsorted(a.edges, values, side="right")
        means = np.array([mean if mean is not None else 0.0 for mean in bin_means(each)])
        stood = np.where(np.isin(values, a.points), values, means[inside])
        places.append(stood)
        moved.append(float(np.abs(values - stood).mean()))
    raw = wasserstein(first, second)
    assert abs(wasserstein(*places) - raw) <= sum(moved) + 1e-9
    assert sum(moved) < 0.2 * np.std(first)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_distribution_function_is_exact_at_edges(shape: str) -> None:
    first, second, a, b = pair(shape)
    for values, each in ((first, a), (second, b)):
        for mark in a.edges:
            assert cdf(each, mark) == pytest.approx(np.mean(values < mark), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.02, 0.25, 0.5, 0.75, 0.98])
def test_quantiles_are_right_to_a_bin(shape: str, share: float) -> None:
    first, second, a, b = pair(shape)
    for values, each in ((first, a), (second, b)):
        found = quantile(each, share)
        assert found is not None
        low, high = np.mean(values < found), np.mean(values <= found)
        slack = max(each.counts) / each.finite
        assert low - slack <= share <= high + slack


def test_the_median_is_known_where_all_values_left_the_baseline() -> None:
    random = np.random.default_rng(5)
    baseline = profile_table(table({"x": random.normal(70, 5, 5000)}))
    for factor in (1000, 0.001, 2.54, -1):
        window = profile_table(table({"x": random.normal(70, 5, 5000) * factor}), baseline=baseline).columns[
            0
        ]
        assert isinstance(window, NumericProfile)
        assert median(window) == pytest.approx(70 * factor, rel=0.06)


def test_an_open_bin_ends_as_far_beyond_its_mean_as_that_is_from_its_edge() -> None:
    column = profile_table(table({"x": np.linspace(100, 200, 20_001)})).columns[0]
    assert isinstance(column, NumericProfile)
    assert quantile(column, 0) == pytest.approx(100, abs=0.1)
    assert quantile(column, 1) == pytest.approx(200, abs=0.1)


def test_quartiles_give_the_spread_of_a_normal_column() -> None:
    column = profile_table(table({"x": np.random.default_rng(6).normal(3, 2, 50_000)})).columns[0]
    assert isinstance(column, NumericProfile)
    assert robust_sd(column) == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(
    "values", [[-1e308, 1e308], [5e-324, 1.0], [0.0], [-7.5, -7.5], list(range(-300, 300))]
)
def test_magnitudes_hold_every_value_once(values: list[float]) -> None:
    found = magnitudes(scale_of(np.sort(np.array(values, dtype=float))))
    assert sum(cell.rows for cell in found) == len(values)
    assert len(found) <= Scale.MOST
    for value in values:
        assert any(cell.low <= value <= cell.high for cell in found)
    assert all(before.high <= after.low for before, after in pairwise(found))


def test_the_extent_holds_all_values_and_hardly_more() -> None:
    values = np.random.default_rng(7).lognormal(3, 1, 5000)
    column = profile_table(table({"x": values})).columns[0]
    assert isinstance(column, NumericProfile)
    low, high = extent(column) or (0, 0)
    assert 0.8 * values.min() < low <= values.min()
    assert values.max() <= high < 1.25 * values.max()


def test_the_cells_of_every_kind_are_all_rows() -> None:
    data = people(400)
    profile = profile_table(table({name: data[name] for name in data.column_names}))
    for column in profile.columns:
        assert sum(cell.rows for cell in cells(column)) == 400, column.name


def test_a_constant_column_has_its_value_for_every_quantile() -> None:
    column = profile_table(table({"x": [1.1] * 7})).columns[0]
    assert isinstance(column, NumericProfile)
    assert [quantile(column, share) for share in (0, 0.5, 1)] == [1.1] * 3


def test_nothing_is_said_of_no_values() -> None:
    column = profile_table(table({"x": np.array([np.nan, np.inf])})).columns[0]
    assert isinstance(column, NumericProfile)
    assert (median(column), robust_sd(column), cdf(column, 0.0), extent(column)) == (None, None, None, None)


def test_rows_that_two_tables_share_are_estimated() -> None:
    data = people(4000)
    whole, part, other = (
        profile_table(table({name: each[name] for name in each.column_names})).sample
        for each in (data, data.slice(0, 2000), people(2000, 99))
    )
    assert shared_rows(part, whole) == 1.0
    assert shared_rows(whole, part) == pytest.approx(0.5, abs=0.12)
    assert shared_rows(part, other) == 0.0
    assert shared_rows(RowSample(), whole) is None


def test_points_are_cells_between_the_bins() -> None:
    random = np.random.default_rng(8)
    values = np.concatenate([random.uniform(0, 10, 900), np.full(100, 5.0)])
    column = profile_table(table({"x": values})).columns[0]
    assert isinstance(column, NumericProfile)
    point = next(cell for cell in number_cells(column) if cell.kind == "point")
    assert (point.label, point.rows) == ("5", 100)
    lows = [cell.low for cell in number_cells(column)]
    assert lows == sorted(lows)
