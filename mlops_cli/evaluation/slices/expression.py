"""What conditions on rows are about, columns and words; and their text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mlops_cli.formats.conditions.text import quoted, text_of
from mlops_cli.formats.conditions.tokens import Spelling

if TYPE_CHECKING:
    from mlops_cli.formats.conditions import tree

SPELLING = Spelling(quotes="'\"`")

Expression: TypeAlias = "tree.Expression[Name, Word]"


@dataclass(frozen=True, slots=True)
class Name:
    """A column.

    Parameters
    ----------
    at, length : int
        Where it stands in the text, from 0, and how much of it it is.
    """

    column: str
    at: int = field(default=0, compare=False)
    length: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return it as it is written."""
        plain = SPELLING.bare(self.column) and self.column.lower() not in SPELLING.keywords
        return self.column if plain else quoted(self.column, "`")


@dataclass(frozen=True, slots=True)
class Word:
    """A value as it was written: what it means, the kind of its column decides.

    Parameters
    ----------
    text : str
        Without quotes.
    at, length : int
        Where it stands, as of a name.
    """

    text: str
    at: int = field(default=0, compare=False)
    length: int = field(default=0, compare=False)


def expression_text(expression: Expression) -> str:
    """Return a condition as text, which means the same when it is read again.

    Examples
    --------
    >>> from mlops_cli.formats.conditions.tree import And, Compare, Missing, Not
    >>> expression_text(And((Compare(Name("a b"), "==", Word("x")), Not(Missing(Name("age"))))))
    "`a b` == 'x' and age is not missing"
    """
    return text_of(expression, lambda word: literal_text(word.text))


_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def literal_text(text: str) -> str:
    """Return a value as it is written: numbers bare, all else in quotes, a quote inside written twice.

    Examples
    --------
    >>> literal_text("it's"), literal_text("65")
    ("'it''s'", '65')
    """
    return text if _NUMBER.fullmatch(text) else quoted(text)
