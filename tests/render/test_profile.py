from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest

from mlops_cli.actions.profile import ProfileDiffResult, ProfileResult
from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.diff import diff
from mlops_cli.data.profile.merge import merge
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
from mlops_cli.render.profile_diff_page import profile_diff_page
from mlops_cli.render.profile_page_columns import sparkline
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
        "Column 'empty': it has no value at all.",
        "Wrote base.json: a baseline.",
    ]


def test_how_a_table_is_written_is_one_line_unless_everything_is_wanted(result: ProfileResult) -> None:
    many = replace(result, profile=replace(result.profile, warnings=("column 'a': one", "column 'b': two")))
    assert "2 notes on how the table is written; -v shows them." in profile_summary(many).splitlines()
    assert "Column 'b': two." in profile_summary(many, everything=True).splitlines()


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
    assert len(profile_diff_text(differing, "table", everything=True).splitlines()) > len(lines)


def test_the_summary_of_a_diff_counts_columns(differing: ProfileDiffResult) -> None:
    assert profile_diff_summary(differing) == "2 of 3 columns differ. 100 rows before, 100 after.\n"


@pytest.fixture
def little() -> ProfileDiffResult:
    """Two samples that differ in one column by more than chance, and in shares that print the same."""
    random = np.random.default_rng(3)
    rare, values = np.zeros(4_000), random.normal(size=4_000)
    rare[:100] = 1
    before = profile_table(table({"x": values, "rare": rare, "far": values}))
    rare[:104] = 1
    after = profile_table(table({"x": random.normal(size=4_000), "rare": rare, "far": values + 3}))
    return ProfileDiffResult("a.json", "b.json", diff(before, after))


def test_of_many_figures_the_most_telling_are_listed_and_the_others_counted() -> None:
    words = [f"w{number % 20}" for number in range(2_000)]
    before = profile_table(table({"w": words}))
    after = profile_table(table({"w": ["w0"] * 1_000 + words[:1_000]}), baseline=before)
    result = ProfileDiffResult("a", "b", diff(before, after))
    lines = profile_diff_text(result, "table").splitlines()
    assert lines[1].split()[2:4] == ["value", "w0"]
    assert "more, see -v" in lines[-1]
    assert "more, see -v" not in profile_diff_text(result, "table", everything=True)


def test_what_may_be_chance_is_not_listed_but_counted(little: ProfileDiffResult) -> None:
    text = profile_diff_text(little, "table")
    assert [line.split()[0] for line in text.splitlines() if not line.startswith(" ")] == ["column", "far"]
    said = "1 of 3 columns differs; 2 differ no more than by chance, see -v. 4,000 rows before, 4,000 after."
    assert profile_diff_summary(little).splitlines()[0] == said
    whole = profile_diff_text(little, "table", everything=True)
    assert {line.split()[0] for line in whole.splitlines() if line.strip()} == {"column", "far", "x", "rare"}
    rows = list(csv.DictReader(io.StringIO(profile_diff_text(little, "csv"))))
    assert {row["column"] for row in rows} == {"far", "x", "rare"}


def test_without_a_common_layout_too_the_most_different_column_is_first() -> None:
    rows = np.arange(2_000.0)
    before = profile_table(table({"a": rows, "b": rows, "c": rows}))
    after = profile_table(table({"a": rows + 200, "b": rows + 1_500, "c": rows + 700}))
    text = profile_diff_text(ProfileDiffResult("a", "b", diff(before, after)), "table")
    assert [line.split()[0] for line in text.splitlines()[1:] if not line.startswith(" ")] == ["b", "c", "a"]


def test_figures_that_print_the_same_are_not_listed() -> None:
    many = 400_000
    before = profile_table(table({"x": [0.0] * (many - 100) + [1.0] * 100}))
    after = profile_table(table({"x": [0.0] * (many - 280) + [1.0] * 280}), baseline=before)
    found = ProfileDiffResult("a", "b", diff(before, after))
    zero = next(each for each in found.diff.columns[0].told if each.what == "zero")
    assert zero.before != zero.after  # more than chance, yet both are "over 99.9 %"
    assert "zero" not in profile_diff_text(found, "table")
    assert "zero" in profile_diff_text(found, "table", everything=True)


def test_the_json_of_a_diff_says_what_may_be_chance(little: ProfileDiffResult) -> None:
    columns = {column["name"]: column for column in profile_diff_wire(little)["columns"]}
    assert {name: column["chance"] for name, column in columns.items()} == {
        "x": True,
        "rare": True,
        "far": False,
    }
    assert next(each for each in columns["far"]["changes"] if each["what"] == "mean")["chance"] is False


def test_an_estimate_is_marked_in_a_diff_as_it_is_in_the_list() -> None:
    base = profile_table(table({"x": [f"v{i % 90}" for i in range(9000)]}))
    window = profile_table(table({"x": [f"w{i % 400}" for i in range(9000)]}), baseline=base)
    twice = merge([window, window], ["one", "two"])
    result = ProfileDiffResult("a", "b", diff(base, twice))
    known = twice.columns[0].distinct_count
    line = next(
        each
        for each in profile_diff_text(result, "table", everything=True).splitlines()
        if "distinct" in each
    )
    assert line.split()[-2:] == ["90", f"~{known}"]
    assert f"~{known}" in profile_diff_page(result.diff)
    assert "~" not in profile_diff_text(result, "csv")


def test_most_rows_are_drawn_in_the_overview_of_a_page_as_they_are_in_a_terminal() -> None:
    values = [0.0] * 950 + [float(number) for number in range(100, 150)]
    (column,) = profile_table(table({"gain": values * 4})).columns
    heights = re.findall(r'height="([\d.]+)%"', sparkline(column))
    assert heights[0] == "100"
    assert float(heights[1]) < 10


def test_the_page_of_a_diff_leaves_chance_out(little: ProfileDiffResult) -> None:
    page = profile_diff_page(little.diff)
    assert "1 column of 3 changed. 2 more differ no more than by chance." in page
    assert ">rare<" not in page


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
