from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.formats.problems import DefinitionError, Problem, Problems, nearest

if TYPE_CHECKING:
    import random

problems = st.builds(
    Problem,
    st.sampled_from(["a.yaml", "b.yaml"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from("xyz"),
)


def test_a_problem_is_written_as_editors_make_it_a_link() -> None:
    assert str(Problem("mlops.yaml", 3, 5, "unknown key", 'did you mean "deps"?')) == (
        'mlops.yaml:3:5: unknown key (did you mean "deps"?)'
    )


def test_a_problem_without_a_hint_ends_with_its_message() -> None:
    assert str(Problem("mlops.yaml", 3, 5, "unknown key")) == "mlops.yaml:3:5: unknown key"


def test_a_problem_of_a_whole_file_names_no_line() -> None:
    assert str(Problem("mlops.yaml", 0, 0, "is empty")) == "mlops.yaml: is empty"


def test_without_problems_nothing_is_raised() -> None:
    gathered = Problems()
    gathered.raise_if_any()
    assert gathered.found == []


def test_all_problems_are_raised_at_once() -> None:
    gathered = Problems()
    gathered.add("a", 1, 1, "one")
    gathered.add("a", 2, 1, "two", "hint")
    with pytest.raises(DefinitionError) as caught:
        gathered.raise_if_any()
    assert caught.value.problems == (Problem("a", 1, 1, "one"), Problem("a", 2, 1, "two", "hint"))


@given(st.lists(problems, min_size=1), st.randoms())
def test_problems_are_reported_once_and_in_the_order_of_the_files(
    found: list[Problem], chance: random.Random
) -> None:
    other = found * 2
    chance.shuffle(other)
    assert DefinitionError(other).problems == tuple(sorted(set(found)))


def test_lines_are_ordered_as_numbers() -> None:
    error = DefinitionError([Problem("a", 10, 1, "x"), Problem("a", 9, 1, "x")])
    assert [problem.line for problem in error.problems] == [9, 10]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([Problem("a", 1, 1, "x")], "1 problem in a"),
        ([Problem("a", 1, 1, "x"), Problem("a", 2, 1, "x")], "2 problems in a"),
        ([Problem("b", 1, 1, "x"), Problem("a", 2, 1, "x"), Problem("a", 1, 1, "x")], "3 problems in a, b"),
    ],
)
def test_the_message_counts_problems_and_names_files(found: list[Problem], message: str) -> None:
    assert DefinitionError(found).message == message


def test_it_is_a_wrong_file_of_the_users() -> None:
    error = DefinitionError([Problem("a", 1, 1, "x")])
    assert isinstance(error, FileError)
    assert (error.exit_code, error.kind) == (3, "definition")


@pytest.mark.parametrize(
    ("name", "known"), [("dep", "deps"), ("otus", "outs"), ("tiemout", "timeout"), ("outs", "outs")]
)
def test_the_nearest_name_is_offered(name: str, known: str) -> None:
    assert nearest(name, ["deps", "outs", "timeout"]) == f'did you mean "{known}"?'


@pytest.mark.parametrize("known", [[], ["deps", "outs"]])
def test_where_nothing_is_near_nothing_is_offered(known: list[str]) -> None:
    assert nearest("zebra", known) == ""
