"""What is asked of an evaluation, as people write it."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.asked import (
    ImportanceAsked,
    fairness_asked,
    find_asked,
    importance_asked,
    margin_asked,
    value_asked,
)
from mlops_cli.evaluation.slices.spec import FindAsked


def test_true_false_and_nothing_are_understood_everywhere() -> None:
    assert find_asked(True) == FindAsked()
    assert importance_asked(True) == ImportanceAsked()
    assert find_asked(False) is find_asked(None) is None
    assert importance_asked(False) is None
    assert value_asked(None) is None
    assert fairness_asked(None) == ()


def test_every_setting_is_read() -> None:
    assert find_asked({"depth": 3, "columns": "a", "without": ["b"], "most": 5}) == FindAsked(
        3, ("a",), ("b",), 5
    )
    assert importance_asked(
        {"repetitions": 3, "rows": 100, "metric": "f1", "columns": ["a"]}
    ) == ImportanceAsked(3, 100, "f1", ("a",))
    assert margin_asked(0.02) == 0.02
    assert margin_asked({"mae": 1}) == {"mae": 1.0}
    assert margin_asked(None, 0.5) == 0.5


@pytest.mark.parametrize(
    ("ask", "value", "says"),
    [
        (find_asked, "yes", "true, false or a mapping"),
        (find_asked, {"dept": 2}, "there is no dept here"),
        (find_asked, {"depth": 4}, "find.depth"),
        (find_asked, {"depth": True}, "find.depth"),
        (find_asked, {"columns": [1]}, "names of columns"),
        (importance_asked, {"metric": 3}, "importance.metric"),
        (importance_asked, {"repetitions": 1}, "importance.repetitions"),
        (fairness_asked, [{"where": "a == 1"}], "not by conditions"),
        (value_asked, {"unit": "EUR"}, "by a matrix or by gains"),
        (value_asked, {"matrix": [[1, 2]]}, "as many rows as columns"),
        (value_asked, {"matrix": [[1, "x"], [0, 1]]}, "here a number should be"),
        (value_asked, {"matrix": [[1, float("nan")], [0, 1]]}, "here a number should be"),
        (value_asked, {"gains": {"yes": 3}}, "truth: {answer: 5}"),
        (value_asked, {"unit": 3, "matrix": [[1, 2], [3, 4]]}, "value.unit"),
        (margin_asked, -1, "not negative"),
        (margin_asked, {"auc": "1%"}, "margin.auc"),
    ],
)
def test_a_mistake_is_told_in_words(ask: Any, value: Any, says: str) -> None:
    with pytest.raises(UsageError, match=r".") as caught:
        ask(value)
    assert says in caught.value.message
