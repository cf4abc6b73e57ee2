"""From a condition to text, which means the same when it is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.conditions.tree import And, Compare, In, Missing, Not, Or

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.formats.conditions.tree import Expression, N, V


def text_of(
    expression: Expression[N, V], value_text: Callable[[V], str], present: str = "is not missing"
) -> str:
    """Return a condition as text. Names are written by their own `str`.

    Parameters
    ----------
    value_text : callable
        Takes a value; returns how it is written.
    present : str
        What is written of a name that has a value.

    Examples
    --------
    >>> text_of(And((Compare("sex", "==", "x"), Not(Missing("age")))), quoted)
    "sex == 'x' and age is not missing"
    """

    def text(each: Expression[N, V]) -> str:
        match each:
            case Compare(name, op, value):
                return f"{name} {op} {value_text(value)}"
            case In(name, values, negated):
                return f"{name} {'not in' if negated else 'in'} ({', '.join(map(value_text, values))})"
            case Missing(name):
                return f"{name} is missing"
            case Not(Missing(name)):
                return f"{name} {present}"
            case Not(inner):
                return f"not {inside(inner, And, Or)}"
            case And(parts):
                return " and ".join(inside(part, And, Or) for part in parts)
            case Or(parts):
                return " or ".join(inside(part, Or) for part in parts)

    def inside(each: Expression[N, V], *looser: type) -> str:
        return f"({text(each)})" if isinstance(each, looser) else text(each)

    return text(expression)


def quoted(text: str, quote: str = "'") -> str:
    """Return text in quotes; a quote inside is written twice, and nothing else is changed.

    Examples
    --------
    >>> quoted("it's"), quoted("a b", "`")
    ("'it''s'", '`a b`')
    """
    return quote + text.replace(quote, quote * 2) + quote
