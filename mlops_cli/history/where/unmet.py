"""Which part of a condition no run meets, and which values there are instead: why nothing was found. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.canonical import compact
from mlops_cli.formats.conditions.tree import And, Compare, In, Missing, Not, Or
from mlops_cli.formats.quantities import read_grace
from mlops_cli.history.near_values import is_number, nearest_values
from mlops_cli.history.where.expression import expression_text, scalar_text
from mlops_cli.history.where.fields import kind_of, moments, reader
from mlops_cli.history.where.meaning import meaning
from mlops_cli.history.where.parse import parse_where

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.where.expression import Expression, Name, Scalar
    from mlops_cli.history.where.fields import Kind

    Part = Compare[Name, Scalar] | In[Name, Scalar] | Missing[Name] | Not[Name, Scalar]


class Unmet(NamedTuple):
    """A part of a condition that no run meets.

    Parameters
    ----------
    text : str
        The part.
    nearest : tuple of str
        Values that runs have, the nearest first, as conditions have them.
    more : int
        How many further values there are.
    elsewhere : int
        How many runs beside those that were looked through meet it.
    """

    text: str
    nearest: tuple[str, ...] = ()
    more: int = 0
    elsewhere: int = 0


def unmet(
    conditions: Sequence[str], runs: Sequence[KnownRun], now: float, others: Sequence[KnownRun] = ()
) -> tuple[Unmet, ...]:
    """Return the parts of some conditions that none of some runs meets, each once.

    Parameters
    ----------
    others : sequence of KnownRun
        Runs that were not looked through.
    """
    found: dict[str, Unmet] = {}
    for part in (part for text in conditions for part in _parts(parse_where(text))):
        test = meaning(part)
        if not any(test(run, now) for run in runs):
            text = expression_text(part)
            elsewhere = sum(test(run, now) for run in others)
            found.setdefault(text, _unmet(part, text, runs, now)._replace(elsewhere=elsewhere))
    return tuple(found.values())


def _parts(expression: Expression) -> Iterator[Part]:
    """Yield the parts on which it hangs; what is turned round stays together."""
    match expression:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _parts(part)
        case _:
            yield expression


def _unmet(part: Part, text: str, runs: Sequence[KnownRun], now: float) -> Unmet:
    while isinstance(part, Not) and not isinstance(part.inner, And | Or):
        part = part.inner
    if isinstance(part, Not):
        return Unmet(text)
    name = part.name
    kind, read = kind_of(name), reader(name)
    wanted: tuple[Scalar, ...] = (
        part.values if isinstance(part, In) else (part.value,) if isinstance(part, Compare) else ()
    )
    near, more = nearest_values(
        [_meant(kind, value) for value in wanted], (value for run in runs for value in read(run, now))
    )
    return Unmet(text, tuple(dict.fromkeys(_text(kind, value) for value in near)), more)


def _meant(kind: Kind, value: Scalar) -> Any:
    """Return what a wanted value is held against: seconds for times and spans."""
    if kind == "time":
        return (moments(str(value)) or (value,))[0]
    return read_grace(value) if kind == "span" else value


def _text(kind: Kind, value: Any) -> str:
    """Return a value as conditions have it; of lists and the like, as JSON has it."""
    if kind == "time" and is_number(value):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M}"
    if kind == "span" and is_number(value):
        size, unit = next(((s, u) for s, u in ((86400, "d"), (3600, "h"), (60, "m")) if value >= s), (1, "s"))
        return f"{value / size:.3g}{unit}"
    scalar = value is None or isinstance(value, bool | int | float | str)
    return scalar_text(value) if scalar else compact(value).decode().strip()
