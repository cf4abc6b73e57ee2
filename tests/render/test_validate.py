"""What `validate` shows."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from mlops_cli.data.checks.model import Finding, Looked, Trouble, Validation
from mlops_cli.render.validate import validate_summary, validate_text, validate_wire

FINDING = Finding(
    "age",
    "out_of_range",
    "warn",
    {"rows": 30},
    "30 values lie outside",
    "a sign that turned",
    tuple(range(20)),
)
WHOLE = Finding("", "broken_join", "fail", {"columns": ["a", "b", "c"]}, "3 of 9 columns", "a join")
RESULT = Validation(
    "t.csv",
    100,
    9,
    (WHOLE, FINDING),
    (),
    (Looked("unit", 3), Looked("leakage", 0, "5 rows")),
    ("the schema s.yaml", "old.csv"),
    ("A note",),
)


def test_a_finding_is_a_block_of_what_why_and_where() -> None:
    assert validate_text(RESULT, "table") == (
        "fail   broken_join\n       3 of 9 columns\n       Likely: a join.\n"
        "warn   age  out_of_range\n       30 values lie outside\n       Likely: a sign that turned.\n"
        "       Rows 0, 1, 2, 3, 4, 5, 6, 7, …\n"
    )


def test_errors_are_shown_beside_findings() -> None:
    broken = Validation("t", 1, 1, (), (Trouble("unit", "age", "it broke"),))
    assert validate_text(broken, "table") == "error  unit  age\n       it broke\n"


def test_the_summary_says_how_many_against_what_and_what_could_not_be_told() -> None:
    assert validate_summary(RESULT).splitlines() == [
        "Fail: 1 failure and 1 warning in t.csv (100 rows, 9 columns), 2 checks. Held against the schema s.yaml, old.csv.",
        "leakage can say nothing: 5 rows.",
        "A note.",
    ]


def test_how_a_table_is_written_is_one_line_unless_everything_is_wanted() -> None:
    many = replace(RESULT, notes=("a is b", "c is d", "e is f"), advice=("Give more.",))
    assert validate_summary(many).splitlines()[2:] == [
        "Give more.",
        "3 notes on how the table is written; -v shows them.",
    ]
    assert validate_summary(many, everything=True).splitlines()[2:] == [
        "Give more.",
        "A is b.",
        "C is d.",
        "E is f.",
    ]


@pytest.mark.parametrize("width", range(40, 60))
def test_a_blank_inside_of_quotes_is_not_torn_from_them(width: int) -> None:
    said = 'known values are written anew: "Private" was " Private", "Own-child" was "Own-child ", "a b" is "c d"'
    long = Finding("c", "relabelled", "fail", {}, said, "blanks")
    text = validate_text(Validation("t", 1, 1, (long,), looked=(Looked("unit", 1),)), "table", width=width)
    assert '" Private"' in text
    assert '"Own-child "' in text
    assert "\x00" not in text


def test_the_csv_has_all_of_the_evidence() -> None:
    rows = list(csv.DictReader(io.StringIO(validate_text(RESULT, "csv"))))
    assert [row["check"] for row in rows] == ["broken_join", "out_of_range"]
    assert json.loads(rows[0]["evidence"]) == {"columns": ["a", "b", "c"]}
    assert rows[1]["rows"].split() == [str(number) for number in range(20)]


@pytest.mark.parametrize("width", [20, 60, 200])
def test_lines_are_no_wider_than_the_terminal(width: int) -> None:
    long = Finding("c", "unit", "fail", {}, "word " * 80, "cause " * 40)
    text = validate_text(Validation("t", 1, 1, (long,), looked=(Looked("unit", 1),)), "table", width=width)
    assert max(map(len, text.splitlines())) <= max(40, width)


def test_the_json_is_what_the_report_has() -> None:
    assert validate_wire(RESULT) == RESULT.to_wire()


def test_an_error_heads_the_summary_before_the_findings() -> None:
    broken = Validation("t", 2, 1, (FINDING,), (Trouble("unit", "age", "it broke"),), (Looked("unit", 1),))
    assert validate_summary(broken).startswith(
        "Error: 1 check could not be made and 1 warning in t (2 rows, 1 column)"
    )
    alone = Validation("t", 2, 1, (), (Trouble("unit", "age", "it broke"),), (Looked("unit", 1),))
    assert validate_summary(alone).startswith("Error: 1 check could not be made in t")
    assert validate_summary(Validation("t", 2, 1)).startswith("Error: nothing was checked in t")
