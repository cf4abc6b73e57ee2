from __future__ import annotations

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.formats.conditions.mistake import ExpressionError


def test_it_is_a_mistake_of_usage_with_reason_and_place() -> None:
    error = ExpressionError("this is wrong", "a == b", 5, 1, hint="write c")
    assert isinstance(error, UsageError)
    assert (error.reason, error.at, error.length, error.hint) == ("this is wrong", 5, 1, "Write c")
    assert error.message == "this is wrong\n  a == b\n       ^"


@pytest.mark.parametrize(
    ("text", "part", "line", "caret"),
    [
        (
            "message ~ '木木'\nand stauts == ok",
            "stauts",
            "  message ~ '木木' and stauts == ok",
            " " * 23 + "^" * 6,
        ),
        ("木 > 1", "木", "  木 > 1", "  ^^"),
        ("a >", "", "  a >", " " * 5 + "^"),
    ],
)
def test_the_caret_stands_below_its_place(text: str, part: str, line: str, caret: str) -> None:
    at = text.index(part) if part else len(text)
    assert ExpressionError("", text, at, len(part)).message.split("\n")[1:] == [line, caret]
