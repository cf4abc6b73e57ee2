"""Parameters in Python files: parsed, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.formats.data_text import read_values
from mlops_cli.formats.problems import Problems
from mlops_cli.formats.python_text import read_python

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def read(text: str) -> dict[str, Any]:
    problems = Problems()
    found = read_python(text.encode(), "params.py", problems)
    assert problems.found == []
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A = 1", {"A": 1}),
        ("A: float = -0.5", {"A": -0.5}),
        ("A = (1, [2, 'x'])", {"A": [1, [2, "x"]]}),
        ("A = {'b': {1: None}}", {"A": {"b": {"1": None}}}),
        ("A = {3, 1, 2}", {"A": [1, 2, 3]}),
        ("A = 1\nA = 2", {"A": 2}),
        ("class T:\n    a = 1\n    class U:\n        b = True\n", {"T": {"a": 1, "U": {"b": True}}}),
        ("class T:\n    def __init__(self):\n        self.a = 1\n        b = 2\n", {"T": {"a": 1}}),
    ],
)
def test_plain_values_are_found_by_the_names_they_are_assigned_to(text: str, value: dict[str, Any]) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "A = f()",
        "A = B",
        "A = 1 + x",
        "A = B = 1",
        "A, B = 1, 2",
        "A: int",
        "A = b'x'",
        "A = 1j",
        "x.y = 3",
        "A += 1",
    ],
)
def test_what_is_computed_or_no_plain_value_is_passed_over(text: str) -> None:
    assert read(f"{text}\nZ = 1\n") == {"Z": 1}


def test_nothing_of_the_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert read(f"open({str(mark)!r}, 'w')\nA = open({str(mark)!r}, 'w')\n") == {}
    assert not mark.exists()


@pytest.mark.parametrize("text", ["A = (", "A = 1\n  B = 2\n", "\0", "(" * 5000])
def test_a_file_that_is_no_python_is_a_problem_and_not_a_crash(text: str) -> None:
    problems = Problems()
    assert read_python(text.encode(), "params.py", problems) == {}
    assert len(problems.found) == 1
    assert problems.found[0].message.startswith("Python: ")


def test_the_ending_tells_that_a_parameter_file_is_python() -> None:
    assert read_values(b"A = 1\n", "conf/params.py", Problems()) == {"A": 1}
