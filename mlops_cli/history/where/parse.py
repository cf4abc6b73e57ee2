"""From text to a condition; every mistake with its place."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.formats.problems import nearest
from mlops_cli.formats.quantities import read_grace
from mlops_cli.formats.yaml_text import read_scalar
from mlops_cli.history.where.fields import ALIASES, FIELDS, GROUPS, kind_of, moments
from mlops_cli.history.where.patterns import matcher
from mlops_cli.history.where.tree import (
    BARE,
    KEYWORDS,
    OPERATORS,
    And,
    Compare,
    Exists,
    In,
    Name,
    Not,
    Or,
)

if TYPE_CHECKING:
    from mlops_cli.history.where.tree import Expression, Operator, Scalar

_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
_TOKEN = re.compile(
    rf"\s*(?:(?P<op>==|!=|<=|>=|!~|[<>=~()\[\],])|(?P<word>(?:{BARE}|{_QUOTED})+)|(?P<end>$)|(?P<wrong>.))",
    re.DOTALL,
)
_PART = re.compile(rf"({_QUOTED})|{BARE}+", re.DOTALL)
_DEEPEST = 50  # parentheses inside each other
_WRITE = {"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not"}


class _Token(NamedTuple):
    text: str
    at: int
    op: bool = False

    @property
    def quoted(self) -> bool:
        """Whether it is one text in quotes."""
        return re.fullmatch(_QUOTED, self.text, re.DOTALL) is not None

    @property
    def keyword(self) -> str:
        """The word of the grammar that it is; empty for any other."""
        lower = self.text.lower()
        return lower if lower in KEYWORDS else ""

    @property
    def plain(self) -> str:
        """Its text without quotes."""
        return "".join(_unquoted(found[0]) if found[1] else found[0] for found in _PART.finditer(self.text))


def parse_where(text: str, option: str = "--where") -> Expression:
    """Return the condition that a text is.

    Parameters
    ----------
    option : str
        Where it was given, for messages.

    Raises
    ------
    UsageError
        When it is none; the message shows the place.
    """
    parser = _Parser(text, option)
    expression = parser.disjunction()
    parser.end()
    return expression


def parse_name(text: str, option: str) -> Name:
    """Return the name that a text is.

    Raises
    ------
    UsageError
        When it is none.
    """
    parser = _Parser(text, option)
    name = parser.name()
    parser.end()
    return name


def complaint(reason: str, text: str, at: int, length: int, option: str) -> str:
    """Return a message that shows, below a text, which part of it is meant."""
    flat = re.sub(r"\s", " ", text)
    before = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in flat[:at])
    return f"{option}: {reason}\n  {flat}\n  {' ' * before}{'^' * max(length, 1)}"


class _Parser:
    def __init__(self, text: str, option: str) -> None:
        self._text, self._option = text, option
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
        if token.text:
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
            if self._take("exists"):
                return Exists(self.name())
            if self._peek.op and self._peek.text == "(":
                open_ = self._advance()
                inner = self.disjunction()
                if not self._take_op(")"):
                    raise self._wrong('a ")" is missing for this', open_)
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Expression:
        name = self.name()
        if self._take("exists"):
            return Exists(name)
        if self._take("is"):
            negated = self._take("not")
            if not self._take("missing"):
                raise self._wrong('here "missing" should be', self._peek)
            return Exists(name) if negated else Not(Exists(name))
        negated = self._take("not")
        if self._take("in"):
            return In(name, self._values(name), negated)
        token = self._peek
        if token.op and (token.text in OPERATORS or token.text == "=") and not negated:
            self._advance()
            return self._compare(name, token)
        if kind_of(name) in ("bool", "any") and not negated:
            return Compare(name, "==", True)
        raise self._wrong("here a comparison should be: == != < <= > >= ~ in, exists or is missing", token)

    def _compare(self, name: Name, token: _Token) -> Expression:
        op: Operator = "==" if token.text == "=" else token.text  # type: ignore[assignment] # as was seen
        given = self._peek
        if op in ("~", "!~"):
            text = self._word("a text or a pattern").plain
            if name.root in FIELDS and kind_of(name) in ("bool", "span", "time", "number"):
                raise self._wrong(f"{name} is not text, so it has no patterns", token)
            try:
                matcher(text)
            except ValueError as error:
                raise self._wrong(str(error), given) from error
            return Compare(name, op, text)
        if not given.quoted and given.text == "null" and name.root in FIELDS and op in ("==", "!="):
            self._advance()
            return Not(Exists(name)) if op == "==" else Exists(name)
        if op not in ("==", "!=") and kind_of(name) in ("choice", "id", "stage", "bool"):
            raise self._wrong(f"{name} has no order; compare it with == or ~", token)
        return Compare(name, op, self._value(name))

    def _values(self, name: Name) -> tuple[Scalar, ...]:
        open_ = self._peek
        if not (open_.op and open_.text in "(["):
            raise self._wrong("here a list should be, such as (4, 8)", open_)
        self._advance()
        values = [self._value(name)]
        while self._take_op(","):
            values.append(self._value(name))
        if not self._take_op(")" if open_.text == "(" else "]"):
            raise self._wrong('here "," or the end of the list should be', self._peek)
        return tuple(values)

    def name(self) -> Name:
        token = self._word("a name, such as status or metrics.auc")
        if token.keyword or token.quoted:
            raise self._wrong("here a name should be, such as status or metrics.auc", token)
        root, _, key = token.text.partition(".")
        root = ALIASES.get(root, root)
        if root in GROUPS and key:
            return Name(root, _Token(key, 0).plain, token.at)
        if root in FIELDS and not key:
            return Name(root, "", token.at)
        if root in GROUPS:
            raise self._wrong(f"here the name of one of the {root} should be, such as {root}.x", token)
        hint = nearest(token.text, FIELDS) or f"is it params.{token.text}, or metrics.{token.text}?"
        raise self._wrong(f"there is no {token.text}", token, hint=hint[:1].upper() + hint[1:])

    def _value(self, name: Name) -> Scalar:
        token = self._word("a value")
        kind, text = kind_of(name), token.plain
        if not token.quoted and (token.keyword or _looks_like_a_name(token.text)):
            raise self._wrong("here a value should be; a text that looks like this needs quotes", token)
        if kind == "any":
            return text if token.quoted or text != token.text else read_scalar(text)
        if not token.quoted and text == "null":
            raise self._wrong(f"a value of {name} is never null; write: {name} is missing", token)
        if kind == "bool":
            if text.lower() not in ("true", "false"):
                raise self._wrong(f"{name} is true or false", token)
            return text.lower() == "true"
        self._check(name, text, token)
        return text if kind != "number" else read_scalar(text)

    def _check(self, name: Name, text: str, token: _Token) -> None:
        kind, choices = kind_of(name), FIELDS[name.root].choices
        if kind == "choice" and text not in choices:
            raise self._wrong(f"{name} is one of {', '.join(choices)}", token)
        if kind == "span" and read_grace(text) is None:
            raise self._wrong(f"{name} is compared with a duration, such as 90s, 30m, 12h or 7d", token)
        if kind == "time" and moments(text) is None:
            raise self._wrong(
                f"{name} is compared with a date or a time, such as 2026-01-31 or 2026-01-31T12:30", token
            )
        if kind == "number" and type(read_scalar(text)) not in (int, float):
            raise self._wrong(f"{name} is compared with a number", token)

    # Tokens ---------------------------------------------------------------------------------------------------------

    def _read(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        while True:
            found = _TOKEN.match(text, at)
            if found is None or found["end"] is not None:
                return [*tokens, _Token("", len(text))]
            kind = found.lastgroup or ""
            token = _Token(found[kind], found.start(kind), kind == "op")
            if kind == "wrong":
                reason = (
                    "this quote is not closed" if token.text in "'\"" else f"{token.text} means nothing here"
                )
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
        if self._peek.op or self._peek.keyword != keyword:
            return False
        self._next += 1
        return True

    def _take_op(self, op: str) -> bool:
        if not self._peek.op or self._peek.text != op:
            return False
        self._next += 1
        return True

    def _word(self, what: str) -> _Token:
        token = self._peek
        if token.op or not token.text:
            raise self._wrong(f"here {what} should be", token)
        return self._advance()

    def _wrong(self, reason: str, token: _Token, *, hint: str = "") -> UsageError:
        return UsageError(complaint(reason, self._text, token.at, len(token.text), self._option), hint=hint)


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])


def _looks_like_a_name(text: str) -> bool:
    root, dot, _ = text.partition(".")
    return bool(dot) and root in GROUPS
