"""What can be asked of a run: fields, parameters and metrics, and of what kind each is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.history.named import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.where.expression import Name

# How a value is read and compared: `choice` is text out of a few; of an `id` the beginning is enough; a `stage` may be a group;
# `span` is seconds; `any` is whatever YAML makes of it.
Kind = Literal["text", "choice", "id", "stage", "span", "time", "number", "bool", "any"]
Read = "Callable[[KnownRun, float], Sequence[Any]]"


class Field(NamedTuple):
    """One thing that every run may have.

    Parameters
    ----------
    read : callable
        Takes a run and the present time, in seconds since the epoch; returns its values, none where it has none. What is asked
        holds if it holds for one of them.
    choices : sequence of str
        The values there are, of a `choice`.
    """

    kind: Kind
    read: Callable[[KnownRun, float], Sequence[Any]]
    choices: Sequence[str] = ()


def started_at(run: KnownRun) -> float | None:
    """Return when a run began, in seconds since the epoch."""
    try:
        return datetime.fromisoformat(run.started).timestamp()
    except ValueError:
        return None


def _present(*values: Any) -> Sequence[Any]:
    return [value for value in values if value is not None and value != ""]


def _age(run: KnownRun, now: float) -> Sequence[float]:
    started = started_at(run)
    return [] if started is None else [max(now - started, 0.0)]


STATUSES = ("ok", "failed", "stopped", "killed")
FIELDS: Mapping[str, Field] = {
    "id": Field("id", lambda run, _: [run.id]),
    "status": Field("choice", lambda run, _: [run.status], STATUSES),
    "message": Field("text", lambda run, _: _present(run.message)),
    "author": Field("text", lambda run, _: _present(run.author, run.email)),
    "email": Field("text", lambda run, _: _present(run.email)),
    "branch": Field("text", lambda run, _: _present(run.branch)),
    "commit": Field("id", lambda run, _: _present(run.commit)),
    "dirty": Field("bool", lambda run, _: [run.dirty]),
    "snapshot": Field("id", lambda run, _: _present(run.snapshot)),
    "stage": Field("stage", lambda run, _: run.stages),
    "started": Field("time", lambda run, _: _present(started_at(run))),
    "age": Field("span", _age),
    "seconds": Field("span", lambda run, _: [run.seconds]),
    "trigger": Field("choice", lambda run, _: _present(run.trigger), ("cli", "hook", "ci")),
    "outcome": Field(
        "choice", lambda run, _: _present(run.outcome), ("confirmed", "rejected", "inconclusive")
    ),
    "notes": Field("number", lambda run, _: [run.notes]),
    "repetition": Field("bool", lambda run, _: [run.repetition]),
    "repeats": Field("id", lambda run, _: _present(run.repeats)),
    "sweep": Field("id", lambda run, _: _present((run.experiment or {}).get("sweep"))),
}
ALIASES = {"stages": "stage"}


def kind_of(name: Name) -> Kind:
    """Return how values of a name are read and compared."""
    return FIELDS[name.root].kind if name.root in FIELDS else "any"


def reader(name: Name) -> Callable[[KnownRun, float], Sequence[Any]]:
    """Return what gives a run's values under a name.

    A parameter or metric that several stages or files have stands in records once for each, `train@a:auc`; without what stands
    before it, it means all of them.
    """
    if name.root in FIELDS:
        return FIELDS[name.root].read
    key = name.key
    if name.root == "params":
        return lambda run, _: _flat(run.params, key)
    return lambda run, _: [_measured(value) for value in _flat(run.metrics, key)] or _part(run.metrics, key)


def _flat(values: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = list(meant(values, key).values())
    return found[0] if len(found) == 1 and isinstance(found[0], list) and found[0] else found


def _measured(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


def _part(metrics: Mapping[str, Any], key: str) -> Sequence[Any]:
    """Return `low`, `high` or `n` of a metric that has an interval."""
    metric, _, part = key.rpartition(".")
    return [value[part] for value in _flat(metrics, metric) if isinstance(value, dict) and part in value]


def moments(text: str) -> tuple[float, float] | None:
    """Return first and last moment of what a date or time stands for, in seconds since the epoch; None for what is neither.

    A date is a whole day, a minute a whole minute; without an offset it is UTC.

    Examples
    --------
    >>> moments("2026-01-31T12:30"), moments("2026-01"), moments("soon")
    ((1769862600.0, 1769862660.0), (1767225600.0, 1769904000.0), None)
    """
    try:
        if len(text) == 7:
            first = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
            last = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
            return first.timestamp(), last.timestamp()
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        begin = found.timestamp()
    except (ValueError, OverflowError):
        return None
    clock = text[10:].partition("+")[0].rstrip("Z")
    return begin, begin + (
        86400.0 if not clock else 60.0 if clock.count(":") <= 1 else 0.001 if "." in clock else 1.0
    )
