"""What a committed profile may tell of single rows: nothing but what many rows share."""

from __future__ import annotations

import json

import numpy as np

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.merge import merge
from mlops_cli.data.profile.model import CategoricalProfile, NumericProfile
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.text import profile_to_bytes
from tests.support.tables import table


def test_a_value_of_fewer_than_five_rows_is_not_named() -> None:
    data = table({"x": ["common"] * 20 + ["uncommon"] * 5 + ["secretive"] * 4}, kinds={"x": "categorical"})
    written = profile_to_bytes(profile_table(data))
    assert b"uncommon" in written
    assert b"secretive" not in written


def test_a_window_names_no_value_that_the_baseline_does_not_name() -> None:
    baseline = profile_table(table({"x": ["common"] * 20}, kinds={"x": "categorical"}))
    window = profile_table(
        table({"x": ["common"] * 2 + ["secretive"] * 50}, kinds={"x": "categorical"}), baseline=baseline
    )
    assert b"secretive" not in profile_to_bytes(window)
    column = window.columns[0]
    assert isinstance(column, CategoricalProfile)
    assert column.unseen == (("secretive", 50),)
    again = profile_from_bytes(profile_to_bytes(window), "w.json").columns[0]
    assert isinstance(again, CategoricalProfile)
    assert again.unseen == ()


def test_values_of_which_most_differ_are_not_named() -> None:
    values = [f"person {number}" for number in range(200)] + ["twice"] * 9
    for kind in ("categorical", "text"):
        written = profile_to_bytes(profile_table(table({"x": values}, kinds={"x": kind})))
        assert b"person" not in written
        assert b"twice" not in written


def test_a_number_stands_in_a_profile_only_where_five_rows_have_it() -> None:
    values = np.array([1.5] * 30 + [2.25] * 30 + [123456.789] + [77.125] * 4)
    found = profile_table(table({"x": values})).columns[0]
    assert isinstance(found, NumericProfile)
    assert found.points == (1.5, 2.25)
    assert {found.low, found.high} <= {1.5, 2.25, 77.125}
    assert b"123456.789" not in profile_to_bytes(profile_table(table({"x": values})))


def test_the_smallest_and_the_largest_number_are_not_told() -> None:
    values = np.random.default_rng(1).normal(1000, 1, 5000)
    values[17], values[99] = 31337.25, -31337.75
    written = profile_to_bytes(profile_table(table({"x": values})))
    assert b"31337" not in written


def test_few_rows_make_no_bins() -> None:
    found = profile_table(table({"x": [1.0, 2.0, 3.0, 4.0]})).columns[0]
    assert isinstance(found, NumericProfile)
    assert (found.low, found.points, found.edges) == (None, (), ())
    bins = profile_table(table({"x": np.arange(60.0) + 0.5})).columns[0]
    assert isinstance(bins, NumericProfile)
    assert min(bins.counts) >= 5


def test_of_a_private_column_only_its_counts_are_told() -> None:
    columns = {
        "name": ["Ana", "Ben"] * 20,
        "salary": np.arange(40) * 1000.5,
        "born": np.datetime64("1970-01-01", "us") + np.arange(40) * np.timedelta64(400, "D"),
        "note": [f"note {number}" for number in range(40)],
    }
    profile = profile_table(table(columns, kinds={"note": "text"}), pii=list(columns))
    record = json.loads(profile_to_bytes(profile))
    for column in record["columns"]:
        assert column["private"] is True
        assert (column["n"], column["missing"]) == (40, 0)
        assert not set(column) & {"distinct", "different", "moments", "derived"}
        told = [value for value in column.values() if isinstance(value, list | dict)]
        assert not any(
            str(value)
            for part in told
            for value in part
            if isinstance(value, str) and "n" in value and "/" in value
        )
    name, salary, born, note = record["columns"]
    assert (name["values"], name["outside"]["kept"], name["others"][1]) == ([], ["", []], "")
    assert (salary["low"], salary["high"], salary["edges"], salary["points"], salary["scale"]) == (
        None,
        None,
        [],
        [],
        [0],
    )
    assert (born["first"], born["last"], born["hours"], born["timeline"]["counts"]) == (None, None, [], [])
    assert note["shapes"] == []
    assert record["sample"] == ["", []]
    assert record["ranks"]["columns"] == []
    assert profile_from_bytes(profile_to_bytes(profile), "p.json") == profile


def test_what_the_baseline_says_is_private_stays_private() -> None:
    values = table({"name": ["Ana", "Ben"] * 20, "x": np.arange(40.0)})
    baseline = profile_table(values, pii=["name"])
    window = profile_table(values, baseline=baseline)
    assert [column.private for column in window.columns] == [True, False]
    assert merge([window, window]).columns[0].n == 80


def test_one_value_has_other_hashes_in_other_columns() -> None:
    found = profile_table(table({"a": ["x"] * 9, "b": ["x"] * 9}))
    first, second = (column.distinct for column in found.columns)
    assert first is not None
    assert second is not None
    assert first.to_json() != second.to_json()
