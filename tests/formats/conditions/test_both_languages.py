"""What conditions on runs and conditions on rows have in common: their grammar, and that text and tree say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.evaluation.slices import expression as on_rows
from mlops_cli.evaluation.slices.parse import parse_expression
from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.history.where import expression as on_runs
from mlops_cli.history.where.parse import parse_where

if TYPE_CHECKING:
    from collections.abc import Callable


class Both(NamedTuple):
    """One language: how it is read, how it is written, and what may stand in its texts."""

    read: Callable[[str], Any]
    written: Callable[[Any], str]
    names: tuple[str, ...]
    operators: tuple[str, ...]
    values: tuple[str, ...]
    tests: tuple[str, ...]


VALUES = ("1", "-0.5", "1e3", "x", "'a b'", '"it\'s"', "'it''s'", "'and'", "true", "null", "''", "木")
SAME = ("is missing", "is not missing", "IS NOT MISSING")
RUNS = Both(
    parse_where,
    on_runs.expression_text,
    ("params.a", "metrics.auc.low", "params.'a b'.c", 'params."it\'s"', "params.''", "message", "branch"),
    ("==", "=", "!=", "<>", "<", "<=", ">", ">=", "~", "!~"),
    (*VALUES[:9], ".inf", "0x10"),
    (*SAME, "exists"),
)
ROWS = Both(
    parse_expression,
    on_rows.expression_text,
    ("age", "`hours per week`", '"q r"', "`in`", "x~y", "`a``b`", "木"),
    ("==", "=", "!=", "<>", "<", "<=", ">", ">="),
    (*VALUES, "~", "a.b"),
    SAME,
)
both = pytest.mark.parametrize("language", [RUNS, ROWS], ids=["runs", "rows"])


@st.composite
def comparisons(draw: st.DrawFn, language: Both) -> str:
    name, values = draw(st.sampled_from(language.names)), st.sampled_from(language.values)
    form = draw(st.sampled_from(["compare", "compare", "in", "test"]))
    if form == "test":
        return f"{name} {draw(st.sampled_from(language.tests))}"
    if form == "in":
        inside = ",".join(draw(st.lists(values, min_size=1, max_size=3)))
        return f"{name} {draw(st.sampled_from(['in', 'not in', 'In']))} " + draw(
            st.sampled_from([f"({inside})", f"[{inside}]"])
        )
    blank = draw(st.sampled_from(["", " ", "\n"]))
    return blank.join((name, draw(st.sampled_from(language.operators)), draw(values)))


def texts(language: Both) -> st.SearchStrategy[str]:
    """Return texts that the grammar allows."""
    return st.recursive(
        comparisons(language),
        lambda inner: (
            inner.map("not {}".format)
            | inner.map("({})".format)
            | st.tuples(inner, st.sampled_from([" and ", " or ", "\nAND "]), inner).map("".join)
        ),
        max_leaves=8,
    )


@both
@given(data=st.data())
def test_text_to_tree_to_text_to_tree_changes_nothing(language: Both, data: st.DataObject) -> None:
    tree = language.read(data.draw(texts(language)))
    text = language.written(tree)
    assert language.read(text) == tree
    assert language.written(language.read(text)) == text


@both
def test_operators_and_lists_may_be_written_in_two_ways(language: Both) -> None:
    name = language.names[0]
    assert language.read(f"{name} = 'x'") == language.read(f"{name} == x")
    assert language.read(f"{name} <> x") == language.read(f"{name} != x")
    assert language.read(f"{name} in (x, 'y z')") == language.read(f"{name} in [x, 'y z']")
    assert language.read(f"{name} is not missing") == language.read(f"not {name} is missing")


@both
@pytest.mark.parametrize(
    ("rest", "part", "says", "hint"),
    [
        (" > 1 < 2", "<", 'compare once, and join with "and"', "Write: age >= 18 and age < 65"),
        (" > 1 && x", "&&", 'write "and"', ""),
        (" == 木木 or ! x", "!", "! means nothing here", 'Write "not"'),
        (" == 'x", "'", "this quote is not closed", "A quote inside quotes is written twice"),
        (" is null", "null", 'here "missing" should be', ""),
        (" in x", "x", "here a list should be, such as (4, 8) or (red, blue)", ""),
        (" in (x", "", 'here "," or the end of the list should be', ""),
        (" == missing", "missing", "here a value should be; a text that looks like this needs quotes", ""),
    ],
)
def test_a_mistake_is_told_in_the_same_words(
    language: Both, rest: str, part: str, says: str, hint: str
) -> None:
    text = language.names[0] + rest
    with pytest.raises(ExpressionError) as caught:
        language.read(text)
    error = caught.value
    assert (error.reason, error.hint) == (says, hint)
    assert (error.at, error.length) == (text.rindex(part) if part else len(text), max(len(part), 1))
