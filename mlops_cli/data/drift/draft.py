"""One column before the verdict: how it is compared, and what was measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.drift import measures
from mlops_cli.data.drift.cells import Classes, Hours, Ordered, Texts, Unlike, grouped, summed
from mlops_cli.data.drift.model import Cell, Measure

if TYPE_CHECKING:
    from mlops_cli.data.drift.cells import Counted, Counts, Pair
    from mlops_cli.data.drift.model import DriftSettings

_SHOWN = 40  # cells that a chart of a column has at most, but for those that stand apart


@dataclass(frozen=True, slots=True)
class Draft:
    """One column, measured.

    Parameters
    ----------
    type : str
        How it is compared.
    unlike : Unlike or None
        Why it cannot be compared, if so.
    likely : Measure or None
        The main measure as it likely is, where the one that counts has only what is sure of it.
    """

    counted: Counted
    type: str
    measures: tuple[Measure, ...] = ()
    unlike: Unlike | None = None
    likely: Measure | None = None

    @property
    def name(self) -> str:
        """The column."""
        return self.counted.name

    @property
    def missing(self) -> Pair:
        """Rows without a value."""
        cells = self.counted.cells
        return (0, 0) if isinstance(cells, Unlike) else cells.missing


def draft(counted: Counted, settings: DriftSettings) -> Draft:
    """Measure one column by its type, or by the type that people say it has."""
    rows, cells = counted.rows, counted.cells
    asked = dict(settings.types).get(counted.name)
    if isinstance(cells, Unlike):
        return Draft(counted, "unlike", unlike=cells)
    if asked == "id":
        return Draft(counted, "id", tuple(measures.missing(cells.missing, rows, settings)))
    if isinstance(cells, Texts):
        kind = "id" if cells.identifier else "text"
        return Draft(counted, kind, tuple(measures.texts(cells, rows, settings)))
    if isinstance(cells, Hours):
        return Draft(counted, "datetime", tuple(measures.hours(cells, rows, settings)))
    if _constant(cells):
        return Draft(counted, "constant", tuple(measures.missing(cells.missing, rows, settings)))
    two = two_values(cells)
    if two is not None:
        labels, counts = two
        rare = asked == "rare" or (asked is None and measures.is_rare(counts))
        found = measures.binary(labels, counts, settings, rare=rare)
        if asked == "rare":  # then a small difference says nothing
            found = [each if each.name == "ratio" else replace(each, warn=0.0, fail=0.0) for each in found]
        found += measures.missing(cells.missing, rows, settings)
        return Draft(counted, "rare" if rare else "binary", tuple(found))
    if isinstance(cells, Ordered):
        kind = "ordinal" if cells.few else "numeric"
        likely = measures.ordered(counted.likely, rows, settings)[0] if counted.likely else None
        return Draft(counted, kind, tuple(measures.ordered(cells, rows, settings)), likely=likely)
    kind = "high-cardinality" if cells.many else "categorical"
    return Draft(counted, kind, tuple(measures.classes(cells, rows, settings)))


def _constant(cells: Ordered | Classes) -> bool:
    """Return whether all that both tables have is one value."""
    if isinstance(cells, Ordered) and (
        not cells.few or any(cells.low) or any(cells.high) or any(cells.others)
    ):
        return False
    if isinstance(cells, Classes) and any(cells.other):
        return False
    return int(np.count_nonzero(cells.reference + cells.current)) <= 1


def two_values(cells: Ordered | Classes) -> tuple[tuple[str, ...], tuple[Pair, Pair]] | None:
    """Return the two values that a column has in both tables together, and the rows that have them; None where it has others.

    What was one value and is another is no such column: the second one is new.
    """
    if isinstance(cells, Ordered):
        if not cells.few or any(cells.low) or any(cells.high) or any(cells.others):
            return None
    elif any(cells.other):
        return None
    there = np.flatnonzero(cells.reference + cells.current)
    if len(there) != 2 or not cells.reference[there].all():
        return None
    first, second = ((int(cells.reference[at]), int(cells.current[at])) for at in there)
    return tuple(cells.labels[at] for at in there), (first, second)


def cells_of(counted: Counted) -> tuple[Cell, ...]:
    """Return what a chart of the column draws."""
    cells = counted.cells
    if isinstance(cells, Ordered):
        return (
            *_bars(cells),
            *_apart(cells.missing, (cells.low[0] + cells.high[0], cells.low[1] + cells.high[1])),
        )
    if isinstance(cells, Classes):
        order = np.argsort(-(cells.reference + cells.current), kind="stable")
        top, rest = order[:_SHOWN], order[_SHOWN:]
        bars = tuple(_cell(cells.labels[at], cells.reference[at], cells.current[at], "class") for at in top)
        others = tuple(
            int(counts[rest].sum()) + other
            for counts, other in zip((cells.reference, cells.current), cells.other, strict=True)
        )
        more = (Cell("all others", others[0], others[1], "other"),) if any(others) else ()
        return (*bars, *more, *_apart(cells.missing))
    if isinstance(cells, Hours):
        days = (cells.reference.reshape(7, 24).sum(0), cells.current.reshape(7, 24).sum(0))
        week = (cells.reference.reshape(7, 24).sum(1), cells.current.reshape(7, 24).sum(1))
        clock = tuple(_cell(f"{hour:02}:00", days[0][hour], days[1][hour], "bin") for hour in range(24))
        names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        bars = tuple(_cell(day, week[0][at], week[1][at], "value") for at, day in enumerate(names))
        return (*clock, *bars, *_apart(cells.missing))
    if isinstance(cells, Texts) and cells.lengths is not None:
        return (*_bars(cells.lengths), *_apart(cells.missing))
    return () if isinstance(cells, Unlike) else _apart(cells.missing)


def _bars(cells: Ordered) -> tuple[Cell, ...]:
    if len(cells.reference) <= _SHOWN:
        return tuple(
            _cell(label, before, now, "value" if point else "bin")
            for label, before, now, point in zip(
                cells.labels, cells.reference, cells.current, cells.points, strict=True
            )
            if before or now
        )
    group = grouped(cells.reference, _SHOWN // 2)
    first, second = summed(cells.reference, group), summed(cells.current, group)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(group)) + 1))
    ends = np.concatenate((starts[1:], [len(group)])) - 1
    return tuple(
        _cell(_span(cells.labels[low], cells.labels[high]), before, now, "bin")
        for low, high, before, now in zip(starts, ends, first, second, strict=True)
    )


def _span(first: str, last: str) -> str:
    """Return the label of several bins together.

    Examples
    --------
    >>> _span("< 1", "2 to 3"), _span("1 to 2", "≥ 3"), _span("1 to 2", "2 to 3")
    ('< 3', '≥ 1', '1 to 3')
    """
    if first == last:
        return first
    low, high = first.split(" to ", maxsplit=1)[0], last.rsplit(" to ", maxsplit=1)[-1]
    if low.startswith("< "):
        return f"< {high}" if not high.startswith("≥ ") else "all"
    return f"≥ {low}" if high.startswith("≥ ") else f"{low} to {high}"


def _apart(missing: Pair, infinite: Pair = (0, 0)) -> tuple[Cell, ...]:
    found = (Cell("missing", *missing, "missing"), Cell("infinite", *infinite, "infinite"))
    return tuple(cell for cell in found if cell.reference or cell.current)


def _cell(label: str, before: Counts | int, now: Counts | int, kind: str) -> Cell:
    return Cell(label, int(before), int(now), kind)
