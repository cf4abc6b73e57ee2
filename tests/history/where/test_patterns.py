from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.history.where.patterns import matcher


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("ANA", "ana lópez"),
        ("straße", "STRASSE"),
        ("v1.2", "V1.2"),
        (r"c\+\+", "in C++"),
        ("a.*b.*c", "xa1b2c"),
        ("^(feature|fix)/", "fix/it"),
        ("[ab]+x", "abax"),
        ("(?:ab)+c", "ababc"),
        ("a|b|c|d|e|f|g|h|i|j|k|l", "l"),
        ("x{2,3}", "xx"),
        ("{}", "a {} b"),
    ],
)
def test_a_pattern_is_found_whatever_the_size_of_letters(pattern: str, text: str) -> None:
    assert matcher(pattern)(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*b",
        "(a|aa)+$",
        "(a|a)*b",
        "((a+)b?)+c",
        "(?:a?){30}a",
        "(?P<x>a+)*b",
        "([a-z]+)*x",
        "a*a*a*a*b",
        ".*.*.*x",
        "a?" * 30 + "a" * 30,
        "(a|b)" * 12,
        r"(a)\1",
        "(?x)( a+ )+",
        "(a{1,50}){1,50}",
        "(.*?,){11}P",
        r"(\w+\s?)+$",
    ],
)
def test_one_that_can_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="for ever"):
        matcher(pattern)


@pytest.mark.parametrize("pattern", ["(", "[a", "*a", "a{2,1}", "\\"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        matcher(pattern)


@given(st.text(max_size=8), st.text(max_size=20))
def test_a_text_made_a_pattern_is_found_where_it_is(wanted: str, around: str) -> None:
    assert matcher(re.escape(wanted))(around + wanted + around)


@given(st.text(alphabet="ab()|*+?[]{}0123,^\\.", max_size=12), st.text(alphabet="ab", max_size=12))
def test_a_pattern_that_is_taken_finds_what_python_finds(pattern: str, text: str) -> None:
    try:
        found = matcher(pattern)
    except ValueError:
        return
    assert found(text) == (re.search(pattern, text, re.IGNORECASE) is not None or pattern.casefold() in text)
