from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from mlops_cli.actions.profile import ProfileDiffResult, ProfileResult
from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.diff import diff
from mlops_cli.render.profile import (
    picture,
    profile_result_wire,
    profile_summary,
    profile_text,
    share_text,
    spark,
    summary,
    time_text,
)
from mlops_cli.render.profile_diff import profile_diff_summary, profile_diff_text, profile_diff_wire
from tests.support.tables import table


@pytest.fixture(scope="module")
def result() -> ProfileResult:
    columns = {
        "age": [*range(20, 60), None, None] * 10,
        "city": (["Oslo"] * 20 + ["Bern"] * 15 + ["Lima"] * 7) * 10,
        "member": [True, False, False] * 140,
        "at": np.datetime64("2024-01-01", "us") + np.arange(420) * np.timedelta64(1, "D"),
        "note": [f"N-{number}" for number in range(420)],
        "secret": ["x", "y"] * 210,
        "empty": [None] * 420,
        "always": [7] * 420,
    }
    data = table(columns, kinds={"note": "text"})
    return ProfileResult("people.csv", profile_table(data, pii=["secret"]), "base.json")


def test_each_column_has_a_line_with_what_it_is(result: ProfileResult) -> None:
    lines = profile_text(result, "table").splitlines()
    assert lines[0].split() == ["column", "kind", "missing", "distinct", "values", "what", "they", "are"]
    shown = {line.split()[0]: line for line in lines[1:]}
    assert "4.8 %" in shown["age"]
    assert "median 39 (29 to 49), mean 39.5 ± " in shown["age"]
    assert "█▆▃" in shown["city"]
    assert "Oslo 48 %, Bern 36 %, Lima 17 %" in shown["city"]
    assert "true 33 %" in shown["member"]
    assert "2024-01-01 to 2025-02-23" in shown["at"]
    assert "3 to 5 characters, like A-9 100 %, all different" in shown["note"]
    assert shown["secret"].endswith("private")
    assert shown["empty"].endswith("no values")
    assert shown["always"].endswith("always 7")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_table_fits_the_terminal(result: ProfileResult, width: int) -> None:
    import re

    text = re.sub(r"\x1b\[[0-9;]*m", "", profile_text(result, "table", width=width))
    assert max(map(len, text.splitlines())) <= width
    assert all(name in text for name in ("age", "city", "always"))


def test_a_list_for_programs_has_whole_figures(result: ProfileResult) -> None:
    rows = {row["column"]: row for row in csv.DictReader(io.StringIO(profile_text(result, "csv")))}
    assert rows["age"]["mean"] == "39.5"
    assert rows["age"]["missing_share"] == "0.047619047619"
    assert (rows["city"]["top"], rows["city"]["top_share"]) == ("Oslo", "0.47619047619")
    assert rows["secret"]["distinct"] == ""
    assert profile_text(result, "md").splitlines()[1] == "| --- | --- | --- | --- | --- | --- |"


def test_the_summary_tells_of_the_whole_table(result: ProfileResult) -> None:
    assert profile_summary(result).splitlines() == [
        "people.csv: 420 rows, 8 columns (3 numeric, 2 categorical, 1 boolean, 1 datetime, 1 text).",
        "column 'empty': it has no value at all",
        "Wrote base.json: a baseline.",
    ]


def test_repeated_rows_are_told() -> None:
    found = ProfileResult("t", profile_table(table({"x": [1.0, 1.0, 2.0, 3.0]})))
    assert "25 % of the rows repeat another row." in profile_summary(found)


def test_the_json_has_the_file_itself(result: ProfileResult) -> None:
    wire = profile_result_wire(result)
    assert (wire["schema"], wire["out"], wire["profile"]["format"]) == (1, "base.json", "mlops.profile")


def test_a_value_that_would_steer_the_terminal_is_spelled_out() -> None:
    found = profile_table(table({"x\x1b[1m": ["\x1b[31mred\n"] * 9}, kinds={}))
    assert "\x1b" not in profile_text(ProfileResult("t", found), "table")


@pytest.mark.parametrize(
    ("heights", "drawn"), [([], ""), ([0, 0], ""), ([1], "█"), ([0, 1, 1000], " ▁█"), ([8, 4, 2], "█▄▂")]
)
def test_a_picture_shows_the_smallest_part_and_no_nothing(heights: list[float], drawn: str) -> None:
    assert spark(heights) == drawn


def test_a_symmetric_column_has_a_symmetric_picture() -> None:
    column = profile_table(table({"x": np.linspace(-1, 1, 20_001)})).columns[0]
    assert picture(column) == "█" * 12


def test_infinite_values_and_spikes_are_told() -> None:
    random = np.random.default_rng(1)
    values = np.concatenate([np.zeros(300), random.normal(5, 1, 700), [np.inf] * 3])
    said = summary(profile_table(table({"x": values})).columns[0])
    assert "3 infinite" in said
    assert "0 in 30 %" in said


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (1e-9, "under 0.1 %"),
        (0.9999, "over 99.9 %"),
        (0.995, "99.5 %"),
    ],
)
def test_a_share_never_says_all_or_nothing_where_it_is_not(share: float, text: str) -> None:
    assert share_text(share) == text


def test_times_beyond_the_calendar_are_shown_as_seconds() -> None:
    assert time_text(10**18) == "1000000000000 s"


# diff ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def differing() -> ProfileDiffResult:
    before = profile_table(table({"x": np.arange(100.0), "w": ["a"] * 50 + ["b"] * 50, "gone": [1.0] * 100}))
    after = profile_table(table({"x": np.arange(100.0) + 40, "w": ["a"] * 50 + ["b"] * 50}), baseline=before)
    return ProfileDiffResult("a.json", "b.json", diff(before, after))


def test_what_differs_is_shown_the_gravest_first(differing: ProfileDiffResult) -> None:
    lines = profile_diff_text(differing, "table").splitlines()
    assert lines[1].split()[:2] == ["gone", "removed"]
    assert lines[2].split()[0] == "x"
    assert any(line.split() == ["mean", "49.5", "89.5"] for line in lines) or "mean" in lines[2]
    assert not any(line.startswith("w ") for line in lines)
    assert any("more, see -v" in line for line in lines)
    assert not any(
        "more, see -v" in line for line in profile_diff_text(differing, "table", everything=True).splitlines()
    )


def test_the_summary_of_a_diff_counts_columns(differing: ProfileDiffResult) -> None:
    assert profile_diff_summary(differing) == "2 columns of 3 differ; 100 rows before, 100 after.\n"


def test_two_layouts_are_told() -> None:
    first, second = (profile_table(table({"x": np.arange(90.0) * scale})) for scale in (1, 2))
    found = profile_diff_summary(ProfileDiffResult("a", "b", diff(first, second)))
    assert "not counted on one baseline" in found


def test_the_json_of_a_diff_has_every_column(differing: ProfileDiffResult) -> None:
    wire = profile_diff_wire(differing)
    assert [(column["name"], column["status"]) for column in wire["columns"]] == [
        ("x", "changed"),
        ("w", "same"),
        ("gone", "removed"),
    ]
    assert wire["one_layout"] is True


def test_a_diff_of_the_same_has_no_table() -> None:
    one = profile_table(table({"x": [1.0]}))
    assert profile_diff_text(ProfileDiffResult("a", "b", diff(one, one)), "table") == ""


def test_a_list_of_differences_names_the_column_in_each_row(differing: ProfileDiffResult) -> None:
    rows = list(csv.DictReader(io.StringIO(profile_diff_text(differing, "csv"))))
    assert {row["column"] for row in rows} == {"gone", "x"}
