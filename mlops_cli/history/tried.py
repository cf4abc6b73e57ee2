"""Whether something was tried: the runs that meet every condition, and those that come nearest. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.history.directions import Direction, direction, value_of
from mlops_cli.history.named import shared, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlops_cli.history.conditions import Condition, Miss
    from mlops_cli.history.known import KnownRun


class Near(NamedTuple):
    """A run that meets some conditions and misses others.

    Parameters
    ----------
    others : int
        How many further runs miss the same conditions in the same way.
    """

    run: KnownRun
    misses: tuple[Miss, ...]
    others: int = 0


class Best(NamedTuple):
    """The best value that any run reached in a metric."""

    value: float
    run: str
    way: Direction


@dataclass(frozen=True, slots=True)
class Tried:
    """What is known of something that may have been tried.

    Parameters
    ----------
    found : tuple of KnownRun
        Every run that meets all conditions, newest first, whatever became of it.
    near : tuple of Near
        Nearest first: fewest conditions missed, then the closest values, then the newest.
    best : mapping of str to Best
        For each metric that these runs report, and of which it is known which way it is better.
    several : frozenset of str
        Metrics that several stages of a run reported: here they all stand with their stages.
    """

    found: tuple[KnownRun, ...]
    near: tuple[Near, ...]
    best: Mapping[str, Best]
    several: frozenset[str] = frozenset()

    def metrics(self, run: KnownRun) -> Mapping[str, Any]:
        """Return the metrics of a run, each of which has the same name in all runs."""
        return spelled(run.metrics, self.several)


def search(
    runs: Sequence[KnownRun],
    conditions: Sequence[Condition],
    *,
    near: int = 5,
    best: bool = True,
    said: Mapping[str, str] | None = None,
) -> Tried:
    """Return the runs that meet all conditions, and the nearest others.

    Parameters
    ----------
    runs : sequence of KnownRun
        Newest first.
    near : int
        How many near misses to return at most, each kind of miss counted once.
    best : bool
        Also look for the best values; without it none are returned.
    said : mapping, optional
        What the settings say of metrics' directions.
    """
    found: list[KnownRun] = []
    kinds: dict[tuple[int, ...], Near] = {}
    for run in runs:
        misses = [miss for each in conditions if (miss := each.miss(run)) is not None]
        if not misses:
            found.append(run)
        elif near:
            kind = tuple(map(id, misses))
            first = kinds.get(kind)
            kinds[kind] = Near(run, tuple(misses)) if first is None else Near(*first[:2], first.others + 1)
    close = [each for each in kinds.values() if _is_near(each.misses, len(conditions))]
    kept = tuple(sorted(close, key=_farness)[:near])  # of equally near ones the newest stays first
    result = Tried(tuple(found), kept, {})
    if not best:
        return result
    result = replace(result, several=shared(run.metrics for run in runs))
    names = [name for run in (*found, *(each.run for each in kept)) for name in result.metrics(run)]
    return replace(result, best=best_of(runs, dict.fromkeys(names), said))


def _is_near(misses: Sequence[Miss], conditions: int) -> bool:
    """Whether runs have anything to do with what was asked: they meet a condition, or have another number for one."""
    return len(misses) < conditions or any(miss.distance < 1 for miss in misses)


def _farness(near: Near) -> tuple[int, float]:
    return len(near.misses), sum(miss.distance for miss in near.misses)


def best_of(
    runs: Iterable[KnownRun], names: Iterable[str], said: Mapping[str, str] | None = None
) -> dict[str, Best]:
    """Return the best value of each metric over all runs that ended well and are no repetitions; of equal ones the earliest run's.

    Parameters
    ----------
    runs : iterable of KnownRun
        Newest first.
    """
    ways = {name: way for name in names if (way := direction(name, said)) is not None}
    best: dict[str, Best] = {}
    for run in runs if ways else ():
        if run.status == "ok" and not run.repetition:
            _take_better(best, run, run.metrics, ways)
    return best


def _take_better(
    best: dict[str, Best], run: KnownRun, metrics: Mapping[str, Any], ways: Mapping[str, Direction]
) -> None:
    for name, way in ways.items():
        value = value_of(metrics.get(name))
        if value is None or math.isnan(value):
            continue
        so_far = best.get(name)
        if so_far is None or (value >= so_far.value if way == "up" else value <= so_far.value):
            best[name] = Best(value, run.id, way)
