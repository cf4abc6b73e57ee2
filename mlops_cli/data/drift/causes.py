"""What happened to a column that drifted, in a word: so that a broken join is not reported as a population that moved. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from mlops_cli.data.drift.cells import Classes, Hours, Ordered
from mlops_cli.data.drift.draft import two_values
from mlops_cli.data.table.deciding import PLACEHOLDERS
from mlops_cli.statistics.distance import jensen_shannon, jensen_shannon_debiased

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.data.drift.cells import Counts, Quartiles
    from mlops_cli.data.drift.draft import Draft
    from mlops_cli.data.drift.model import Measure

BROKEN: Final = frozenset(
    {"gone", "type", "missing", "infinite", "unit", "spike", "relabelled", "spelling", "time zone"}
)
"""Causes that lie in how data were made: mend that first, and train on nothing of it."""

GRAVE: Final = BROKEN | {"unseen"}
"""Causes for which one failed column is enough for the whole to fail, however little of all columns it is: what a model would do
with such values nobody has ever tried."""

# Factors between units that people mix up: of thousands, time, inches, feet, speed. Smaller ones, as between miles and
# kilometres, cannot be told from values that simply rose.
FACTORS: Final = (10.0, 100.0, 1000.0, 1e6, 1e9, 60.0, 3600.0, 24.0, 86400.0, 2.54, 25.4, 12.0, 3.28084, 3.6)
_CLOSE, _FARTHEST = (
    0.1,
    0.25,
)  # error of a factor, on the scale of logarithms, that still counts as it: part of its own, and at most
_SPIKE = 0.02  # share of the rows that one value has to have gained
_BESIDE = 4  # other cells with rows that it takes to see that these are as they were among themselves
_GAPS = 0.05  # growth of the share of words for nothing from which on that is the story
_ALIKE = 0.08  # Jensen-Shannon distance under which what is left is as it was
_WIDER = 1.15  # ratio of standard deviations from which on a change of spread is the story
_LEFT = 0.4  # part of a distance, beyond noise, that may be left when hours are moved back
_TURNED = 0.2  # least change of a share where two values may have changed places
_EXACT = 0.1  # part of that change that may be missing
_MOVED = 0.15  # shift of the mean, in standard deviations, from which on a change of place is


def cause_of(draft: Draft, measures: Sequence[Measure], decisive: Measure) -> str:
    """Return a word for what happened; empty where nothing better than the verdict can be said."""
    cells = draft.counted.cells
    if (
        decisive.name == "missing"
        and decisive.value < 0
        and isinstance(cells, Ordered)
        and spike_of(cells) is not None
    ):
        return "spike"  # what was missing is now one and the same value
    if decisive.name in ("missing", "infinite"):
        return decisive.name
    if decisive.name in ("difference", "ratio"):
        if is_mirrored(cells):
            return "relabelled"
        return "more often" if decisive.value > (1 if decisive.name == "ratio" else 0) else "less often"
    if isinstance(cells, Ordered):
        return _of_numbers(cells, decisive, draft.counted.quartiles)
    if isinstance(cells, Classes):
        return _of_classes(cells, measures, decisive)
    if isinstance(cells, Hours):
        return "time zone" if shift_of(cells) else "hours"
    return "shape" if decisive.name == "shape" else "length"


def _of_numbers(
    cells: Ordered, decisive: Measure, quartiles: Callable[[], tuple[Quartiles, Quartiles]] | None
) -> str:
    known = quartiles() if quartiles is not None else None
    if known is not None and unit_of(*known) is not None:
        return "unit"
    if spike_of(cells) is not None:
        return "spike"
    if decisive.name == "unseen":
        return "unseen"
    if decisive.name == "outside" and (known is None or _alike(*known)):
        return "tails"
    before, now = cells.means
    spread, spread_now = cells.deviations
    if not all(map(math.isfinite, (before, now, spread, spread_now))) or spread <= 0:
        return "shape"
    if abs(now - before) >= _MOVED * spread:
        return "higher" if now > before else "lower"
    ratio = spread_now / spread
    if not 1 / _WIDER < ratio < _WIDER:
        return "wider" if ratio > 1 else "narrower"
    return "shape"


def _alike(before: Quartiles, now: Quartiles) -> bool:
    """Return whether the middle half of the values is where it was, and as wide."""
    width = before[2] - before[0]
    if not width > 0:
        return True
    return 1 / _WIDER < (now[2] - now[0]) / width < _WIDER and abs(now[1] - before[1]) < _MOVED * width


def unit_of(before: Quartiles, now: Quartiles) -> float | None:
    """Return the factor between two units if all values seem multiplied by it; None if not.

    All three quartiles have to be near the factor, so that values that only rose by as much are seldom taken for it.

    Examples
    --------
    >>> unit_of((1.0, 2.0, 4.0), (1010.0, 1990.0, 4100.0)), unit_of((1.0, 2.0, 4.0), (11.0, 12.0, 14.0))
    (1000.0, None)
    """
    if not all(math.isfinite(each) and each != 0 for each in (*before, *now)):
        return None
    ratios = [new / old for old, new in zip(before, now, strict=True)]
    if min(ratios) <= 0:
        return None
    return next(
        (
            each
            for factor in FACTORS
            for each in (factor, 1 / factor)
            if all(
                abs(math.log(ratio / each)) < min(_CLOSE * math.log(factor), _FARTHEST) for ratio in ratios
            )
        ),
        None,
    )


def spike_of(cells: Ordered) -> int | None:
    """Return the cell that took what moved, while all others kept their shares among themselves: a constant put in for many values.

    No other cell grew by a third as much, and without this one the two distributions are alike. An open end is no such cell:
    there, much lies in one place because the cell is wide.
    """
    if not (cells.reference.sum() and cells.current.sum()):
        return None
    grown = cells.current / cells.current.sum() - cells.reference / cells.reference.sum()
    at = int(np.argmax(grown))
    ends = at in (0, len(grown) - 1)
    if grown[at] < _SPIKE or ((cells.few or ends) and not cells.points[at]):
        return None
    first, second = np.delete(cells.reference, at), np.delete(cells.current, at)
    if np.count_nonzero(first) < _BESIDE:
        return None
    if not (first.sum() and second.sum()) or np.delete(grown, at).max(initial=0) > grown[at] / 3:
        return None
    return at if jensen_shannon_debiased(first, second) < _ALIKE else None


def _of_classes(cells: Classes, measures: Sequence[Measure], decisive: Measure) -> str:
    if decisive.name == "unseen" or any(
        each.name == "unseen" and each.verdict == "fail" for each in measures
    ):
        return "spelling" if cells.known else "unseen"
    if _gaps(cells) >= _GAPS:
        return "missing"
    return "relabelled" if is_relabelled(cells.reference, cells.current) else "shares"


def _gaps(cells: Classes) -> float:
    """Return by how much the share of rows grew that have a word for nothing, such as `?`."""
    gaps = [at for at, label in enumerate(cells.labels) if label.strip().lower() in PLACEHOLDERS]
    before, now = (
        counts[gaps].sum() / max(counts.sum() + other, 1)
        for counts, other in zip((cells.reference, cells.current), cells.other, strict=True)
    )
    return float(now - before)


def is_relabelled(reference: Counts, current: Counts) -> bool:
    """Return whether the shares are those of before, but of other classes: labels changed places, the rows did not."""
    if len(reference) < 2 or not (reference.sum() and current.sum()):
        return False
    apart = jensen_shannon(reference, current)
    same = jensen_shannon(np.sort(reference), np.sort(current))
    return bool(apart > 0.1 and same < apart / 3)


def is_mirrored(cells: object) -> bool:
    """Return whether two values have each other's share, as if their labels had changed places.

    Shares alone cannot tell that from a world that turned round. But a change by a fifth of all rows, or more, that ends within
    three standard errors of the mirrored share, and misses it by at most a tenth of the way, is seldom a coincidence.
    """
    two = two_values(cells) if isinstance(cells, Ordered | Classes) else None
    if two is None:
        return False
    (first, first_now), (second, second_now) = two[1]
    before, now = first + second, first_now + second_now
    if not now:
        return False
    mirrored, share = second / before, first_now / now
    error = math.sqrt(mirrored * (1 - mirrored) * (1 / before + 1 / now))
    way = abs(1 - 2 * mirrored)
    return way >= _TURNED and abs(share - mirrored) <= min(3 * error, _EXACT * way)


def shift_of(cells: Hours) -> int:
    """Return by how many hours the current week is later than that of the reference; 0 where moving it back does not help.

    A shift counts where it brings the two much closer than they are, which a change of habits does not.
    """
    if not (cells.reference.sum() and cells.current.sum()):
        return 0
    sizes = int(cells.reference.sum()), int(cells.current.sum())
    before, now = cells.reference / sizes[0], cells.current / sizes[1]
    lags = list(range(-14, 15))
    distances = [0.5 * float(np.abs(np.roll(now, -lag) - before).sum()) for lag in lags]
    # What is left of the distance between two samples of the same week, however often it is moved.
    noise = 0.5 * float(np.sqrt(2 / math.pi * (before + now) / 2 * (1 / sizes[0] + 1 / sizes[1])).sum())
    best, still = int(np.argmin(distances)), distances[lags.index(0)]
    moved = still > 1.3 * noise and distances[best] - noise < _LEFT * (still - noise)
    return lags[best] if moved else 0
