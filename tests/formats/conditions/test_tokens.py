from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.conditions.tokens import Spelling

SPELLINGS = [Spelling(), Spelling(quotes="'\"`"), Spelling(("==", "~", "!~"), joined=True)]


def plain(text: str, spelling: Spelling) -> list[str]:
    return [token.plain for token in spelling.tokens(text) if token.kind != "end"]


def test_quotes_may_be_joined_with_what_stands_beside_them_or_not() -> None:
    assert plain("a.'b c'.d", Spelling()) == ["a.", "b c", ".d"]
    assert plain("a.'b c'.d", Spelling(joined=True)) == ["a.b c.d"]


def test_signs_are_those_of_the_operators_and_the_longest_counts() -> None:
    assert plain("a!~b<=c<>~d", Spelling(("!=", "~", "!~", "<=", "<"))) == [
        "a",
        "!~",
        "b",
        "<=",
        "c",
        "<>",
        "~",
        "d",
    ]
    assert plain("a~b", Spelling()) == ["a~b"]


def test_a_keyword_is_one_in_any_letters_but_not_in_quotes() -> None:
    tokens = Spelling().tokens("AND 'and' andy")
    assert [token.keyword for token in tokens] == ["and", "", "", ""]
    assert [token.quoted for token in tokens] == [False, True, False, False]


def test_a_mistake_names_the_option_by_which_the_text_was_given() -> None:
    with pytest.raises(ExpressionError) as caught:
        Spelling().tokens('a == "b', "--where")
    assert caught.value.message.startswith("--where: this quote is not closed\n")
    assert (caught.value.at, caught.value.length, caught.value.text) == (5, 1, 'a == "b')


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(text=st.text(st.characters(codec="utf-8"), max_size=12))
def test_a_text_that_can_stand_bare_is_one_word_and_any_is_in_quotes(spelling: Spelling, text: str) -> None:
    if spelling.bare(text):
        assert plain(text, spelling) == [text]
    for quote in spelling.quotes:
        (token, end) = spelling.tokens(quote + text.replace(quote, quote * 2) + quote)
        assert (token.plain, token.quoted, token.at, end.kind) == (text, True, 0, "end")


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(text=st.text(st.sampled_from("ab '\"`.=<>!~()[],&\n"), max_size=20))
def test_tokens_are_the_text_but_for_the_blanks_between(spelling: Spelling, text: str) -> None:
    try:
        tokens = spelling.tokens(text)
    except ExpressionError:
        return
    assert all(text[token.at : token.at + token.length] == token.text for token in tokens)
    ends = [0, *(token.at + token.length for token in tokens)]
    assert all(text[end : token.at].strip() == "" for end, token in zip(ends, tokens, strict=False))
    assert tokens[-1].kind == "end"


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("a == 'b", "this quote is not closed", "A quote inside quotes is written twice"),
        ("! a", "! means nothing here", 'Write "not"'),
        ("a < 1", "< means nothing here", ""),
    ],
)
def test_what_is_no_token_is_a_mistake(text: str, says: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Spelling(("==",)).tokens(text)
    assert (caught.value.reason, caught.value.hint) == (says, hint)
