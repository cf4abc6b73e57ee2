"""How far one column moved, and how sure that is: effects with their bands and tests, by type. Pure: counts in, measures out.

An effect alone alarms on noise in small tables, a p-value alone on trifles in large ones; so each measure has both, and the
rows that its test needs. docs/explanation/drift-verdicts.md tells how they become a verdict.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.drift.cells import effective, grouped, with_rest
from mlops_cli.data.drift.model import Measure
from mlops_cli.data.drift.sureness import (
    Bands,
    Tested,
    needed_for_rate,
    place_or_shape,
    rates,
    shape,
    with_specials,
)
from mlops_cli.data.spelling import quoted
from mlops_cli.statistics.counts import binomial_at_least
from mlops_cli.statistics.distance import cramers_v, jensen_shannon_debiased, l_infinity
from mlops_cli.statistics.interval import newcombe, ratio_of_rates

if TYPE_CHECKING:
    from mlops_cli.data.drift.cells import Classes, Counts, Floats, Hours, Ordered, Pair, Texts
    from mlops_cli.data.drift.model import DriftSettings

_JS_BINS = 32
_HOURS_APART = 840  # effective rows from which on all 168 hours of a week are counted apart
_RARE = 0.02


def bands_of(settings: DriftSettings) -> Bands:
    """Return the bands that the settings name."""
    return Bands(settings.warn, settings.fail)


def ordered(cells: Ordered, rows: Pair, settings: DriftSettings) -> list[Measure]:
    """Measure a column of numbers: on bins of equal mass of the reference, or value by value where there are few.

    The test is a two-sample chi-square of all cells, missing and infinite ones included, and a Mann-Whitney test of the finite
    ones; the smaller p-value counts, doubled.
    """
    bands = bands_of(settings)
    tested = place_or_shape(cells, rows, bands, settings.q)
    group = np.arange(len(cells.reference)) if cells.few else grouped(cells.reference, _JS_BINS, cells.points)
    first, second = with_specials(cells, group)
    found = [_measure("js", jensen_shannon_debiased(first, second), bands, tested)]
    if cells.reference.sum() and cells.current.sum():
        moved = _transport(cells)
        if moved is not None:
            away = _measure("wasserstein", moved, bands.times(0.25, 0.50), tested, about=_unit(cells))
            found.append(away)
        found.append(_measure("ks", _farthest_apart(cells.reference, cells.current), Bands(0, 0), tested))
    new, name = (cells.others, "unseen") if cells.few else (cells.outside, "outside")
    found += _more(new, rows, name, bands.times(0.005, 0.02), settings.q)
    infinite = (cells.low[0] + cells.high[0], cells.low[1] + cells.high[1])
    return [
        *found,
        *_rate("infinite", infinite, rows, bands.times(0.005, 0.02), settings.q),
        *missing(cells.missing, rows, settings),
    ]


def classes(cells: Classes, rows: Pair, settings: DriftSettings) -> list[Measure]:
    """Measure a column of classes: the distance of all shares, the share that moved most, and what is new."""
    bands = bands_of(settings)
    first = with_rest(cells.reference, cells.other[0], cells.missing[0])
    second = with_rest(cells.current, cells.other[1], cells.missing[1])
    tested = shape(first, second, rows, bands, settings.q)
    farthest = l_infinity(first, second)
    label = (*cells.labels, "all other values", "missing")[farthest.index]
    found = [
        _measure("js", jensen_shannon_debiased(first, second), bands, tested),
        _measure("l-infinity", farthest.value, bands.times(0.05, 0.10), tested, about=label),
        _measure("cramers_v", cramers_v(first, second), Bands(0, 0), tested),
    ]
    found += _unseen(cells, rows, bands.times(0.005, 0.02), settings.q)
    return [*found, *missing(cells.missing, rows, settings)]


def binary(
    labels: tuple[str, ...], counts: tuple[Pair, Pair], settings: DriftSettings, *, rare: bool
) -> list[Measure]:
    """Measure a column of two values by the share of the rarer one: its difference and its ratio.

    Parameters
    ----------
    counts : ((int, int), (int, int))
        Rows of both tables with the first and with the second value.
    rare : bool
        The ratio is the main measure: of what hardly ever happens, no difference is large.
    """
    bands = bands_of(settings)
    rows = (counts[0][0] + counts[1][0], counts[0][1] + counts[1][1])
    if not min(rows):
        return []
    at = 0 if sum(counts[0]) < sum(counts[1]) else 1
    hits = counts[at]
    before = hits[0] / rows[0]
    test, statistic, p_value = rates(hits, rows)
    gap = newcombe(hits[1], rows[1], hits[0], rows[0])
    times = ratio_of_rates(hits[1], rows[1], hits[0], rows[0])
    apart, ratio = bands.times(0.02, 0.05), bands.over_one(1.2, 1.5)
    difference = _measure(
        "difference",
        gap.value,
        apart,
        Tested(test, statistic, p_value, needed_for_rate(before, apart.fail, rows[0], settings.q)),
        low=gap.low,
        high=gap.high,
        about=labels[at],
    )
    away = Tested(
        test, statistic, p_value, needed_for_rate(before, before * (ratio.fail - 1), rows[0], settings.q)
    )
    factor = _measure("ratio", times.value, ratio, away, low=times.low, high=times.high, about=labels[at])
    return [factor, difference] if rare else [difference, factor]


def is_rare(counts: tuple[Pair, Pair]) -> bool:
    """Return whether one of two values has under 2 % of the reference's rows."""
    whole = counts[0][0] + counts[1][0]
    return bool(whole) and min(counts[0][0], counts[1][0]) / whole < _RARE


def hours(cells: Hours, rows: Pair, settings: DriftSettings) -> list[Measure]:
    """Measure a column of times by the hour of the week; with few rows by the hour and by the weekday apart."""
    bands = bands_of(settings)
    if effective((int(cells.reference.sum()), int(cells.current.sum()))) >= _HOURS_APART:
        views = [(cells.reference, cells.current)]
    else:
        both = (cells.reference.reshape(7, 24), cells.current.reshape(7, 24))
        views = [(both[0].sum(axis), both[1].sum(axis)) for axis in (0, 1)]
    found = []
    for reference, current in views:
        first, second = with_rest(reference, cells.missing[0]), with_rest(current, cells.missing[1])
        tested = shape(first, second, rows, bands, settings.q)
        found.append((jensen_shannon_debiased(first, second), tested))
    best = min((each for _, each in found), key=lambda each: 1.0 if each.p_value is None else each.p_value)
    p_value = None if best.p_value is None else min(1.0, best.p_value * len(found))
    main = _measure("js", max(effect for effect, _ in found), bands, best._replace(p_value=p_value))
    return [main, *missing(cells.missing, rows, settings)]


def texts(cells: Texts, rows: Pair, settings: DriftSettings) -> list[Measure]:
    """Measure a column of texts by their lengths and shapes; of identifiers, values say nothing."""
    bands = bands_of(settings)
    found = []
    if cells.lengths is not None and cells.lengths.reference.sum() and cells.lengths.current.sum():
        first, second = cells.lengths.reference, cells.lengths.current
        tested = shape(first, second, rows, bands, settings.q)
        found.append(_measure("length", jensen_shannon_debiased(first, second), bands, tested))
    if cells.shapes is not None and (cells.shapes.reference.sum() + cells.shapes.other[0]):
        first = with_rest(cells.shapes.reference, cells.shapes.other[0])
        second = with_rest(cells.shapes.current, cells.shapes.other[1])
        if second.sum():
            tested = shape(first, second, rows, bands, settings.q)._replace(test="chi2 of shapes")
            about = (*cells.shapes.labels, "all other shapes")[l_infinity(first, second).index]
            found.append(
                _measure("shape", jensen_shannon_debiased(first, second), bands, tested, about=about)
            )
    return [*found, *missing(cells.missing, rows, settings)]


def missing(pair: Pair, rows: Pair, settings: DriftSettings) -> list[Measure]:
    """Measure the share of rows without a value; nothing where every row has one.

    It warns from 2 points of a percent on, or from half a point where it has also grown by half; and fails from 5 points on.
    """
    if not any(pair) or not min(rows):
        return []
    before, now = pair[0] / rows[0], pair[1] / rows[1]
    grown = now >= 1.5 * before
    bands = bands_of(settings).times(0.005 if grown else 0.02, 0.05)
    return _rate("missing", pair, rows, bands, settings.q)


def _measure(
    name: str,
    value: float,
    bands: Bands,
    tested: Tested,
    *,
    low: float | None = None,
    high: float | None = None,
    about: str = "",
) -> Measure:
    return Measure(
        name=name,
        value=float(value),
        warn=bands.warn,
        fail=bands.fail,
        verdict="pass",
        test=tested.test,
        statistic=tested.statistic,
        p_value=tested.p_value,
        needed=tested.needed,
        low=low,
        high=high,
        about=about,
    )


def _transport(cells: Ordered) -> float | None:
    """Return the Wasserstein distance in robust standard deviations of the reference; of few values on their ranks.

    The mass of each cell lies at the mean of its values, in each table its own.
    """
    if cells.few:
        before = cells.reference / cells.reference.sum()
        at = np.cumsum(before) - before / 2
        spread = math.sqrt(float((before * (at - 0.5) ** 2).sum()))
        return _work(at, cells.reference, at, cells.current) / spread if spread > 0 else None
    if cells.way is not None:
        return cells.way
    if not cells.scale > 0:
        return None
    return _work(cells.reference_at, cells.reference, cells.current_at, cells.current) / cells.scale


def _unit(cells: Ordered) -> str:
    """Return what one standard deviation is, in words."""
    if cells.few:
        return "counted on ranks"
    return f"one is {cells.scale:.6g}, {'from the quartiles' if cells.robust else 'of all values, for the quartiles are one'}"


def _work(at: Floats, counts: Counts, at_other: Floats, counts_other: Counts) -> float:
    """Return the area between two distribution functions of weighted points."""
    one, two = counts > 0, counts_other > 0
    places = np.concatenate((at[one], at_other[two]))
    mass = np.concatenate((counts[one] / counts.sum(), -counts_other[two] / counts_other.sum()))
    order = np.argsort(places, kind="stable")
    return float((np.abs(np.cumsum(mass[order])[:-1]) * np.diff(places[order])).sum())


def _farthest_apart(first: Counts, second: Counts) -> float:
    """Return the Kolmogorov-Smirnov distance between the distribution functions at the ends of the cells."""
    return float(np.abs(np.cumsum(first) / first.sum() - np.cumsum(second) / second.sum()).max())


def _rate(name: str, hits: Pair, rows: Pair, bands: Bands, q: float) -> list[Measure]:
    """Measure how the share of some rows changed, up or down."""
    if not any(hits) or not min(rows):
        return []
    gap = newcombe(hits[1], rows[1], hits[0], rows[0])
    test, statistic, p_value = rates(hits, rows)
    needed = needed_for_rate(hits[0] / rows[0], bands.fail, rows[0], q)
    tested = Tested(f"{test} of {name}", statistic, p_value, needed)
    return [_measure(name, gap.value, bands, tested, low=gap.low, high=gap.high)]


def _more(hits: Pair, rows: Pair, name: str, bands: Bands, q: float, about: str = "") -> list[Measure]:
    """Measure how much the share of some rows grew; that it shrank is no finding."""
    if not hits[1] or not min(rows):
        return []
    grown = hits[1] / rows[1] - hits[0] / rows[0]
    if grown <= 0:
        return []
    (found,) = _rate(name, hits, rows, bands, q)
    return [replace(found, about=about)]


def _unseen(cells: Classes, rows: Pair, bands: Bands, q: float) -> list[Measure]:
    """Measure how many rows have a class that the reference never had, beyond what a table like it would have."""
    seen, usual = cells.unseen, cells.usual
    if seen is None or usual is None or not seen.rows or not min(rows):
        return []
    share = seen.rows / seen.of
    if share <= usual.share:
        return []
    p_value = binomial_at_least(round(seen.rows), round(seen.of), min(usual.most, 1.0))
    needed = needed_for_rate(usual.share, bands.fail, rows[0], q)
    return [
        _measure(
            "unseen",
            share - usual.share,
            bands,
            Tested("exact of unseen", None, p_value, needed),
            about=f"{quoted(cells.new)} was {quoted(cells.known)}" if cells.known else cells.new,
        )
    ]
