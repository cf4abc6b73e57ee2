"""Conditions on rows: what is read is what was written, and every mistake has its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.evaluation.slices.expression import Expression, Name, Word, expression_text
from mlops_cli.evaluation.slices.parse import check_columns, parse_expression
from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.conditions.tree import (
    COMPARISONS,
    And,
    Compare,
    In,
    Missing,
    Not,
    Or,
    names_in,
)

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map(Name)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(Word)
LEAVES = (
    st.builds(Compare, NAMES, st.sampled_from(COMPARISONS), WORDS)
    | st.builds(In, NAMES, st.lists(WORDS, min_size=1, max_size=3).map(tuple), st.booleans())
    | st.builds(Missing, NAMES)
)


def _flat(kind: type[And[Name, Word] | Or[Name, Word]], parts: list[Expression]) -> Expression:
    """Join conditions as the grammar does: `a and b and c` has three parts, not a pair in a pair."""
    flat: list[Expression] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else [part])
    return kind(tuple(flat))


EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: _flat(And, parts))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: _flat(Or, parts))
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_a_condition_written_and_read_again_is_the_same(expression: Expression) -> None:
    assert parse_expression(expression_text(expression)) == expression


def test_columns_with_blanks_and_keywords_for_names_are_quoted() -> None:
    assert list(names_in(parse_expression("`hours per week` > 40 and `in` is missing"))) == [
        Name("hours per week"),
        Name("in"),
    ]


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("age >=", 6, "here a value should be"),
        ("age >= 65 sex == Male", 10, 'here "and", "or" or the end should be'),
        ("age >= 65 && sex == Male", 10, 'write "and"'),
        ("age", 3, "here a comparison should be"),
        ("(age >= 65", 0, 'a ")" is missing for this'),
        ("sex == 'Male", 7, "this quote is not closed"),
        ("'age' > 3", 0, "its name is quoted like `this`"),
        ("age is empty", 7, 'here "missing" should be'),
        ("age in 3", 7, "here a list should be"),
        ("age in (3; 4)", 11, 'here "," or the end of the list should be'),
        ("age == and", 7, "needs quotes"),
        ("a > `b`", 4, "with values only"),
        ("18 <= age < 65", 10, 'compare once, and join with "and"'),
        ("!a", 0, "! means nothing here"),
        ("", 0, "here a column should be"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text: str, at: int, says: str) -> None:
    with pytest.raises(ExpressionError, match=r".") as caught:
        parse_expression(text)
    assert says in caught.value.reason
    assert caught.value.at == at
    assert caught.value.message.splitlines()[2].index("^") == at + 2


@pytest.mark.parametrize("text", ["__import__('os')", "a == 1; import os", "a.b() > 1", "lambda: 1"])
def test_nothing_of_python_is_understood(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


def test_a_column_that_is_not_there_is_named_with_the_nearest_one() -> None:
    text = "age >= 65 and contry == 'de'"
    with pytest.raises(ExpressionError, match="no column contry") as caught:
        check_columns(parse_expression(text), text, ["age", "country"])
    assert caught.value.at == text.index("contry")
    assert "country" in caught.value.hint
