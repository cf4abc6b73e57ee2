"""Charts: marks lie where their values are, and whatever a name holds stays a name."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from mlops_cli.render.chart import Axis, Key, area, bars, dots, fields, line, place, plot, rule, whiskers
from mlops_cli.render.chart_counts import Level, Slot, histogram, levels, slots_chart
from mlops_cli.render.chart_matrix import matrix_chart
from mlops_cli.render.chart_rows import Line, Row, rows_chart
from mlops_cli.render.chart_scale import UNIT, fixed_scale, scale_of
from tests.support.page_reports import HOSTILE, NAMES

TEN = fixed_scale(0.0, 10.0, (0, 5, 10))


def parsed(html: str) -> ET.Element:
    """Return a chart, read as XML: what is not closed or not escaped cannot be read."""
    return ET.fromstring(f"<all>{html}</all>")  # noqa: S314 - made by the test


def numbers(html: str, attribute: str) -> list[str]:
    return re.findall(rf' {attribute}="([^"]*)"', html)


def test_a_line_goes_through_its_points_from_the_foot_upwards() -> None:
    assert 'd="M0 100L50 50L100 0"' in line([(0, 0), (5, 5), (10, 10)], TEN, TEN, "a")


def test_an_area_ends_at_the_foot() -> None:
    assert 'd="M0 50L100 50L100 100L0 100z"' in area([(0, 5), (10, 5)], TEN, TEN, "a")
    assert area([], TEN, TEN, "a") == ""


def test_bars_stand_on_the_foot_and_empty_ones_are_not_drawn() -> None:
    drawn = bars([(0, 5, 10, "full"), (5, 10, 0, "empty")], TEN, TEN, "a")
    assert (numbers(drawn, "x"), numbers(drawn, "y"), numbers(drawn, "width"), numbers(drawn, "height")) == (
        *(["0%"], ["0%"]),
        *(["50%"], ["100%"]),
    )


def test_dots_and_whiskers_lie_at_their_values() -> None:
    assert numbers(dots([(2, 8, "here")], TEN, TEN, "a"), "cx") == ["20%"]
    assert numbers(dots([(2, 8, "here")], TEN, TEN, "a"), "cy") == ["20%"]
    drawn = whiskers([(2, 1, 9)], TEN, TEN, "a")
    assert (numbers(drawn, "y1"), numbers(drawn, "y2")) == (["90%"], ["10%"])


def test_what_lies_beyond_the_axis_is_drawn_at_its_end() -> None:
    assert numbers(dots([(99, -5, "")], TEN, TEN, "a"), "cx") == ["100%"]


def test_the_text_of_a_rule_stands_on_the_side_where_there_is_room() -> None:
    assert 'text-anchor="start"' in rule(TEN, 1, "threshold")
    assert 'text-anchor="end"' in rule(TEN, 9, "threshold")


def test_fields_without_rows_are_not_drawn() -> None:
    drawn = fields((0, 5, 10), ((4, 0), (0, 1)), TEN, TEN)
    assert numbers(drawn, "x") == ["0%", "50%"]
    assert numbers(drawn, "y") == ["50%", "0%"]


def test_places_are_short() -> None:
    assert [place(each) for each in (0.0, 33.33333, 1e-9, 100.0)] == ["0", "33.33", "0", "100"]


def test_a_chart_says_what_it_shows_to_whoever_cannot_see_it() -> None:
    found = parsed(
        plot(
            "Scores",
            "How many rows have which score",
            Axis(TEN, "score"),
            Axis(TEN),
            [],
            keys=(Key("a", "line", "rows"),),
        )
    )
    svg = found.find(".//svg[@role='img']")
    assert svg is not None
    assert svg.findtext("title") == "Scores"
    assert svg.findtext("desc") == "How many rows have which score"
    assert [each.text for each in svg.findall("text[@class='tick']")] == [*TEN.texts, *TEN.texts]


def test_a_row_has_its_dot_and_both_ends_of_its_whisker() -> None:
    drawn = rows_chart("rows", [Row("one", 0.5, 0.25, 0.75, "0.5")], UNIT)
    assert numbers(drawn, "cx") == ["50%"]
    assert re.findall(r'class="whisker" x1="([^"]*)" x2="([^"]*)"', drawn) == [
        ("25%", "75%"),
        ("25%", "25%"),
        ("75%", "75%"),
    ]


def test_an_end_beyond_the_axis_is_left_open() -> None:
    drawn = rows_chart("rows", [Row("one", 0.5, -3.0, 0.75, "0.5")], UNIT)
    assert re.findall(r'class="whisker" x1="([^"]*)" x2="([^"]*)"', drawn) == [("0%", "75%"), ("75%", "75%")]


def test_a_row_without_a_number_has_no_mark() -> None:
    for value in (None, float("nan"), float("inf")):
        drawn = rows_chart("rows", [Row("one", value, None, None, "not measured")], UNIT)
        assert "<circle" not in drawn
        assert "whisker" not in drawn


def test_a_bar_goes_from_zero_to_its_value() -> None:
    scale = scale_of([-10, 10])
    drawn = rows_chart(
        "rows", [Row("down", -5, None, None, "", bar=True), Row("up", 10, None, None, "", bar=True)], scale
    )
    found = re.findall(r'class="bar" x="([^"]*)" y="25%" width="([^"]*)"', drawn)
    assert found == [("25%", "25%"), ("50%", "50%")]


def test_lines_through_rows_are_in_the_legend() -> None:
    drawn = rows_chart("rows", [], UNIT, [Line(0.8, "all rows", "rule"), Line(0.4, "margin", "band", 0.6)])
    assert "all rows" in drawn
    assert "margin" in drawn


def test_two_tables_are_a_bar_and_a_line_and_one_is_bars_alone() -> None:
    slots = [Slot("a", 0.5, 0.1), Slot("b", 0.5, 0.9)]
    assert 'class="line b"' in slots_chart("", "shares", slots, ("before", "after"))
    assert 'class="line' not in slots_chart("", "shares", [Slot("a", 1.0)], ("rows", ""))


def test_no_slots_and_no_rows_are_no_error() -> None:
    parsed(slots_chart("", "nothing", [], ("", "")))
    parsed(rows_chart("nothing", [], UNIT))
    assert levels([]) == ""


def test_the_largest_share_has_the_longest_bar() -> None:
    assert re.findall(r"width:([\d.]+)%", levels([Level("a", 0.4), Level("b", 0.1)])) == ["100.0", "25.0"]
    assert re.findall(r"width:([\d.]+)%", levels([Level("a", 0.4)], of_all=True)) == ["40.0"]


def test_a_histogram_has_its_first_series_as_bars_and_the_others_as_lines() -> None:
    drawn = histogram("h", "d", (0, 1, 2), [("one", "a", (3, 1)), ("two", "b", (1, 2))], x=TEN)
    assert drawn.count("<rect x=") == 2 + 1  # two bars, and one in the legend
    assert 'class="line b"' in drawn


def test_a_matrix_shows_the_share_of_the_true_class() -> None:
    found = parsed(matrix_chart("Confusion", ("no", "yes"), ((6, 2), (0, 0))))
    cells = ["".join(cell.itertext()) for cell in found.findall(".//td")]
    assert cells == ["675%", "225%", "0no rows", "0no rows"]


def test_names_cannot_leave_their_place() -> None:
    slots = [Slot(name, 0.1, 0.2) for name in NAMES]
    drawn = [
        plot(
            HOSTILE,
            HOSTILE,
            Axis(TEN, HOSTILE),
            Axis(TEN, HOSTILE),
            [rule(TEN, 3, HOSTILE), dots([(1, 1, HOSTILE)], TEN, TEN, "a")],
        ),
        slots_chart(HOSTILE, HOSTILE, slots, (HOSTILE, HOSTILE)),
        levels([Level(name, 0.1, 0.2) for name in NAMES] + [Level(HOSTILE, 0.1, ours=True)]),
        matrix_chart(HOSTILE, NAMES, [[1] * len(NAMES)] * len(NAMES)),
        rows_chart(HOSTILE, [], UNIT, [Line(0.5, HOSTILE)], (HOSTILE, "", "")),
    ]
    for html in drawn:
        found = parsed(html)
        assert {each.tag for each in found.iter()}.isdisjoint({"script", "img"})
        assert "\x1b" not in html
