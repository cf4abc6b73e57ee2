"""From text to a condition on rows; a mistake with its place. Nothing of the text is ever executed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.slices.expression import (
    BARE,
    KEYWORDS,
    OPERATORS,
    And,
    Compare,
    In,
    Missing,
    Name,
    Not,
    Or,
    Word,
)
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.evaluation.slices.expression import Expression

_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`"
_TOKEN = re.compile(
    rf"\s*(?:(?P<quoted>{_QUOTED})|(?P<op>==|!=|<>|<=|>=|[<>=()\[\],])|(?P<word>{BARE}+)|(?P<end>$)|(?P<wrong>.))",
    re.DOTALL,
)
_DEEPEST = 50  # parentheses inside each other
_WRITE = {"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "~": "not"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "=": "=="}
_SAME = {"=": "==", "<>": "!="}


class ExpressionError(UsageError):
    """A condition that cannot be read, or asks for what the table does not have.

    Parameters
    ----------
    reason : str
        What is wrong.
    text : str
        The condition.
    at, length : int
        Which part of it is meant, from 0.
    """

    def __init__(self, reason: str, text: str, at: int, length: int, *, hint: str = "") -> None:
        self.reason, self.text, self.at, self.length = reason, text, at, max(length, 1)
        flat = re.sub(r"\s", " ", text)
        super().__init__(f"{reason}\n  {flat}\n  {' ' * at}{'^' * self.length}", hint=hint)


class _Token(NamedTuple):
    text: str
    at: int
    kind: str = "end"

    @property
    def keyword(self) -> str:
        """The word of the grammar that it is; empty for any other."""
        lower = self.text.lower()
        return lower if self.kind == "word" and lower in KEYWORDS else ""

    @property
    def plain(self) -> str:
        """Its text without quotes."""
        if self.kind != "quoted":
            return self.text
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote)


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
    parser = _Parser(text)
    expression = parser.disjunction()
    parser.end()
    return expression


def check_columns(expression: Expression, text: str, columns: Iterable[str]) -> None:
    """Refuse a condition on a column that a table does not have.

    Raises
    ------
    ExpressionError
        With the nearest name there is.
    """
    from mlops_cli.evaluation.slices.expression import names_in

    known = list(columns)
    for name in names_in(expression):
        if name.column not in known:
            hint = nearest(name.column, known)
            reason = f"the table has no column {name}"
            raise ExpressionError(reason, text, name.at, name.length, hint=hint[:1].upper() + hint[1:])


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read(text))
        self._next = 0
        self._depth = 0

    def disjunction(self) -> Expression:
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def end(self) -> None:
        """Make sure that nothing is left."""
        token = self._peek
        if token.kind == "end":
            return
        if token.text in _MIRRORED:
            raise self._wrong(
                'compare once, and join with "and"', token, hint="Write: age >= 18 and age < 65"
            )
        write = _WRITE.get(token.text)
        raise self._wrong(f'write "{write}"' if write else 'here "and", "or" or the end should be', token)

    def _conjunction(self) -> Expression:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("this is too deep", self._peek)
        try:
            if self._take("not"):
                return Not(self._negation())
            if self._peek.text == "(" and self._peek.kind == "op":
                open_ = self._advance()
                inner = self.disjunction()
                if not self._take_op(")"):
                    raise self._wrong('a ")" is missing for this', open_)
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Expression:
        name = self._name()
        if self._take("is"):
            negated = self._take("not")
            if not self._take("missing"):
                raise self._wrong('here "missing" should be', self._peek)
            return Not(Missing(name)) if negated else Missing(name)
        negated = self._take("not")
        if self._take("in"):
            return In(name, self._values(), negated)
        token = self._peek
        op = _SAME.get(token.text, token.text)
        if token.kind == "op" and op in OPERATORS and not negated:
            self._advance()
            return Compare(name, op, self._value())
        raise self._wrong("here a comparison should be: == != < <= > >= in (…) or is missing", token)

    def _values(self) -> tuple[Word, ...]:
        open_ = self._peek
        if open_.kind != "op" or open_.text not in "([":
            raise self._wrong("here a list should be, such as (red, blue)", open_)
        self._advance()
        values = [self._value()]
        while self._take_op(","):
            values.append(self._value())
        if not self._take_op(")" if open_.text == "(" else "]"):
            raise self._wrong('here "," or the end of the list should be', self._peek)
        return tuple(values)

    def _name(self) -> Name:
        token = self._peek
        if token.kind not in ("word", "quoted") or token.keyword:
            raise self._wrong("here a column should be", token)
        if token.kind == "quoted" and token.text[0] == "'":
            raise self._wrong("here a column should be; its name is quoted like `this`", token)
        self._advance()
        return Name(token.plain, token.at, len(token.text))

    def _value(self) -> Word:
        token = self._peek
        if token.kind not in ("word", "quoted"):
            raise self._wrong("here a value should be", token)
        if token.keyword:
            raise self._wrong("here a value should be; a text that looks like this needs quotes", token)
        if token.text[0] == "`":
            raise self._wrong("here a value should be; columns are compared with values only", token)
        self._advance()
        return Word(token.plain, token.at, len(token.text))

    # Tokens ---------------------------------------------------------------------------------------------------------

    def _read(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        while True:
            found = _TOKEN.match(text, at)
            if found is None or found["end"] is not None:
                return [*tokens, _Token("", len(text))]
            kind = found.lastgroup or ""
            token = _Token(found[kind], found.start(kind), kind)
            if kind == "wrong":
                unclosed = token.text in "'\"`"
                reason = "this quote is not closed" if unclosed else f"{token.text} means nothing here"
                hint = 'Write "not"' if token.text == "!" else "A quote inside quotes is written twice"
                raise self._wrong(reason, token, hint=hint)
            tokens.append(token)
            at = found.end()

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _advance(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _take(self, keyword: str) -> bool:
        if self._peek.keyword != keyword:
            return False
        self._next += 1
        return True

    def _take_op(self, op: str) -> bool:
        if self._peek.kind != "op" or self._peek.text != op:
            return False
        self._next += 1
        return True

    def _wrong(self, reason: str, token: _Token, *, hint: str = "") -> ExpressionError:
        return ExpressionError(reason, self._text, token.at, len(token.text), hint=hint)
