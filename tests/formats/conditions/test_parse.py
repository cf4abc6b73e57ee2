"""The grammar, by the smallest language that there can be: names and values are texts."""

from __future__ import annotations

import pytest

from mlops_cli.formats.conditions.language import Language
from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.conditions.parse import parse, parse_name
from mlops_cli.formats.conditions.text import quoted, text_of
from mlops_cli.formats.conditions.tokens import KEYWORDS, Spelling, Token
from mlops_cli.formats.conditions.tree import Compare, Expression, In, Missing, Not, Or


class Plain(Language[str, str]):
    spelling = Spelling()
    wanted = "a name should be"

    def name(self, word: Token) -> str:
        return word.plain

    def value(self, name: str, word: Token) -> str:  # noqa: ARG002 # all names are alike
        return word.plain


class More(Plain):
    """One that has patterns and `exists`, and in which a name may stand alone."""

    spelling = Spelling((*Plain.spelling.operators, "~"), keywords=KEYWORDS | {"exists"})

    def alone(self, name: str) -> Expression[str, str] | None:
        return Compare(name, "==", "true")


def read(text: str) -> Expression[str, str]:
    return parse(text, Plain())


def written(text: str) -> str:
    return text_of(read(text), quoted)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("a=1", "a == '1'"),
        ("a <> 1", "a != '1'"),
        ("a IN [1, 'b c']", "a in ('1', 'b c')"),
        ("a not in (1)", "a not in ('1')"),
        ("a is missing", "a is missing"),
        ("a is not missing", "a is not missing"),
        ("not a is missing", "a is not missing"),
        ("not a == 1 and b == 2 or c == 3", "not a == '1' and b == '2' or c == '3'"),
        ("(not (a == 1)) and ((b == 2) or c == 3)", "not a == '1' and (b == '2' or c == '3')"),
        ("not (a == 1 and b == 2)", "not (a == '1' and b == '2')"),
        ("a == 1 and (b == 2 and c == 3)", "a == '1' and (b == '2' and c == '3')"),
        ("a == 'and'", "a == 'and'"),
        ("a == 'it''s'and b == 1", "a == 'it''s' and b == '1'"),
    ],
)
def test_what_is_read_is_what_was_meant(text: str, again: str) -> None:
    assert written(text) == again
    assert read(again) == read(text)


def test_and_binds_closer_than_or_and_not_closer_than_both() -> None:
    one, two, three = (Compare(name, "==", "1") for name in "abc")
    found = read("not a == 1 and b == 1 or c == 1")
    assert isinstance(found, Or)
    assert found == Or((read("not a == 1 and b == 1"), three))
    assert read("not (a == 1) and b == 1") == read("not a == 1 and b == 1")
    assert read("not a == 1") == Not(one)
    assert read("not (b == 1)") == Not(two)


def test_a_language_may_have_more_than_others() -> None:
    assert parse("exists a or b exists", More()) == Or((Not(Missing("a")), Not(Missing("b"))))
    assert parse("a", More()) == Compare("a", "==", "true")
    assert parse("a ~ missing", More()) == Compare("a", "~", "missing")
    assert read("exists in (exists)") == In("exists", ("exists",))


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("a >=", 4, "here a value should be"),
        ("a >= 65 b == c", 8, 'here "and", "or" or the end should be'),
        ("a >= 65 && b == c", 8, 'write "and"'),
        ("a >= 65 | b == c", 8, 'write "or"'),
        ("a", 1, "here a comparison should be: == != < <= > >= in (…) or is missing"),
        ("a not 1", 6, "here a comparison should be"),
        ("a not == 1", 6, "here a comparison should be"),
        ("(a >= 65", 0, 'a ")" is missing for this'),
        ("a == 'b", 5, "this quote is not closed"),
        ("a is empty", 5, 'here "missing" should be'),
        ("a in 3", 5, "here a list should be"),
        ("a in ()", 6, "here a value should be"),
        ("a in (3]", 7, 'here "," or the end of the list should be'),
        ("a == and", 5, "needs quotes"),
        ("18 <= a < 65", 8, 'compare once, and join with "and"'),
        ("! a", 0, "! means nothing here"),
        ("a ~ b", 2, "here a comparison should be"),
        ("and == 1", 0, "here a name should be"),
        ("", 0, "here a name should be"),
        ("  ", 2, "here a name should be"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, at: int, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert says in caught.value.reason
    assert caught.value.at == at


def test_what_may_be_written_is_said_by_what_the_language_has() -> None:
    with pytest.raises(ExpressionError, match=r">= ~ in \(…\), exists or is missing"):
        parse("a is missing and b not", More())


def test_endless_depth_is_a_mistake_and_no_crash() -> None:
    for text in ("(" * 5000 + "a == 1" + ")" * 5000, "not " * 5000 + "a == 1"):
        with pytest.raises(ExpressionError, match="too deep"):
            read(text)


def test_a_name_is_read_alone_too() -> None:
    assert parse_name(" 'a b' ", Plain()) == "a b"
    with pytest.raises(ExpressionError, match=r"^--sort: here the end should be"):
        parse_name("a == 1", Plain(), "--sort")
