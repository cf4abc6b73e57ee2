"""What a condition on rows says, as a tree of values; and its text again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

Operator = Literal["==", "!=", "<", "<=", ">", ">="]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "missing"})
# What may stand in a name or a value without quotes.
BARE = r"[^\s()\[\],<>=!\"'`]"
_BARE = re.compile(rf"{BARE}+")


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
        plain = _BARE.fullmatch(self.column) and self.column.lower() not in KEYWORDS
        return self.column if plain else "`" + self.column.replace("`", "``") + "`"


@dataclass(frozen=True, slots=True)
class Word:
    """A value as it was written: what it means, the kind of its column decides.

    Parameters
    ----------
    text : str
        Without quotes.
    """

    text: str
    at: int = field(default=0, compare=False)
    length: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`column op value`: false where the value is missing."""

    name: Name
    op: Operator
    value: Word


@dataclass(frozen=True, slots=True)
class In:
    """`column in (value, …)`, or `not in`: false where the value is missing."""

    name: Name
    values: tuple[Word, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """`column is missing`."""

    name: Name


@dataclass(frozen=True, slots=True)
class Not:
    """`not …`: true for every row for which the inner condition is false."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class And:
    """`… and …`, two or more."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """`… or …`, two or more."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Compare | In | Missing | Not | And | Or


def both(*parts: Expression) -> Expression:
    """Return the condition that all parts hold, flat."""
    flat: list[Expression] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And) else (part,))
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def expression_text(expression: Expression) -> str:
    """Return a condition as text, which means the same when it is read again.

    Examples
    --------
    >>> expression_text(And((Compare(Name("a b"), "==", Word("x")), Not(Missing(Name("age"))))))
    "`a b` == 'x' and age is not missing"
    """
    match expression:
        case Compare(name, op, value):
            return f"{name} {op} {literal_text(value.text)}"
        case In(name, values, negated):
            inside = ", ".join(literal_text(value.text) for value in values)
            return f"{name} {'not in' if negated else 'in'} ({inside})"
        case Missing(name):
            return f"{name} is missing"
        case Not(Missing(name)):
            return f"{name} is not missing"
        case Not(inner):
            return f"not {_inside(inner, And | Or)}"
        case And(parts):
            return " and ".join(_inside(part, And | Or) for part in parts)
        case Or(parts):
            return " or ".join(_inside(part, Or) for part in parts)


def _inside(expression: Expression, looser: object) -> str:
    text = expression_text(expression)
    return f"({text})" if isinstance(expression, looser) else text  # type: ignore[arg-type] # unions of classes are taken


_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def literal_text(text: str) -> str:
    """Return a value as it is written: numbers bare, all else in quotes, a quote inside written twice.

    Examples
    --------
    >>> literal_text("it's"), literal_text("65")
    ("'it''s'", '65')
    """
    if _NUMBER.fullmatch(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def names_in(expression: Expression) -> Iterator[Name]:
    """Yield the columns in a condition, from left to right."""
    match expression:
        case Compare(name) | In(name) | Missing(name):
            yield name
        case Not(inner):
            yield from names_in(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from names_in(part)
