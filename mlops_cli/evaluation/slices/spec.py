"""Slices as people declare them: a column, a cross of columns, quantile bins, a named condition. Light: no table is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.slices.parse import parse_expression
from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST_CROSSED = 3
_BINS = range(2, 21)
_KEYS = {"column", "columns", "bins", "values", "name", "where"}


@dataclass(frozen=True, slots=True)
class Axis:
    """One column that makes slices.

    Parameters
    ----------
    bins : int or None
        Into how many quantile bins it is cut; None to take its values, if they are few enough.
    values : tuple of str
        Only these values; empty for all.
    """

    column: str
    bins: int | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cross:
    """Slices by the values of one column, or of several together."""

    axes: tuple[Axis, ...]

    @property
    def group(self) -> str:
        """What its slices have in common, as text."""
        return ", ".join(axis.column for axis in self.axes)


@dataclass(frozen=True, slots=True)
class Condition:
    """One slice by a condition.

    Parameters
    ----------
    name : str
        Its own name; the condition where none was given.
    where : str
        The condition as text, known to be one.
    """

    name: str
    where: str


Declared: TypeAlias = Cross | Condition


@dataclass(frozen=True, slots=True)
class FindAsked:
    """How weak slices are looked for.

    Parameters
    ----------
    depth : int
        How many columns a slice may be about, 1 to 3.
    columns, without : tuple of str
        Which columns may make slices: only these, all but these.
    most : int
        How many slices at most.
    """

    depth: int = 2
    columns: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    most: int = 10


class SliceSpecError(UsageError):
    """What was declared is no slice; every problem found, each with where it is: `[2].where`.

    Parameters
    ----------
    problems : sequence of (place, message)
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"slices{place}: {message}" for place, message in self.problems))


def declared_slices(value: Any) -> tuple[Declared, ...]:
    """Return the slices that a list declares, as YAML gives it.

    Raises
    ------
    SliceSpecError
        With every problem in it.

    Examples
    --------
    >>> seniors = {"name": "seniors", "where": "age >= 65"}
    >>> found = declared_slices(["country", ["sex", "race"], {"column": "age", "bins": 4}, seniors])
    >>> [slice_.group if isinstance(slice_, Cross) else slice_.name for slice_ in found]
    ['country', 'sex, race', 'age', 'seniors']
    """
    problems: list[tuple[str, str]] = []
    if not isinstance(value, list | tuple):
        value = [value]
    found = [declared for at, item in enumerate(value) if (declared := _read(item, f"[{at}]", problems))]
    named: dict[str, int] = {}
    for at, declared in enumerate(found):
        name = declared.group if isinstance(declared, Cross) else declared.name
        if name in named and found[named[name]] != declared:
            problems.append((f"[{at}]", f'"{name}" is declared twice; give one another name'))
        named.setdefault(name, at)
    if problems:
        raise SliceSpecError(problems)
    return tuple(dict.fromkeys(found))


def slices_of_option(text: str) -> tuple[Declared, ...]:
    """Return the slices that one text declares, as `--slice` takes it.

    A name is a column; names with commas between them are a cross; `age/4` is a column cut into four; all else is a condition,
    with a name before a colon if wanted: `seniors: age >= 65`.

    Raises
    ------
    SliceSpecError
        When it is none of these.

    Examples
    --------
    >>> slices_of_option("sex,age/4"), slices_of_option("seniors: age >= 65")  # doctest: +ELLIPSIS
    ((Cross(axes=(Axis(column='sex', ...), Axis(column='age', bins=4, ...))),), (Condition(name='seniors', where='age >= 65'),))
    """
    if any(mark in text for mark in "<>=!") or " is " in text or " in " in text:
        name, colon, where = text.partition(":")
        named = bool(colon) and not any(mark in name for mark in "<>=!'\"`(")
        return declared_slices([{"name": name.strip(), "where": where.strip()} if named else {"where": text}])
    axes: list[Any] = []
    for part in text.split(","):
        column, slash, bins = part.strip().rpartition("/")
        axes.append({"column": column, "bins": int(bins)} if slash and bins.isdigit() else part.strip())
    return declared_slices([axes])


def columns_of(declared: Iterable[Declared]) -> tuple[str, ...]:
    """Return the columns that slices are made by, each once.

    Examples
    --------
    >>> columns_of(declared_slices([["sex", "race"], {"where": "age >= 65 and sex == Male"}]))
    ('sex', 'race', 'age')
    """
    from mlops_cli.formats.conditions.tree import names_in

    found: dict[str, None] = {}
    for item in declared:
        if isinstance(item, Cross):
            found.update(dict.fromkeys(axis.column for axis in item.axes))
        else:
            found.update(dict.fromkeys(name.column for name in names_in(parse_expression(item.where))))
    return tuple(found)


def _read(item: Any, place: str, problems: list[tuple[str, str]]) -> Declared | None:
    if isinstance(item, dict) and ("where" in item or "name" in item):
        return _condition(item, place, problems)
    parts = item if isinstance(item, list | tuple) else [item]
    if isinstance(item, dict) and isinstance(item.get("columns"), list | tuple):
        parts = item["columns"]
        _unknown(item, {"columns"}, place, problems)
    if not 1 <= len(parts) <= _MOST_CROSSED:
        problems.append((place, f"a cross has one to {_MOST_CROSSED} columns"))
        return None
    axes = [_axis(part, place, problems) for part in parts]
    known = [axis for axis in axes if axis is not None]
    if len({axis.column for axis in known}) < len(known):
        problems.append((place, "a column is crossed with itself"))
    return Cross(tuple(known)) if len(known) == len(axes) else None


def _condition(item: dict[str, Any], place: str, problems: list[tuple[str, str]]) -> Condition | None:
    _unknown(item, {"name", "where"}, place, problems)
    where, name = item.get("where"), item.get("name")
    if not isinstance(where, str) or not where.strip():
        problems.append((f"{place}.where", "here a condition should be, such as: age >= 65"))
        return None
    if name is not None and (not isinstance(name, str) or not name.strip()):
        problems.append((f"{place}.name", "here a name should be"))
    try:
        parse_expression(where)
    except ExpressionError as error:
        problems.append((f"{place}.where", f"column {error.at + 1}: {error.message}"))
        return None
    return Condition(str(name or where).strip(), where)


def _axis(part: Any, place: str, problems: list[tuple[str, str]]) -> Axis | None:
    if isinstance(part, str) and part:
        return Axis(part)
    if not isinstance(part, dict):
        problems.append((place, f"{part!r} is no column; quote it if it is one's name"))
        return None
    _unknown(part, {"column", "bins", "values"}, place, problems)
    column, bins, values = part.get("column"), part.get("bins"), part.get("values", [])
    if not isinstance(column, str) or not column:
        problems.append(
            (f"{place}.column", "here the name of a column should be, such as: {column: age, bins: 4}")
        )
        return None
    if bins is not None and (isinstance(bins, bool) or not isinstance(bins, int) or bins not in _BINS):
        problems.append((f"{place}.bins", f"bins is a whole number from {_BINS[0]} to {_BINS[-1]}"))
        return None
    if not isinstance(values, list | tuple) or (values and bins is not None):
        problems.append((f"{place}.values", "values is a list, and goes without bins"))
        return None
    return Axis(column, bins, tuple(_word(value) for value in values))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unknown(item: dict[str, Any], known: set[str], place: str, problems: list[tuple[str, str]]) -> None:
    for key in item:
        if key not in known:
            hint = nearest(str(key), known & _KEYS) or f"there are {', '.join(sorted(known & _KEYS))}"
            problems.append((f"{place}.{key}", f"there is no such key here; {hint}"))
