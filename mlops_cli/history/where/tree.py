"""What a condition says, as a tree of values; and its text again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

Scalar: TypeAlias = "bool | int | float | str | None"
Operator = Literal["==", "!=", "<", "<=", ">", ">=", "~", "!~"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "exists", "missing"})
# What may stand in a name or a value without quotes.
BARE = r"[^\s()\[\],<>=!~\"']"
_BARE = re.compile(rf"{BARE}+")


@dataclass(frozen=True, slots=True)
class Name:
    """What is asked of a run.

    Parameters
    ----------
    root : str
        A field such as `author`; or `params` or `metrics`.
    key : str
        Which parameter or metric.
    at : int
        Where it stands in the text, from 0.
    """

    root: str
    key: str = ""
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return it as it is written."""
        if not self.key:
            return self.root
        return f"{self.root}.{self.key if _BARE.fullmatch(self.key) else quoted(self.key)}"


@dataclass(frozen=True, slots=True)
class Compare:
    """`name op value`: false where the run has no such value."""

    name: Name
    op: Operator
    value: Scalar


@dataclass(frozen=True, slots=True)
class In:
    """`name in (value, …)`, or `not in`: false where the run has no such value."""

    name: Name
    values: tuple[Scalar, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    """`name exists`."""

    name: Name


@dataclass(frozen=True, slots=True)
class Not:
    """`not …`."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class And:
    """`… and …`, two or more."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """`… or …`, two or more."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Compare | In | Exists | Not | And | Or


def expression_text(expression: Expression) -> str:
    """Return a condition as text, which means the same when it is read again.

    Examples
    --------
    >>> expression_text(And((Compare(Name("params", "a b"), "==", "x"), Not(Exists(Name("branch"))))))
    "params.'a b' == 'x' and branch is missing"
    """
    match expression:
        case Compare(name, op, value):
            return f"{name} {op} {scalar_text(value)}"
        case In(name, values, negated):
            inside = ", ".join(map(scalar_text, values))
            return f"{name} {'not in' if negated else 'in'} ({inside})"
        case Exists(name):
            return f"{name} exists"
        case Not(Exists(name)):
            return f"{name} is missing"
        case Not(inner):
            return f"not {_inside(inner, And | Or)}"
        case And(parts):
            return " and ".join(_inside(part, And | Or) for part in parts)
        case Or(parts):
            return " or ".join(_inside(part, Or) for part in parts)


def _inside(expression: Expression, looser: object) -> str:
    text = expression_text(expression)
    return f"({text})" if isinstance(expression, looser) else text  # type: ignore[arg-type] # unions of classes are taken


def scalar_text(value: Scalar) -> str:
    """Return a value as conditions have it: text in quotes.

    Examples
    --------
    >>> scalar_text("8"), scalar_text(8), scalar_text(None)
    ("'8'", '8', 'null')
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    return json.dumps(value)


def quoted(text: str) -> str:
    """Return text in quotes; a quote inside is written twice, and nothing else is changed.

    Examples
    --------
    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def names_in(expression: Expression) -> Iterator[Name]:
    """Yield the names in a condition, from left to right."""
    match expression:
        case Compare(name) | In(name) | Exists(name):
            yield name
        case Not(inner):
            yield from names_in(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from names_in(part)
