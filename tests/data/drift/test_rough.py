"""Two profiles, each on bins of its own: never a hard verdict from an artefact, and what is sure is found all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.data.drift.compare import compare_profiles
from mlops_cli.data.drift.rough import even, keys_found, moved, nearest
from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.model import CategoricalProfile, NumericProfile
from mlops_cli.data.table.table import table_of
from tests.support.drift_shapes import SHAPES, shaped

if TYPE_CHECKING:
    from mlops_cli.data.drift.model import ColumnDrift
    from mlops_cli.data.profile.model import Profile

RANDOM = np.random.default_rng


def profiled(values: Any, baseline: Profile | None = None) -> Profile:
    return profile_table(table_of(pa.table({"a": pa.array(values, from_pandas=True)})), baseline=baseline)


def both_ways(before: Any, after: Any) -> tuple[ColumnDrift, ColumnDrift]:
    """Return the column on bins of their own, and on one set of bins."""
    reference = profiled(before)
    return (
        compare_profiles(reference, profiled(after)).columns[0],
        compare_profiles(reference, profiled(after, reference)).columns[0],
    )


def coarse(random: np.random.Generator, shift: float, rows: int = 8000) -> Any:
    """Return values on a coarse grid, as of a thermometer: more than a profile keeps one by one, fewer than it has bins."""
    return np.round(np.clip(random.normal(0.5 + shift, 0.2, rows), 0, 1) / 0.02) * 0.02


def test_values_on_a_grid_fail_on_bins_of_their_own_only_where_they_do_on_one_set() -> None:
    random = RANDOM(1)
    before, after = coarse(random, 0), coarse(random, 0.03)
    own, one = both_ways(before, after)
    assert one.verdict == "pass"
    assert own.verdict in ("pass", "insufficient")
    assert own.effect == pytest.approx(one.effect, abs=0.02)


def test_where_the_bins_decide_there_is_no_verdict_and_the_reason_has_both_numbers() -> None:
    random = RANDOM(2)
    before = np.round(random.normal(0.5, 0.2, 8000), 2)
    after = np.round(random.normal(0.5, 0.2, 8000) + 0.01, 2)
    rough = [
        both_ways(each, other)[0]
        for each, other in ((before, after), (coarse(random, 0), coarse(random, 0.04)))
    ]
    (found,) = [each for each in rough if each.verdict == "insufficient"][:1]
    assert "bins of its own" in found.reason
    assert found.needed is None  # no number of rows would help


def test_without_a_change_hardly_anything_fails_on_bins_of_their_own() -> None:
    failed = []
    for seed in range(4):
        random = RANDOM(seed)
        sides = [profile_table(table_of(shaped(random, 600, 26))) for _ in range(2)]
        report = compare_profiles(sides[0], sides[1])
        failed += [each.name for each in report.columns if each.verdict in ("fail", "error")]
    assert failed == []


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "others"), [(200, 200), (2000, 2000), (20_000, 1000)])
def test_in_at_most_one_comparison_of_twenty_does_any_column_fail_on_bins_of_their_own(
    rows: int, others: int
) -> None:
    any_fail = 0
    for seed in range(60):
        random = RANDOM((rows, seed))
        sides = [profile_table(table_of(shaped(random, size, 26))) for size in (rows, others)]
        any_fail += any(each.verdict == "fail" for each in compare_profiles(sides[0], sides[1]).columns)
    assert any_fail <= 3


@pytest.mark.parametrize("shift", [0.6, 1.0, 3.0])
def test_a_change_is_found_as_on_one_set_of_bins(shift: float) -> None:
    random = RANDOM(3)
    own, one = both_ways(random.normal(size=5000), random.normal(shift, 1, 5000))
    assert (own.verdict, own.cause) == (one.verdict, one.cause) == ("fail", "higher")
    assert own.effect is not None
    assert one.effect is not None
    assert own.effect <= one.effect + 0.01  # what is sure is never more than what is


@given(st.integers(0, 10_000), st.integers(30, 400), st.floats(-2, 2))
@settings(max_examples=25, deadline=None)
def test_rows_are_shared_out_and_none_is_lost(seed: int, rows: int, shift: float) -> None:
    random = RANDOM(seed)
    layout, column = (profiled(np.round(random.normal(move, 1, rows), 1)).columns[0] for move in (0.0, shift))
    assert isinstance(layout, NumericProfile)
    assert isinstance(column, NumericProfile)
    for found in (nearest(column, layout), even(column, layout)):
        assert sum(found.counts) + sum(found.point_counts) == rows
        assert min((*found.counts, *found.point_counts)) >= 0
        assert (found.edges, found.points) == (layout.edges, layout.points)


def test_a_column_on_its_own_bins_stays_as_it_is() -> None:
    (column,) = profiled(RANDOM(4).normal(size=2000)).columns
    assert isinstance(column, NumericProfile)
    assert nearest(column, column).counts == column.counts
    assert moved(column, column) == 0


def test_the_way_that_values_moved_does_not_depend_on_bins() -> None:
    random = RANDOM(5)
    one, two = (profiled(random.normal(shift, 1, 5000)).columns[0] for shift in (0, 2))
    assert isinstance(one, NumericProfile)
    assert isinstance(two, NumericProfile)
    assert moved(one, two) == pytest.approx(2, abs=0.1)


def test_a_class_that_is_frequent_on_one_side_only_is_looked_for_among_all_others_of_the_other() -> None:
    random = RANDOM(6)
    one, two = (profiled(SHAPES["many classes"](random, rows)).columns[0] for rows in (20_000, 500))
    assert isinstance(one, CategoricalProfile)
    assert isinstance(two, CategoricalProfile)
    found = keys_found(one, two)
    assert set(found) == set(one.values) - set(two.values)
    assert sum(found.values()) <= two.outside.rows
    few = profiled(["x"] * 300 + ["y"] * 40 + ["z"] * 2).columns[0]
    many = profiled(["x"] * 300 + ["y"] * 40 + ["z"] * 40).columns[0]
    assert isinstance(few, CategoricalProfile)
    assert isinstance(many, CategoricalProfile)
    assert keys_found(many, few) == {"z": 2}


def test_classes_that_are_frequent_on_one_side_only_are_no_drift() -> None:
    random = RANDOM(8)
    own, _ = both_ways(SHAPES["many classes"](random, 20_000), SHAPES["many classes"](random, 800))
    assert own.verdict == "pass", own.reason
