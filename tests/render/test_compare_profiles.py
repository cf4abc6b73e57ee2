from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from mlops_cli.actions.compare import CodeChange, CompareResult
from mlops_cli.data.profile.build import profile_table
from mlops_cli.history.compare import compare
from mlops_cli.history.compare_profiles import compare_profiles
from mlops_cli.history.sides import Facts, Input, Profiled, Side
from mlops_cli.render.compare import compare_markdown, compare_text, compare_wire
from mlops_cli.render.compare_csv import compare_csv
from tests.support.tables import table

if TYPE_CHECKING:
    from mlops_cli.data.profile.model import Profile

AGES = [float(20 + row % 40) for row in range(200)]


def profile(rows: int = 200, **columns: list[Any]) -> Profile:
    usual: dict[str, list[Any]] = {"age": AGES, "city": ["Oslo", "Bergen"] * 100}
    values = usual | columns
    return profile_table(table({name: each[:rows] for name, each in values.items() if each}))


def result(*profiles: Profile | str, everything: bool = False) -> CompareResult:
    sides = [
        Side(
            (
                Facts(
                    "ABC"[number],
                    run=f"r{number}",
                    inputs={"raw.csv": Input(f"b3:{number}", 100)},
                    profiled={"raw.csv": Profiled("describe", "profile.json", f"b3:{each!r}")},
                ),
            )
        )
        for number, each in enumerate(profiles)
    ]
    known = {f"b3:{each!r}": each for each in profiles}
    rows = compare_profiles(sides, lambda _, made: known[made.digest], everything=everything)
    compared = compare(sides, everything=everything)
    return CompareResult(compared, tuple(CodeChange() for _ in sides[1:]), profiles=rows)


def lines(told: CompareResult) -> list[str]:
    return [re.sub(r" {2,}", " | ", line.strip()) for line in compare_text(told).splitlines()]


def test_rows_and_figures_stand_below_the_data_they_are_of() -> None:
    told = lines(result(profile(), profile(150, age=[*AGES[:100], *[None] * 50])))
    at = told.index("raw.csv | b3:0 (100 bytes) | b3:1 (100 bytes) | same size")
    assert told[at + 1] == "raw.csv: rows | 200 | 150 | -50 (-25.0%)"
    assert told[at + 2] == "raw.csv: age: missing | 0 % | 33 % | +33.3 points"
    assert told[at - 1] == "data"


def test_columns_that_came_and_went_and_changed_their_kind_are_told() -> None:
    told = lines(result(profile(), profile(city=[], town=["Oslo"] * 200, age=["old"] * 200)))
    assert "raw.csv: city | there | - | gone" in told
    assert "raw.csv: town | - | there | new column" in told
    assert "raw.csv: age: kind | numeric | categorical" in told
    assert not any(line.startswith("raw.csv: rows") for line in told)


def test_with_more_sides_the_change_stands_beside_the_value() -> None:
    told = lines(result(profile(), "profile not here: mlops pull", profile(100, town=["Oslo"] * 200)))
    assert "raw.csv: rows | 200 | not here | 100 -100 (-50.0%)" in told
    assert "raw.csv: town | - | - | there new column" in told
    assert "raw.csv at B: profile not here: mlops pull" in told


def test_a_side_that_does_not_differ_has_the_figures_of_the_baseline() -> None:
    same = profile(age=[value + 0.0 for value in AGES], city=["Oslo", "Bergen"] * 100, extra=["x"] * 200)
    told = lines(result(profile(extra=["x"] * 200), same, profile(extra=["x"] * 200, city=["Rome"] * 200)))
    assert "raw.csv: city: value Rome | - | - | 100 % new" in told
    assert "raw.csv: city: value Oslo | 50 % | 50 % | - gone" in told


def test_people_see_a_handful_and_programs_all() -> None:
    wide: dict[str, Any] = {f"column {number}": [float(row % 9) for row in range(200)] for number in range(9)}
    moved: dict[str, Any] = {name: [value + 1 for value in values] for name, values in wide.items()}
    told = result(profile(**wide), profile(**moved))
    text = lines(told)
    assert len({line.split(": ")[1] for line in text if line.startswith("raw.csv: column")}) == 5
    assert "raw.csv: … and 4 more columns changed less" in text
    rows = [row[1] for row in csv.reader(io.StringIO(compare_csv(told)))]
    assert len({name.split(": ")[1] for name in rows if name.startswith("raw.csv: column")}) == 9
    [wire] = compare_wire(told)["profiles"]
    assert len(wire["changes"][1]["columns"]) == 9


def test_what_lies_in_a_table_steers_neither_a_terminal_nor_markdown() -> None:
    told = result(profile(), profile(city=["\x1b[2J<b>@ana*"] * 200))
    assert "\x1b" not in compare_text(told)
    markdown = compare_markdown(told)
    assert "<b>" not in markdown
    assert "@ana" not in markdown


def test_all_also_has_what_is_the_same() -> None:
    assert "raw.csv: rows | 200 | 200" in lines(result(profile(), profile(), everything=True))
    assert compare_wire(result(profile(), profile()))["profiles"] == []


def test_what_changed_little_is_counted_and_not_shown() -> None:
    told = result(profile(), profile(age=[AGES[0] + 1, *AGES[1:]]))
    assert "raw.csv: 1 column changed little" in lines(told)
    assert "raw.csv: age: mean,39.5,39.51" in compare_csv(told)


def test_a_figure_that_changed_little_on_one_side_still_has_its_own_value_there() -> None:
    first, second = ([value + by for value in AGES] for by in (0.125, 20))
    [line] = [
        line
        for line in lines(result(profile(), profile(age=first), profile(age=second)))
        if "age: mean" in line
    ]
    assert line.startswith("raw.csv: age: mean | 39.5 | 39.62 +0.125 (+0.3%) | 59.5")


def test_a_distribution_that_changed_where_no_figure_tells_is_told_by_its_distance() -> None:
    before = profile_table(table({"town": [f"t{row % 60}" for row in range(1200)]}))
    towns = [f"t{row % 60 // 2 * 2}" if row % 4 else f"t{row % 60}" for row in range(1200)]
    after = profile_table(table({"town": towns}), baseline=before)
    [line] = [line for line in lines(result(before, after)) if line.startswith("raw.csv: town")]
    assert re.fullmatch(r"raw.csv: town: distribution \| distance 0\.\d\d", line)


def test_a_long_name_is_cut_and_leaves_room_for_the_values() -> None:
    long = "a_column_with_a_name_that_nobody_would_ever_type_twice"
    told = result(
        profile_table(table({long: [1.0] * 100 + [2.0] * 100})),
        profile_table(table({long: [8.0] * 100 + [9.0] * 100})),
    )
    text = [line for line in lines(told) if "mean" in line]
    assert text
    assert all(line.index(": mean") < 60 and "…" in line for line in text)
    assert all(len(line) < 120 for line in lines(told))
