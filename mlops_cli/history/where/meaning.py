"""From a condition to what tells whether a run meets it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeAlias

from mlops_cli.formats.canonical import compact
from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.conditions.tree import And, Compare, In, Missing, Not, Or
from mlops_cli.formats.problems import nearest
from mlops_cli.formats.quantities import read_grace
from mlops_cli.history.where.fields import FIELDS, kind_of, moments, reader
from mlops_cli.history.where.patterns import matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlops_cli.formats.conditions.tree import Operator
    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.where.expression import Expression, Name, Scalar
    from mlops_cli.history.where.fields import Kind

# Takes a run and the present time, in seconds since the epoch.
Test: TypeAlias = "Callable[[KnownRun, float], bool]"
_Check: TypeAlias = "Callable[[Any], bool]"
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def meaning(expression: Expression) -> Test:
    """Return what tells whether a run meets a condition."""
    match expression:
        case Compare(name, op, value):
            return _compare(name, op, value)
        case In(name, values, negated):
            read, checks = reader(name), [_check(kind_of(name), "==", value) for value in values]

            def is_in(run: KnownRun, now: float) -> bool:
                present = read(run, now)
                found = any(check(value) for value in present for check in checks)
                return bool(present) and found is not negated

            return is_in
        case Missing(name):
            read_it = reader(name)
            return lambda run, now: not read_it(run, now)
        case Not(inner):
            test = meaning(inner)
            return lambda run, now: not test(run, now)
        case And(parts):
            tests = [meaning(part) for part in parts]
            return lambda run, now: all(test(run, now) for test in tests)
        case Or(parts):
            others = [meaning(part) for part in parts]
            return lambda run, now: any(test(run, now) for test in others)


def _compare(name: Name, op: Operator, value: Scalar) -> Test:
    read = reader(name)
    if op in ("!=", "!~"):  # holds for a run that has values, and none that is so
        check = _check(kind_of(name), "==" if op == "!=" else "~", value)

        def none_is(run: KnownRun, now: float) -> bool:
            present = read(run, now)
            return bool(present) and not any(map(check, present))

        return none_is
    holds = _check(kind_of(name), op, value)
    return lambda run, now: any(map(holds, read(run, now)))


def _check(kind: Kind, op: str, value: Scalar) -> _Check:
    """Return what tells whether one value is as a comparison says."""
    if op == "~":
        found = matcher(str(value))
        return lambda present: found(_plain(present))
    if kind == "time":
        return _within(op, *(moments(str(value)) or (0.0, 0.0)))
    if kind == "span":
        value = read_grace(value)
    if op in _ORDER:
        order, wanted = _ORDER[op], _rank(value)
        return lambda present: _rank(present)[0] == wanted[0] and bool(order(_rank(present), wanted))
    if kind == "stage":
        return lambda present: present == value or present.startswith(f"{value}@")
    if kind == "id":
        start = str(value).lower()
        return lambda present: present.lower().startswith(start)
    # True is no 1, whatever Python thinks.
    rank = _rank(value)
    return lambda present: _rank(present) == rank


def _within(op: str, first: float, last: float) -> _Check:
    """Return what compares a moment with a day, or a minute: what lies inside is equal to it."""
    checks: dict[str, _Check] = {
        "==": lambda present: first <= present < last,
        "<": lambda present: present < first,
        "<=": lambda present: present < last,
        ">": lambda present: present >= last,
        ">=": lambda present: present >= first,
    }
    return checks[op]


def _rank(value: Any) -> tuple[int, Any]:
    """Return what values are compared by: first what they are, so that unlike things are neither equal nor in order."""
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    return (3, value) if isinstance(value, str) else (4, _plain(value))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else compact(value).decode().rstrip("\n")


def sort_key(name: Name, now: float, *, largest: bool) -> Callable[[KnownRun], tuple[int, Any] | None]:
    """Return what gives a run's place in an order by a name; None for a run that has no such value.

    Parameters
    ----------
    largest : bool
        Of several values, the largest counts; else the smallest.
    """
    read, choose = reader(name), max if largest else min

    def key(run: KnownRun) -> tuple[int, Any] | None:
        present = read(run, now)
        return choose(map(_rank, present)) if present else None

    return key


def check_names(names: Iterable[Name], text: str, runs: Sequence[KnownRun], option: str) -> None:
    """Refuse a parameter or metric that none of some runs has: it is a slip more often than a question.

    Parameters
    ----------
    text : str
        Where the names were read.
    option : str
        Which option that was.

    Raises
    ------
    ExpressionError
        With the nearest name there is.
    """
    for name in names:
        if name.root in FIELDS or not runs:
            continue
        read = reader(name)
        if not any(read(run, 0.0) for run in runs):
            known = {key for run in runs for key in (run.params if name.root == "params" else run.metrics)}
            known |= {key.rpartition(":")[2] for key in known}
            hint = nearest(name.key, known).replace('mean "', f'mean "{name.root}.')
            what = "parameter" if name.root == "params" else "metric"
            raise ExpressionError(
                f"no run here has the {what} {name.key}",
                text,
                name.at,
                name.length,
                hint=hint or "See what there is with: mlops runs -o csv",
                option=option,
            )
