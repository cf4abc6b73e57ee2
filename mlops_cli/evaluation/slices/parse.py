"""From text to a condition on rows; every mistake with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.evaluation.slices.expression import SPELLING, Name, Word
from mlops_cli.formats.conditions.language import Language
from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.conditions.parse import parse
from mlops_cli.formats.conditions.tree import names_in
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.evaluation.slices.expression import Expression
    from mlops_cli.formats.conditions.tokens import Token


def parse_expression(text: str) -> Expression:
    """Return the condition that a text is.

    Raises
    ------
    ExpressionError
        When it is none; the message shows the place.

    Examples
    --------
    >>> parse_expression("age >= 65 and not (sex in ('Male', other))").parts[0]
    Compare(name=Name(column='age', at=0, length=3), op='>=', value=Word(text='65', at=7, length=2))
    """
    return parse(text, _ROWS)


def check_columns(expression: Expression, text: str, columns: Iterable[str]) -> None:
    """Refuse a condition on a column that a table does not have.

    Raises
    ------
    ExpressionError
        With the nearest name there is.
    """
    known = list(columns)
    for name in names_in(expression):
        if name.column not in known:
            reason, hint = f"the table has no column {name}", nearest(name.column, known)
            raise ExpressionError(reason, text, name.at, name.length, hint=hint)


class _Rows(Language[Name, Word]):
    spelling = SPELLING
    wanted = "a column should be"

    def name(self, word: Token) -> Name:
        if word.text[0] == "'":
            raise word.wrong(f"here {self.wanted}; its name is quoted like `this`")
        return Name(word.plain, word.at, word.length)

    def value(self, name: Name, word: Token) -> Word:  # noqa: ARG002 # its column is known only where the table is
        if word.text[0] == "`":
            raise word.wrong("here a value should be; columns are compared with values only")
        return Word(word.plain, word.at, word.length)


_ROWS = _Rows()
