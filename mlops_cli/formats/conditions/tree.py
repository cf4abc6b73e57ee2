"""What a condition says, as a tree: comparisons of names with values, and what joins them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a name and what a value is, the room that has the conditions decides.
N = TypeVar("N")
V = TypeVar("V")

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "~", "!~"]
# Those that every language has; in a pattern, whatever stands behind it is text.
COMPARISONS: tuple[Operator, ...] = ("==", "!=", "<", "<=", ">", ">=")
PATTERNS: tuple[Operator, ...] = ("~", "!~")


@dataclass(frozen=True, slots=True)
class Compare(Generic[N, V]):
    """`name op value`: false where the value is missing."""

    name: N
    op: Operator
    value: V


@dataclass(frozen=True, slots=True)
class In(Generic[N, V]):
    """`name in (value, …)`, or `not in`: false where the value is missing."""

    name: N
    values: tuple[V, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing(Generic[N]):
    """`name is missing`."""

    name: N


@dataclass(frozen=True, slots=True)
class Not(Generic[N, V]):
    """`not …`: true wherever the inner condition is false."""

    inner: Expression[N, V]


@dataclass(frozen=True, slots=True)
class And(Generic[N, V]):
    """`… and …`, two or more."""

    parts: tuple[Expression[N, V], ...]


@dataclass(frozen=True, slots=True)
class Or(Generic[N, V]):
    """`… or …`, two or more."""

    parts: tuple[Expression[N, V], ...]


Expression: TypeAlias = "Compare[N, V] | In[N, V] | Missing[N] | Not[N, V] | And[N, V] | Or[N, V]"


def both(*parts: Expression[N, V]) -> Expression[N, V]:
    """Return the condition that all parts hold, flat."""
    flat: list[Expression[N, V]] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And) else (part,))
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def names_in(expression: Expression[N, V]) -> Iterator[N]:
    """Yield the names in a condition, from left to right."""
    match expression:
        case Compare(name) | In(name) | Missing(name):
            yield name
        case Not(inner):
            yield from names_in(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from names_in(part)
