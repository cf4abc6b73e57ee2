"""The shape of a profiled column in steps of equal width."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.model import NumericProfile, TextProfile, Timeline
from mlops_cli.render.profile_slots import (
    ends,
    length_counts,
    loud_points,
    shares,
    steps_between,
    steps_scale,
    time_text,
    timeline_counts,
)
from tests.support.tables import table


def profiled(values: object) -> NumericProfile:
    column = profile_table(table({"x": values})).columns[0]
    assert isinstance(column, NumericProfile)
    return column


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_steps_are_equally_wide_and_hold_the_range(low: float, span: float) -> None:
    edges = steps_between(low, low + span)
    widths = [b - a for a, b in pairwise(edges)]
    assert edges[0] <= low + 1e-6 * span
    assert edges[-1] >= low + span - 1e-6 * span
    assert max(widths) - min(widths) < 1e-6 * max(1.0, abs(low), span)
    assert 10 <= len(widths) <= 60


@pytest.mark.parametrize("seed", range(5))
def test_no_row_is_lost_between_steps(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.choice(
        [random.normal(0, 3, 3_000), random.exponential(9, 3_000), random.integers(0, 9, 3_000) * 1.0]
    )
    column = profiled(values)
    found = ends([column])
    assert found is not None
    total = sum(shares(column, steps_between(*found)))
    assert total == pytest.approx((column.rows - column.below - column.above) / column.rows)


def test_the_drawn_shape_is_that_of_the_rows() -> None:
    values = np.random.default_rng(1).normal(50, 10, 40_000)
    column = profiled(values)
    found = ends([column])
    assert found is not None
    edges = steps_between(*found)
    counted = np.histogram(values, edges)[0] / len(values)
    assert np.abs(np.array(shares(column, edges)) - counted).max() < 0.012


def test_missing_rows_have_no_part_in_the_shape() -> None:
    column = profiled([1.0, 2.0, 3.0, None] * 100)
    found = ends([column])
    assert found is not None
    assert sum(shares(column, steps_between(*found))) == pytest.approx(0.75)


def test_a_value_of_most_rows_can_be_left_out_so_that_the_others_are_seen() -> None:
    column = profiled([0.0] * 900 + list(np.linspace(1, 50, 100)))
    loud = loud_points([column])
    assert loud == {0.0}
    found = ends([column])
    assert found is not None
    assert sum(shares(column, steps_between(*found), loud)) <= 0.1


def test_a_column_of_one_value_and_one_without_any_have_a_range_or_none() -> None:
    assert ends([profiled([7.0] * 50)]) == (6.5, 7.5)
    assert ends([NumericProfile(name="x", storage="double")]) is None


def test_the_texts_of_steps_stand_at_round_values() -> None:
    scale = steps_scale(steps_between(0, 100))
    assert scale.texts[0] == "0"
    assert all(0 <= tick <= scale.high for tick in scale.ticks)


def test_times_are_told_as_exactly_as_their_bins() -> None:
    assert timeline_counts(Timeline(86400, 0, (3, 4))) == [("1970-01-01", 3), ("1970-01-02", 4)]


def test_a_timeline_is_not_said_to_begin_before_its_first_time() -> None:
    week = 7 * 86400
    assert timeline_counts(Timeline(week, 0, (3, 4)), 2 * 86400 * 1_000_000) == [
        ("1970-01-03", 3),
        ("1970-01-08", 4),
    ]
    assert time_text(60, 60) == "1970-01-01 00:01"
    assert time_text(1e18, 86400)  # no year of a calendar


def test_lengths_begin_and_end_where_there_are_rows() -> None:
    lengths = tuple(int(start in (3, 5)) for start in TextProfile.LENGTHS)
    column = TextProfile(name="x", storage="string", lengths=lengths)
    assert length_counts(column) == [("3", 1), ("4", 0), ("5", 1)]
    assert length_counts(TextProfile(name="x", storage="string", lengths=(0, 0))) == []
