"""Times that were shifted, rows that are old or not there yet, and how many rows there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks.facts import WEEK, hours_of_week
from mlops_cli.data.checks.schema import TableSchema
from mlops_cli.data.checks.timing import shift_between
from tests.support.planted import customers, found, only, validated

BEFORE, NOW = customers(5000, 1), customers(2000, 2, start=5000)


@pytest.mark.parametrize("hours", [-9, -5, -1, 1, 2, 5, 8, 12])
def test_times_in_another_zone_are_told_by_how_many_hours(hours: int) -> None:
    frame = NOW.assign(created=NOW["created"] + pd.Timedelta(hours=hours))
    result = validated(frame, against=BEFORE)
    if abs(hours) == 1:  # too alike for a sample of this size: silent rather than wrong
        assert {finding.evidence.get("hours") for finding in result.findings} <= {hours}
        return
    finding = only(result, "time_zone")
    assert (finding.column, finding.severity, finding.evidence["hours"]) == ("created", "fail", hours)
    assert f"{abs(hours)} hours {'later' if hours > 0 else 'earlier'}" in finding.cause


def test_hours_that_are_all_alike_say_nothing() -> None:
    flat = np.full(WEEK, 100, dtype=np.int64)
    assert shift_between(flat, np.roll(flat, 5)) is None


def test_another_rhythm_is_no_shift() -> None:
    day = np.tile(np.array([1] * 8 + [20] * 10 + [5] * 6), 7).astype(np.int64) * 10
    night = np.tile(np.array([20] * 4 + [1] * 14 + [9] * 6), 7).astype(np.int64) * 10
    assert shift_between(day, night) is None


def test_hours_of_the_week_begin_on_monday() -> None:
    times = pd.to_datetime(["2024-01-01 00:30", "2024-01-07 23:59", "1969-12-29 05:00"])
    assert hours_of_week(times.to_numpy().astype("datetime64[us]").astype(np.int64)).tolist() == [0, 167, 5]


# Age ------------------------------------------------------------------------------------------------------------------

NEWEST = NOW["created"].max().tz_localize("UTC").to_pydatetime()
DAY = pd.Timedelta(days=1)


def test_a_table_that_is_too_old_fails() -> None:
    schema = TableSchema(time="created", fresh=2 * 86_400)
    assert found(validated(NOW, schema, now=NEWEST + DAY)) == set()
    finding = only(validated(NOW, schema, now=NEWEST + 3 * DAY), "stale")
    assert (finding.column, finding.severity, finding.evidence["age_seconds"]) == (
        "created",
        "fail",
        3 * 86_400,
    )


def test_rows_from_the_future_are_a_warning_with_their_rows() -> None:
    frame = NOW.copy()
    frame.loc[[3, 9], "created"] = pd.Timestamp("2099-01-01")
    finding = only(validated(frame, TableSchema(time="created"), now=NEWEST), "future")
    assert (finding.severity, finding.rows) == ("warn", (3, 9))


@pytest.mark.parametrize(
    "schema",
    [
        TableSchema(at_least=2000, at_most=2000),
        TableSchema(usual_rows=(1950, 2100, 1990, 2040)),
        TableSchema(usual_rows=(9,)),
    ],
)
def test_a_usual_number_of_rows_is_no_finding(schema: TableSchema) -> None:
    assert found(validated(NOW, schema)) == set()


def test_the_age_of_an_old_table_is_written_out() -> None:
    schema = TableSchema(time="created", fresh=2 * 86_400)
    finding = only(validated(NOW, schema, now=NEWEST + 4340 * DAY), "stale")
    assert "4,340 days ago; 2 days are allowed" in finding.message


def test_one_row_from_the_future_lies_there() -> None:
    frame = NOW.copy()
    frame.loc[3, "created"] = frame["created"].max() + 400 * DAY
    finding = only(validated(frame, TableSchema(time="created"), now=NEWEST), "future")
    assert finding.message.startswith("1 row lies in the future")
