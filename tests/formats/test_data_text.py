from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.formats.canonical import pretty
from mlops_cli.formats.data_text import read_metrics, read_values
from mlops_cli.formats.problems import Problem, Problems

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
words = st.text("abcä 01.-:#[]{}&*!|>'%@`?,~/", max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


def values_of(data: bytes | str, file: str) -> dict[str, Any] | None:
    """Read a file that is right."""
    problems = Problems()
    found = read_values(data if isinstance(data, bytes) else data.encode(), file, problems)
    assert problems.found == []
    return found


def metrics_of(data: bytes | str, file: str = "m.json") -> dict[str, Any]:
    problems = Problems()
    found = read_metrics(data if isinstance(data, bytes) else data.encode(), file, problems)
    assert problems.found == []
    return found


def problem_of(data: bytes | str, file: str, *, metrics: bool = False) -> Problem:
    """Read a file with one mistake."""
    problems = Problems()
    read = read_metrics if metrics else read_values
    assert not read(data if isinstance(data, bytes) else data.encode(), file, problems)
    [problem] = problems.found
    return problem


# Parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("p.yaml", "train:\n  lr: 1e-3\n  on: no\n"),
        ("p.yml", "train: {lr: 0.001, on: 'no'}"),
        ("p.json", '{"train": {"lr": 1e-3, "on": "no"}}'),
        ("p.toml", '[train]\nlr = 1e-3\non = "no"\n'),
        ("p.params", "train:\n  lr: 0.001\n  on: no\n"),
    ],
)
def test_every_language_says_the_same(file: str, data: str) -> None:
    assert values_of(data, file) == {"train": {"lr": 0.001, "on": "no"}}


@pytest.mark.parametrize("file", ["p.yaml", "p.json", "p.toml"])
@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf"])
def test_an_empty_file_holds_no_values(file: str, data: bytes) -> None:
    assert values_of(data, file) == {}


@pytest.mark.parametrize(
    ("file", "data"), [("p.yaml", b"a: 1"), ("p.json", b'{"a": 1}'), ("p.toml", b"a = 1\n")]
)
def test_a_byte_order_mark_is_passed_over(file: str, data: bytes) -> None:
    assert values_of(b"\xef\xbb\xbf" + data, file) == {"a": 1}


@given(value=st.dictionaries(texts, values, max_size=4))
def test_json_is_read_back_as_it_was_written(value: dict[str, Any]) -> None:
    assert values_of(pretty(value), "p.json") == value


@given(value=st.dictionaries(words, st.lists(words | st.integers() | st.booleans() | st.none()), max_size=4))
def test_json_that_people_write_is_read_the_same_as_yaml(value: dict[str, Any]) -> None:
    data = json.dumps(value, ensure_ascii=False)
    assert json.dumps(values_of(data, "p.yaml"), ensure_ascii=False) == data


def test_dates_of_toml_are_their_text() -> None:
    data = "day = 2026-01-02\nat = [{time = 07:08:09}]\nwhen = 2026-01-02T03:04:05Z\n"
    assert values_of(data, "p.toml") == {
        "day": "2026-01-02",
        "at": [{"time": "07:08:09"}],
        "when": "2026-01-02T03:04:05+00:00",
    }


@pytest.mark.parametrize(
    ("file", "data", "line", "column"),
    [
        ("p.json", '{"a": 1,\n "b": }', 2, 7),
        ("p.json", "{", 1, 2),
        ("p.toml", "a = 1\nb = \n", 2, 5),
        ("p.toml", "a = 1\na = 2\n", 2, 6),
        ("p.yaml", "a: 1\nb: [\n", 3, 1),
        ("p.yaml", "a: 1\na: 2\n", 2, 1),
        ("p.json", '{"a": 1,\n "a": 2}', 2, 2),
    ],
)
def test_a_mistake_is_reported_at_its_place(file: str, data: str, line: int, column: int) -> None:
    problem = problem_of(data, file)
    assert (problem.file, problem.line, problem.column) == (file, line, column)


@pytest.mark.parametrize("file", ["p.yaml", "p.json", "p.toml"])
def test_bytes_that_are_not_utf8_are_reported_at_their_place(file: str) -> None:
    problem = problem_of(b"\n\xff", file)
    assert (problem.line, problem.column, problem.message) == (2, 1, "not UTF-8 text")


@pytest.mark.parametrize(
    ("file", "data"), [("p.yaml", "- 1"), ("p.yaml", "text"), ("p.json", "[1]"), ("p.json", "null")]
)
def test_values_without_names_are_refused(file: str, data: str) -> None:
    assert problem_of(data, file).message == "should hold a mapping of names to values"


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("p.json", '{"a": ' + "[" * 100_000),
        ("p.json", '{"a": ' + "[" * 500 + "]" * 500 + "}"),
        ("p.yaml", "a: " + "[" * 100_000),
        ("p.toml", "a = " + "[" * 100_000),
        ("p.json", '{"a": ' + "9" * 5000 + "}"),
        ("p.toml", "a = " + "9" * 5000),
        ("p.json", '{"a": "\\ud800"}'),
    ],
)
def test_what_nobody_means_is_a_problem_and_no_crash(file: str, data: str) -> None:
    problem_of(data, file)


@pytest.mark.parametrize("file", ["p.yaml", "p.json", "p.toml", "p.csv"])
@given(data=st.binary(max_size=30) | st.text('{}[]":,=-1e\n a#&*!', max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused_but_never_crash(file: str, data: bytes) -> None:
    problems = Problems()
    assert isinstance(read_metrics(data, file, problems), dict)


# Metrics -----------------------------------------------------------------------------------------------------------


def test_nested_numbers_are_flat() -> None:
    assert metrics_of('{"test": {"auc": 0.9, "by": {"de": 1}}, "n": 3}') == {
        "test.auc": 0.9,
        "test.by.de": 1,
        "n": 3,
    }


@pytest.mark.parametrize(
    ("file", "data"),
    [("m.yaml", "test: {auc: 0.9}"), ("m.toml", "[test]\nauc = 0.9"), ("m.json", '{"test": {"auc": 0.9}}')],
)
def test_every_language_tells_the_same_metrics(file: str, data: str) -> None:
    assert metrics_of(data, file) == {"test.auc": 0.9}


def test_what_is_no_number_is_passed_over() -> None:
    assert metrics_of('{"a": "x", "b": true, "c": null, "d": [1, 2], "e": {}, "f": 1}') == {"f": 1}


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("m.json", '{"a": NaN, "b": Infinity}'),
        ("m.yaml", "a: .nan\nb: -.inf"),
        ("m.toml", "a = nan\nb = inf"),
        ("m.csv", "a,b\n.nan,.inf"),
    ],
)
def test_a_number_that_is_not_finite_was_not_measured(file: str, data: str) -> None:
    assert metrics_of(data, file) == {"a": None, "b": None}


@pytest.mark.parametrize(("file", "data"), [("m.json", '{"a": %s}'), ("m.yaml", "a: %s"), ("m.csv", "a\n%s")])
def test_a_whole_number_beyond_every_float_is_a_number(file: str, data: str) -> None:
    assert metrics_of(data % ("9" * 400), file) == {"a": int("9" * 400)}


def test_a_value_with_its_interval_is_one_metric() -> None:
    assert metrics_of('{"auc": {"value": 0.9, "low": 0.8, "high": 1.0, "n": 50, "method": "x"}}') == {
        "auc": {"value": 0.9, "n": 50, "low": 0.8, "high": 1.0}
    }


def test_a_bound_that_is_not_finite_was_not_measured() -> None:
    assert metrics_of('{"auc": {"value": 0.9, "low": NaN}}') == {"auc": {"value": 0.9, "low": None}}


def test_a_value_of_a_whole_file_is_called_value() -> None:
    assert metrics_of('{"value": 0.9, "n": 5}') == {"value": {"value": 0.9, "n": 5}}


def test_a_value_alone_is_a_number_like_others() -> None:
    assert metrics_of('{"auc": {"value": 0.9, "seed": 1}}') == {"auc.value": 0.9, "auc.seed": 1}


@pytest.mark.parametrize("file", ["m.csv", "m.tsv"])
def test_the_last_row_of_a_table_counts(file: str) -> None:
    data = "step,loss,note\n1,0.5,a\n2, 0.25 ,b\n\n"
    assert metrics_of(data.replace(",", "\t") if file == "m.tsv" else data, file) == {"step": 2, "loss": 0.25}


def test_a_table_with_a_byte_order_mark_and_quotes_is_read() -> None:
    assert metrics_of(b'\xef\xbb\xbf"step","a,b"\r\n1,2\r\n', "m.csv") == {"step": 1, "a,b": 2}


def test_a_row_shorter_than_its_header_tells_what_it_has() -> None:
    assert metrics_of("a,b\n1\n", "m.csv") == {"a": 1}


@pytest.mark.parametrize("data", ["", "a,b\n", "\n\n"])
def test_a_table_without_a_row_is_a_problem(data: str) -> None:
    assert "needs a header and at least one row" in problem_of(data, "m.csv", metrics=True).message


@pytest.mark.parametrize("data", [b"a\n\xff", b"a\n" + b"x" * 200_000])
def test_a_table_that_cannot_be_read_is_a_problem(data: bytes) -> None:
    problem_of(data, "m.csv", metrics=True)


def test_a_file_with_mistakes_tells_no_metrics() -> None:
    problem_of("{", "m.json", metrics=True)
