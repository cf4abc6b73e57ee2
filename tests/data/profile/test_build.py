"""What a profile counts, against numpy and pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlops_cli.data.profile.build import profile_table, row_hashes
from mlops_cli.data.profile.model import (
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    Profile,
    TextProfile,
)
from mlops_cli.data.profile.reading import number_cells, spearman
from mlops_cli.errors import UsageError
from tests.support.tables import people, table

if TYPE_CHECKING:
    from collections.abc import Sequence


def numeric(values: object, baseline: Profile | None = None) -> NumericProfile:
    found = profile_table(table({"x": values}), baseline=baseline).columns[0]
    assert isinstance(found, NumericProfile)
    return found


def categorical(values: Sequence[str | None], baseline: Profile | None = None) -> CategoricalProfile:
    data = table({"x": values}, kinds={"x": "categorical"})
    found = profile_table(data, baseline=baseline).columns[0]
    assert isinstance(found, CategoricalProfile)
    return found


def test_missing_and_infinite_numbers_are_counted_apart() -> None:
    found = numeric(np.array([1.0, np.nan, np.inf, -np.inf, np.inf, 0.0, -2.5, -0.0]))
    assert (found.n, found.missing, found.positive_infinite, found.negative_infinite) == (7, 1, 2, 1)
    assert (found.finite, found.zero, found.negative, found.integer) == (4, 2, 1, 3)
    assert found.different == 5  # both zeros are one number; infinities are values


@pytest.mark.parametrize("seed", [1, 2])
def test_bins_hold_what_numpy_counts_between_the_same_edges(seed: int) -> None:
    random = np.random.default_rng(seed)
    base = random.normal(size=20_000)
    values = random.normal(0.3, 1.2, 7_000)
    baseline = profile_table(table({"x": base}))
    found = numeric(values, baseline)
    inside = np.concatenate([[-np.inf], found.edges, [np.inf]])
    assert list(found.counts) == np.histogram(values, inside)[0].tolist()
    for place, (total, rows) in enumerate(zip(found.sums, found.counts, strict=True)):
        rows_of_bin = values[(values >= inside[place]) & (values < inside[place + 1])]
        assert found.centre + found.unit * total / rows == pytest.approx(rows_of_bin.mean(), abs=found.unit)


def test_the_bins_of_a_baseline_are_of_about_equal_mass() -> None:
    found = numeric(np.random.default_rng(3).lognormal(size=64_000))
    assert len(found.edges) == 63
    assert min(found.counts) > 930
    assert max(found.counts) < 1070


def test_a_number_that_many_rows_have_is_a_point_of_its_own() -> None:
    random = np.random.default_rng(4)
    values = random.normal(size=10_000)
    values[:3000], values[3000:3100] = 0.0, -999.0
    found = numeric(values)
    assert dict(zip(found.points, found.point_counts, strict=True)) == {-999.0: 100, 0.0: 3000}
    assert sum(found.counts) == 6900
    assert not found.discrete


def test_zero_has_no_sign() -> None:
    assert [str(point) for point in numeric(np.array([-0.0] * 9 + [1.0] * 9)).points] == ["0.0", "1.0"]


def test_few_different_numbers_are_all_points() -> None:
    found = numeric(np.repeat([0.0, 1.0, 7.0], [5000, 40, 5]))
    assert found.discrete
    assert dict(zip(found.points, found.point_counts, strict=True)) == {0.0: 5000, 1.0: 40, 7.0: 5}
    assert (found.edges, found.counts) == ((), (0,))


def test_low_and_high_are_quantiles_that_at_least_five_rows_reach() -> None:
    values = np.random.default_rng(5).normal(size=100_000)
    found = numeric(values)
    assert found.low == np.sort(values)[99]
    assert found.high == np.sort(values)[-100]
    few = numeric(np.arange(100.0))
    assert (few.low, few.high) == (4.0, 95.0)


def test_rows_beyond_the_baseline_are_counted_in_a_window() -> None:
    baseline = profile_table(table({"x": np.arange(100.0)}))
    found = numeric(np.array([-50.0, 4.0, 50.0, 95.0, 96.0, 1e6]), baseline)
    assert (found.below, found.above) == (1, 2)


def test_moments_are_those_of_scipy() -> None:
    from scipy import stats

    values = np.random.default_rng(6).gamma(2, 3, 5_000)
    moments = numeric(np.append(values, [np.nan, np.inf])).moments
    assert moments is not None
    assert moments.mean == pytest.approx(values.mean(), rel=1e-13)
    assert moments.sd == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert moments.skewness == pytest.approx(stats.skew(values), rel=1e-9)
    assert moments.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-9)


def test_whole_numbers_beyond_floats_are_told_apart() -> None:
    ids = 2**60 + np.arange(500)
    found = profile_table(table({"id": ids}))
    assert found.columns[0].different == 500
    assert found.different_rows == 500


def test_order_is_seen() -> None:
    found = profile_table(
        table(
            {"up": np.arange(9), "same": np.zeros(9), "free": np.array([3, 1, 2] * 3), "down": -np.arange(9)}
        )
    )
    assert [column.order for column in found.columns] == ["increasing", "constant", "none", "decreasing"]


def test_values_come_with_their_rows_the_most_frequent_first() -> None:
    found = categorical(["b"] * 9 + ["a"] * 30 + ["c"] * 9 + [None] * 3 + ["", " "] * 6)
    assert dict(zip(found.values, found.counts, strict=True)) == {"a": 30, "b": 9, "c": 9, "": 6, " ": 6}
    assert found.values[:3] == ("a", "b", "c")
    assert (found.missing, found.empty, found.blank, found.shortest, found.longest) == (3, 6, 6, 0, 1)


def test_unseen_values_are_counted_and_named_right_after_building() -> None:
    baseline = profile_table(table({"x": ["a"] * 20 + ["b"] * 20 + ["rare"]}, kinds={"x": "categorical"}))
    found = categorical(["a", "new", "new", "rare", "newer"], baseline)
    assert (found.outside.rows, found.outside.tested, found.outside.unseen) == (4, 4, 3)
    assert found.unseen == (("new", 2), ("newer", 1))
    assert found.outside.complete
    assert sorted(rows for _, rows in found.outside.kept) == [1, 1, 2]


def test_the_share_of_unseen_values_is_estimated_where_there_are_too_many_to_mark() -> None:
    known = [f"k{number}" for number in range(4000) for _ in range(3)]
    baseline = profile_table(table({"x": known}, kinds={"x": "categorical"}))
    found = categorical([f"k{n}" for n in range(4000)] + [f"u{n}" for n in range(4000)], baseline)
    assert found.outside.tested < 400
    assert 2500 < found.outside.unseen_rows < 5500


def test_a_boolean_column_is_counted() -> None:
    found = profile_table(table({"x": [True, False, None, True]})).columns[0]
    assert isinstance(found, BooleanProfile)
    assert (found.true, found.false, found.missing, found.distinct_count) == (2, 1, 1, 2)


def test_times_are_counted_by_hour_of_the_week_and_on_a_timeline() -> None:
    times = pd.Series(
        pd.date_range("2024-01-01", periods=24 * 14, freq="h")
    )  # the first of January 2024 was a Monday
    found = profile_table(table({"t": [*times.to_list(), None]})).columns[0]
    assert isinstance(found, DatetimeProfile)
    assert found.hours == (2,) * 168
    assert (found.n, found.missing, found.midnight, found.order) == (336, 1, 14, "increasing")
    assert pd.Timestamp(found.first, unit="us") == times.iloc[0]
    assert pd.Timestamp(found.last, unit="us") == times.iloc[-1]
    assert found.timeline.width == 21_600
    assert found.timeline.counts == (6,) * 56


@pytest.mark.parametrize(
    ("time", "hour"), [("2024-01-01T05:30", 5), ("1969-12-31T23:00", 71), ("2024-11-03T23:59", 167)]
)
def test_the_week_begins_on_monday(time: str, hour: int) -> None:
    found = profile_table(table({"t": [pd.Timestamp(time).to_pydatetime()] * 3})).columns[0]
    assert isinstance(found, DatetimeProfile)
    assert found.hours[hour] == 3


def test_texts_have_lengths_and_shapes_and_no_values() -> None:
    values = [f"A-{number:04d}" for number in range(300)] + ["Ana Lima", "Álvaro Ñ", "", "  "]
    found = profile_table(table({"x": values}, kinds={"x": "text"})).columns[0]
    assert isinstance(found, TextProfile)
    assert dict(zip(found.shapes, found.shape_counts, strict=True)) == {"A-9": 300}
    assert found.other_shapes == 4
    assert (found.empty, found.blank, found.longest, found.different) == (1, 1, 8, 304)
    assert sum(found.lengths) == 304
    assert found.repeated == 0


def test_columns_that_miss_values_together_are_found() -> None:
    random = np.random.default_rng(8)
    missing = random.random(1000) < 0.2
    a, b, c = (np.arange(1000.0) for _ in range(3))
    a[missing], b[missing], c[:50] = np.nan, np.nan, np.nan
    found = profile_table(table({"a": a, "b": b, "c": c}))
    assert (found.missing_pairs[0].first, found.missing_pairs[0].second) == ("a", "b")
    assert found.missing_pairs[0].rows == int(missing.sum())
    assert {pair.rows for pair in found.missing_pairs[1:]} == {int(missing[:50].sum())}


def test_rank_correlations_are_near_those_of_scipy() -> None:
    from scipy import stats

    random = np.random.default_rng(9)
    a = random.normal(size=4000)
    b = np.exp(a + random.normal(size=4000))
    c = random.integers(0, 3, 4000)
    found = profile_table(table({"a": a, "b": b, "c": c}))
    told = spearman(found.ranks, found.rows)
    for one, other, name in ((a, b, ("a", "b")), (a, c, ("a", "c"))):
        assert told[name] == pytest.approx(stats.spearmanr(one, other).statistic, abs=0.01)


def test_a_missing_value_has_the_middle_rank() -> None:
    values = np.arange(1000.0)
    half = np.where(values < 500, np.nan, values)
    found = profile_table(table({"a": values, "b": half, "c": np.full(1000, np.nan)}))
    assert found.ranks.columns == ("a", "b")
    # The codes of b are symmetric among its values, so that its missing ones leave the sum where it is.
    assert abs(found.ranks.sums[1]) < 0.05 * 500 * 15
    assert spearman(found.ranks, 1000)["a", "b"] == pytest.approx(0.35, abs=0.03)


def test_rows_that_are_the_same_are_counted() -> None:
    data = people(300)
    found = profile_table(
        table(dict(zip(data.column_names, pa.concat_tables([data, data.slice(0, 60)]).columns, strict=True)))
    )
    assert found.different_rows == 300
    assert found.duplicate_share == pytest.approx(60 / 360)


def test_row_hashes_do_not_depend_on_the_order_of_columns() -> None:
    data = people(50)
    same = data.select(list(reversed(data.column_names)))
    first, second = (row_hashes(table({n: each[n] for n in each.column_names})) for each in (data, same))
    assert first.tolist() == second.tolist()
    assert len(set(first.tolist())) == 50


def test_a_column_that_only_misses_values_has_the_baselines_kind() -> None:
    baseline = profile_table(table({"x": ["a"] * 9, "t": pd.date_range("2024", periods=9).to_list()}))
    found = profile_table(table({"x": [None, None], "t": [None, None]}), baseline=baseline)
    assert [column.kind for column in found.columns] == ["categorical", "datetime"]
    assert [column.missing for column in found.columns] == [2, 2]


def test_texts_are_taken_as_the_baseline_took_them() -> None:
    many = [f"street {number}" for number in range(400)] * 3
    baseline = profile_table(table({"x": many}, kinds={"x": "categorical"}))
    found = profile_table(table({"x": many[:400]}, kinds={"x": "text"}), baseline=baseline)
    assert found.columns[0].kind == "categorical"


def test_a_column_that_the_baseline_does_not_know_is_still_counted() -> None:
    baseline = profile_table(table({"x": np.arange(9.0)}))
    found = profile_table(
        table({"x": np.arange(9.0), "y": np.array([1.0, 2.0, np.nan] * 3)}), baseline=baseline
    )
    assert found.edges_from == baseline.edges_from
    column = found.column("y")
    assert isinstance(column, NumericProfile)
    assert (column.n, column.missing, column.counts) == (6, 3, (6,))


def test_an_unknown_private_column_is_named() -> None:
    with pytest.raises(UsageError, match="nmae"):
        profile_table(table({"name": ["a"]}), pii=["nmae"])


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [None] * 3,
        [np.inf] * 6,
        [5.0] * 50,
        [1e308, -1e308, 5e-324, 0.0, 1.0, 2.0],
        np.arange(10) * 1e306,
    ],
)
def test_odd_columns_have_a_profile(values: object) -> None:
    found = numeric(np.array(values, dtype=float))
    assert sum(cell.rows for cell in number_cells(found)) == found.finite
