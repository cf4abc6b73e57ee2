"""What differs between runs: parameters, metrics, data, programs, environment, parents. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.history.conditions import same
from mlops_cli.history.directions import Direction, Mark, direction, mark, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlops_cli.history.sides import Facts, Side


class Cell(NamedTuple):
    """What one side has: one value, or several where repeated runs have different ones."""

    values: tuple[Any, ...]


class Row(NamedTuple):
    """One thing that was compared; a cell is None where a side does not have it."""

    name: str
    cells: tuple[Cell | None, ...]


class MetricCell(NamedTuple):
    """A metric of one side.

    Parameters
    ----------
    value : float or None
        Of repeated runs the mean; None where it is no number.
    low, high : float or None
        An interval that the metric came with.
    n : int or None
        On how many rows it stands, where that is known.
    sd : float or None
        Of repeated runs: the standard deviation (of a sample).
    runs : int
        How many runs reported it.
    raw : any
        What was reported, where it is no number.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    sd: float | None = None
    runs: int = 1
    raw: Any = None

    @property
    def span(self) -> tuple[float, float] | None:
        """Where the true value is said to lie: its interval, else a standard deviation to both sides."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        if self.value is not None and self.sd is not None:
            return self.value - self.sd, self.value + self.sd
        return None


class Change(NamedTuple):
    """How a side's metric differs from the baseline's.

    Parameters
    ----------
    relative : float or None
        As a share of the baseline's; None where that is 0.
    mark : str or None
        `better` or `worse`, where that can be told.
    overlap : bool or None
        Whether the intervals of both overlap, so that chance may explain it; None where one has none.
    """

    absolute: float
    relative: float | None
    mark: Mark | None
    overlap: bool | None


class MetricRow(NamedTuple):
    """A metric; changes are None for the baseline, and where one of the two is no number."""

    name: str
    way: Direction | None
    cells: tuple[MetricCell | None, ...]
    changes: tuple[Change | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between sides, of which the first is the baseline.

    Parameters
    ----------
    everything : bool
        Rows are there for what is the same, too.
    """

    sides: tuple[Side, ...]
    everything: bool
    metrics: tuple[MetricRow, ...]
    params: tuple[Row, ...]
    data: tuple[Row, ...]
    commands: tuple[Row, ...]
    environment: tuple[Row, ...]
    parents: tuple[Row, ...]


def compare(
    sides: Sequence[Side],
    *,
    everything: bool = False,
    is_code: Callable[[Facts, str], bool] = lambda *_: False,
    said: Mapping[str, str] | None = None,
) -> Comparison:
    """Return what differs between sides.

    Parameters
    ----------
    everything : bool
        Also what is the same.
    is_code : callable
        Whether an input of a run is told of elsewhere, as code.
    said : mapping, optional
        What the settings say of metrics' directions.
    """

    def rows(of: Callable[[Facts], Mapping[str, Any] | None]) -> tuple[Row, ...]:
        return _rows(sides, of, everything)

    def data(facts: Facts) -> Mapping[str, Any]:
        return {path: each for path, each in facts.inputs.items() if not is_code(facts, path)}

    return Comparison(
        sides=tuple(sides),
        everything=everything,
        metrics=_metrics(sides, everything, said),
        params=rows(lambda facts: facts.params),
        data=rows(data),
        commands=_commands(sides, everything),
        environment=rows(lambda facts: facts.environment),
        parents=rows(lambda facts: facts.parents),
    )


def _rows(
    sides: Sequence[Side], of: Callable[[Facts], Mapping[str, Any] | None], everything: bool
) -> tuple[Row, ...]:
    known = [[values for facts in side.runs if (values := of(facts)) is not None] for side in sides]
    names = dict.fromkeys(name for side in known for values in side for name in values)
    found = []
    for name in sorted(names):
        cells = tuple(_cell([values[name] for values in side if name in values]) for side in known)
        # A side of which nothing is known does not differ from anything.
        if everything or _differ([cell for cell, side in zip(cells, known, strict=True) if side]):
            found.append(Row(name, cells))
    return tuple(found)


def _commands(sides: Sequence[Side], everything: bool) -> tuple[Row, ...]:
    """Return stages whose programs differ; a stage that one side did not run at all is no difference in programs."""
    rows = _rows(sides, lambda facts: facts.commands, everything)
    return tuple(row for row in rows if everything or _differ([cell for cell in row.cells if cell]))


def _cell(values: Iterable[Any]) -> Cell | None:
    distinct: list[Any] = []
    for value in values:
        if not any(same(value, other) for other in distinct):
            distinct.append(value)
    return Cell(tuple(distinct)) if distinct else None


def _differ(cells: Sequence[Cell | None]) -> bool:
    """Whether sides differ from the first, or runs of one side from each other."""
    within = any(cell is not None and len(cell.values) > 1 for cell in cells)
    return within or any(not _equal(cells[0], cell) for cell in cells[1:])


def _equal(one: Cell | None, other: Cell | None) -> bool:
    if one is None or other is None:
        return one is other
    if len(one.values) != len(other.values):
        return False
    return all(any(same(value, there) for there in other.values) for value in one.values)


# Metrics ------------------------------------------------------------------------------------------------------------


def _metrics(
    sides: Sequence[Side], everything: bool, said: Mapping[str, str] | None
) -> tuple[MetricRow, ...]:
    names = sorted({name for side in sides for facts in side.runs for name in facts.metrics})
    rows = [_metric(name, sides, said) for name in names]
    # One side alone: nothing can differ, and the spread of repeated runs is what is asked for.
    return tuple(row for row in rows if everything or len(sides) == 1 or _metric_differs(row))


def _metric(name: str, sides: Sequence[Side], said: Mapping[str, str] | None) -> MetricRow:
    cells = tuple(_metric_cell([f.metrics[name] for f in side.runs if name in f.metrics]) for side in sides)
    base = cells[0]
    changes = (None, *(_change(name, base, cell, said) for cell in cells[1:]))
    return MetricRow(name, direction(name, said), cells, changes)


def _metric_cell(reported: Sequence[Any]) -> MetricCell | None:
    if not reported:
        return None
    values = [value_of(metric) for metric in reported]
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values):
        return MetricCell(None, runs=len(reported), raw=reported[0])
    if len(numbers) > 1:
        spread = stdev(numbers) if all(math.isfinite(value) for value in numbers) else None
        return MetricCell(fmean(numbers), sd=spread, runs=len(numbers))
    metric = reported[0]
    if not isinstance(metric, dict):
        return MetricCell(numbers[0])
    n = metric.get("n")
    return MetricCell(
        numbers[0],
        value_of(metric.get("low")),
        value_of(metric.get("high")),
        n if isinstance(n, int) and not isinstance(n, bool) else None,
    )


def _change(
    name: str, base: MetricCell | None, cell: MetricCell | None, said: Mapping[str, str] | None
) -> Change | None:
    if base is None or cell is None or base.value is None or cell.value is None:
        return None
    absolute = cell.value - base.value
    return Change(
        absolute,
        absolute / abs(base.value) if base.value else None,
        mark(name, base.value, cell.value, said),
        _overlap(base.span, cell.span),
    )


def _overlap(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool | None:
    if one is None or other is None:
        return None
    return one[0] <= other[1] and other[0] <= one[1]


def _metric_differs(row: MetricRow) -> bool:
    told = [
        None if cell is None else (cell.value, cell.low, cell.high, cell.n, cell.raw) for cell in row.cells
    ]
    return any(each != told[0] for each in told[1:])
