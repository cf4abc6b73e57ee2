"""What is asked of an evaluation besides metrics, as people write it: weak slices, fairness, importance, value, margins. Light."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.slices.spec import Cross, FindAsked, declared_slices
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class ImportanceAsked:
    """How permutation importance is measured: how often, on how many rows, by which metric, of which columns."""

    repetitions: int = 5
    rows: int = 5_000
    metric: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueAsked:
    """What answers are worth.

    Parameters
    ----------
    unit : str
    matrix : tuple of tuple of float
        By truth (rows) and answer, in the order of the classes; empty when `gains` says it.
    gains : mapping of truth to mapping of answer to float
        What is not named is 0.
    """

    unit: str = ""
    matrix: tuple[tuple[float, ...], ...] = ()
    gains: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def find_asked(value: Any) -> FindAsked | None:
    """Return how weak slices are looked for; None when they are not.

    Raises
    ------
    UsageError
        When the value says something else.

    Examples
    --------
    >>> find_asked({"depth": 3}), find_asked(False)
    (FindAsked(depth=3, columns=(), without=(), most=10), None)
    """
    if value is None or value is False:
        return None
    if value is True:
        return FindAsked()
    given = _mapping(value, "find", ("depth", "columns", "without", "most"))
    return FindAsked(
        _whole(given, "find", "depth", 2, 1, 3),
        _names(given, "find", "columns"),
        _names(given, "find", "without"),
        _whole(given, "find", "most", 10, 1, 50),
    )


def fairness_asked(value: Any) -> tuple[Cross, ...]:
    """Return the columns between whose groups gaps are measured.

    Raises
    ------
    UsageError
        When the value says something else, such as a condition.

    Examples
    --------
    >>> [cross.group for cross in fairness_asked(["sex", ["sex", "race"]])]
    ['sex', 'sex, race']
    """
    if value is None or value is False:
        return ()
    found = declared_slices(value)
    crosses = tuple(item for item in found if isinstance(item, Cross))
    if len(crosses) < len(found):
        raise UsageError("fairness: groups are made by columns, not by conditions")
    return crosses


def importance_asked(value: Any) -> ImportanceAsked | None:
    """Return how permutation importance is measured; None when it is not.

    Raises
    ------
    UsageError
        When the value says something else.
    """
    if value is None or value is False:
        return None
    if value is True:
        return ImportanceAsked()
    given = _mapping(value, "importance", ("repetitions", "rows", "metric", "columns"))
    metric = given.get("metric", "")
    if not isinstance(metric, str):
        raise UsageError("importance.metric: here the name of a metric should be")
    return ImportanceAsked(
        _whole(given, "importance", "repetitions", 5, 2, 100),
        _whole(given, "importance", "rows", 5_000, 50, 10_000_000),
        metric,
        _names(given, "importance", "columns"),
    )


def value_asked(value: Any) -> ValueAsked | None:
    """Return what answers are worth; None when nobody says.

    Raises
    ------
    UsageError
        When the value says something else.

    Examples
    --------
    >>> value_asked([[2, -5], [-10, 10]]).matrix
    ((2.0, -5.0), (-10.0, 10.0))
    """
    if value is None or value is False:
        return None
    given = {"matrix": value} if isinstance(value, list | tuple) else value
    given = _mapping(given, "value", ("unit", "matrix", "gains"))
    unit = given.get("unit", "")
    if not isinstance(unit, str):
        raise UsageError("value.unit: here a text should be, such as EUR")
    if ("matrix" in given) == ("gains" in given):
        raise UsageError(
            "value: say what answers are worth, by a matrix or by gains",
            hint="For two classes: value: {unit: EUR, matrix: [[0, -5], [-10, 20]]}: rows are truths, columns answers",
        )
    if "matrix" in given:
        return ValueAsked(unit, _matrix(given["matrix"]))
    gains = given["gains"]
    if not isinstance(gains, dict) or not gains or not all(isinstance(row, dict) for row in gains.values()):
        raise UsageError("value.gains: write {truth: {answer: 5}}; what is not named is 0")
    return ValueAsked(
        unit,
        (),
        {
            _word(truth): {
                _word(answer): _number(gain, f"value.gains.{truth}.{answer}") for answer, gain in row.items()
            }
            for truth, row in gains.items()
        },
    )


def margin_asked(value: Any, default: float = 0.0) -> float | dict[str, float]:
    """Return the largest difference that does not matter: one for all metrics, or by name.

    Raises
    ------
    UsageError
        When it is negative, or no number.
    """
    if value is None:
        return default
    if isinstance(value, dict):
        return {str(name): _margin(number, f"margin.{name}") for name, number in value.items()}
    return _margin(value, "margin")


def _margin(value: Any, place: str) -> float:
    found = _number(value, place)
    if found < 0:
        raise UsageError(f"{place}: a margin is not negative")
    return found


def _matrix(value: Any) -> tuple[tuple[float, ...], ...]:
    rows = value if isinstance(value, list | tuple) else []
    if len(rows) < 2 or any(not isinstance(row, list | tuple) or len(row) != len(rows) for row in rows):
        raise UsageError(
            "value.matrix: it has as many rows as columns, one for each class",
            hint="For two classes: [[0, -5], [-10, 20]]: rows are truths, columns answers",
        )
    return tuple(tuple(_number(cell, "value.matrix") for cell in row) for row in rows)


def _mapping(value: Any, what: str, known: Iterable[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{what}: here true, false or a mapping with {', '.join(known)} should be")
    for key in value:
        if key not in known:
            close = nearest(str(key), known)
            raise UsageError(f"{what}: there is no {key} here", hint=close[:1].upper() + close[1:])
    return value


def _whole(given: dict[str, Any], what: str, key: str, default: int, low: int, high: int) -> int:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UsageError(f"{what}.{key}: here a whole number from {low} to {high} should be")
    return value


def _names(given: dict[str, Any], what: str, key: str) -> tuple[str, ...]:
    value = given.get(key, ())
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise UsageError(f"{what}.{key}: here names of columns should be")
    return tuple(value)


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{place}: here a number should be, not {value!r}")
    return float(value)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
