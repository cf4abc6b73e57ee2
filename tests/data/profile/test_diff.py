"""What differs between two profiles."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.diff import ColumnDiff, diff
from mlops_cli.statistics.distance import jensen_shannon
from tests.support.tables import people, table


def figures(column: ColumnDiff) -> dict[str, tuple[object, object]]:
    return {change.what: (change.before, change.after) for change in column.changes}


def test_a_profile_does_not_differ_from_itself() -> None:
    data = people(300)
    columns = {name: data[name] for name in data.column_names}
    baseline = profile_table(table(columns))
    found = diff(baseline, profile_table(table(columns), baseline=baseline))
    assert found.one_layout
    assert found.changed == ()
    assert {column.distance for column in found.columns} == {0.0}


def test_columns_that_came_went_or_changed_their_kind_are_told() -> None:
    before = profile_table(table({"a": [1.0] * 9, "b": [1.0, 2.0] * 9 and [1.0] * 9, "c": [True] * 9}))
    after = profile_table(table({"c": ["yes"] * 9, "d": [1.0] * 9, "a": [1.0] * 9}), baseline=before)
    found = {column.name: column.status for column in diff(before, after).columns}
    assert list(found.items()) == [("c", "other kind"), ("d", "added"), ("a", "same"), ("b", "removed")]


def test_the_figures_that_differ_are_told() -> None:
    before = profile_table(
        table({"x": [1.0, 2.0, 3.0, 4.0, None] * 10, "w": ["a", "a", "a", "b", None] * 10})
    )
    after = profile_table(
        table({"x": [1.0, 2.0, 3.0, None, None] * 10, "w": ["a", "b", "b", "z", None] * 10}), baseline=before
    )
    numbers, words = diff(before, after).columns
    assert figures(numbers)["missing"] == (0.2, 0.4)
    assert figures(numbers)["mean"] == (2.5, 2.0)
    assert figures(words)["value a"] == (0.75, 0.25)
    assert figures(words)["unseen values"] == (0.0, 0.25)
    assert "storage" not in figures(words)


def test_the_distance_is_that_of_all_cells_with_missing_values() -> None:
    before = profile_table(table({"w": ["a"] * 60 + ["b"] * 30 + [None] * 10}))
    after = profile_table(table({"w": ["a"] * 30 + ["b"] * 30 + [None] * 40}), baseline=before)
    assert diff(before, after).columns[0].distance == pytest.approx(
        jensen_shannon([60, 30, 10], [30, 30, 40]), abs=1e-11
    )


def test_profiles_of_two_layouts_have_no_distance() -> None:
    first, second = (profile_table(table({"x": np.arange(90.0) * scale})) for scale in (1, 2))
    found = diff(first, second)
    assert not found.one_layout
    assert found.columns[0].distance is None
    assert found.columns[0].status == "changed"


def test_times_texts_and_flags_are_compared_too() -> None:
    start = np.datetime64("2024-01-01", "us")
    rows = np.arange(50) * np.timedelta64(1, "D")
    before = profile_table(
        table({"t": start + rows, "n": ["A-1"] * 50, "f": [True] * 50}, kinds={"n": "text"})
    )
    after = profile_table(
        table({"t": start + rows * 2, "n": ["1-A"] * 50, "f": [True, False] * 25}, kinds={"n": "text"}),
        baseline=before,
    )
    times, texts, flags = diff(before, after).columns
    assert figures(times)["last"][0] != figures(times)["last"][1]
    assert figures(texts)["shape A-9"] == (1.0, 0.0)
    assert figures(flags)["true"] == (1.0, 0.5)
