"""Units that changed, and values beyond those that were seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks.facts import table_facts
from mlops_cli.data.checks.ranges import unit_between
from tests.support.planted import customers, found, only, table, validated

BEFORE, NOW = customers(5000, 1), customers(2000, 2, start=5000)


@pytest.mark.parametrize(
    ("change", "factor", "offset", "cause"),
    [
        (lambda x: x * 1000, 1000, 0, "thousandth"),
        (lambda x: x / 1000, 0.001, 0, "thousandfold"),
        (lambda x: x * 100, 100, 0, "percent"),
        (lambda x: x * 10, 10, 0, "decimal point"),
        (lambda x: x / 2.54, 1 / 2.54, 0, "inches"),
        (lambda x: x * 2.54, 2.54, 0, "centimetres"),
        (lambda x: x * 1.8 + 32, 1.8, 32, "Fahrenheit"),
        (lambda x: x + 273.15, 1, 273.15, "kelvin"),
        (lambda x: -x, -1, 0, "sign"),
    ],
)
def test_a_change_of_unit_is_named(change: object, factor: float, offset: float, cause: str) -> None:
    assert callable(change)
    result = validated(NOW.assign(height=change(NOW["height"])), against=BEFORE)
    finding = only(result, "unit")
    assert (finding.column, finding.severity) == ("height", "fail")
    assert finding.evidence["factor"] == pytest.approx(factor)
    assert finding.evidence["offset"] == pytest.approx(offset)
    assert cause in finding.cause
    assert found(result) == {("height", "unit")}


def test_temperatures_in_fahrenheit_are_recognised_among_values_around_zero() -> None:
    result = validated(NOW.assign(temperature=NOW["temperature"] * 1.8 + 32), against=BEFORE)
    assert "Celsius became Fahrenheit" in only(result, "unit").cause


def test_seconds_that_became_milliseconds_are_times_since_1970() -> None:
    seconds = 1.7e9 + np.arange(5000.0) * 60
    before, now = pd.DataFrame({"at": seconds}), pd.DataFrame({"at": (seconds[:2000] + 300_000) * 1000})
    finding = only(validated(now, against=before), "unit")
    assert finding.cause == "times since 1970 came in seconds and come in milliseconds"


def test_a_counter_that_goes_on_has_no_other_unit() -> None:
    before, now = pd.DataFrame({"id": np.arange(1, 8646)}), pd.DataFrame({"id": np.arange(8646, 17380)})
    assert found(validated(now, against=before)) == set()


def test_a_sorted_column_in_another_unit_is_recognised() -> None:
    before, now = BEFORE.sort_values("height"), NOW.assign(height=NOW["height"] * 100).sort_values("height")
    assert found(validated(now, against=before)) == {("height", "unit")}


def test_new_numbers_of_rows_lie_beyond_the_old_ones_in_any_order() -> None:
    mixed = BEFORE.sample(frac=1, random_state=1), NOW.sample(frac=1, random_state=2)
    assert found(validated(mixed[1], against=mixed[0])) == set()


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5, 1.0])
def test_a_shift_of_the_mean_is_no_change_of_unit(shift: float) -> None:
    now = NOW.assign(height=NOW["height"] + shift * 0.09, temperature=NOW["temperature"] + shift * 6)
    assert "unit" not in {check for _, check in found(validated(now, against=BEFORE))}


def test_a_unit_is_read_from_quantiles_alone() -> None:
    before = table_facts(table(BEFORE)).columns["height"].quantiles
    again = unit_between(before, before * 1e-3)
    assert again is not None
    assert again[0].factor == 1e-3
    assert unit_between(before, before) is None


def test_values_beyond_the_reference_are_counted() -> None:
    frame = NOW.copy()
    frame.loc[:39, "age"] = -999.0
    finding = only(validated(frame, against=BEFORE), "out_of_range")
    assert (finding.column, finding.severity, finding.evidence["low"]) == ("age", "warn", -999)
    assert finding.cause == "-999 may stand for a missing value"
    assert finding.rows == tuple(range(20))


def test_a_column_that_left_its_only_value_says_so() -> None:
    before, now = BEFORE.assign(year=0), NOW.assign(year=1)
    finding = only(validated(now, against=before), "out_of_range")
    assert (finding.column, finding.severity) == ("year", "fail")
    assert finding.cause == "the column was 0 throughout, and is not any more"


def test_a_few_extremes_are_what_samples_have() -> None:
    frame = NOW.copy()
    frame.loc[0, "height"] = 2.6
    assert found(validated(frame, against=BEFORE)) == set()
