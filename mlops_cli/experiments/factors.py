"""Which of the differences between two recipes moved a metric: hybrids of the two, with one factor swapped at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.errors import MlopsError, StageError
from mlops_cli.experiments.hybrids import Factor, Mixing, Origin, Side, find_factors
from mlops_cli.experiments.known_values import known_values
from mlops_cli.history.bisect import scatter_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.experiments.measuring import Measuring
    from mlops_cli.history.index.history import History
    from mlops_cli.history.recipes import Recipes
    from mlops_cli.history.tree_recipe import Recipe
    from mlops_cli.opened import Opened

Outcome = Literal["found", "together", "unfinished", "planned", "not-fallen", "same"]

_HALF = 0.5


class Effect(NamedTuple):
    """How far one factor alone moved the metric.

    Parameters
    ----------
    value : float or None
        The metric of the hybrid; None where it gave none, and `trouble` says why.
    effect : float or None
        From good to the hybrid; or, seen from the bad side, from the hybrid to bad.
    side : str
        Which recipe the hybrid is built on.
    """

    factor: Factor
    value: float | None
    effect: float | None
    side: Side = "good"
    trouble: str = ""


@dataclass(slots=True)
class Swapped:
    """What the factors came to.

    Parameters
    ----------
    good, bad : float or None
        The metric at both ends.
    effects : list of Effect
        The largest first.
    rest : float or None
        What no factor explains alone: they act together.
    restored : float or None
        The metric of bad with the first factor put back to what it was.
    """

    outcome: Outcome
    good: float | None = None
    bad: float | None = None
    factors: tuple[Factor, ...] = ()
    effects: list[Effect] = field(default_factory=list)
    rest: float | None = None
    restored: float | None = None
    scatter: float | None = None
    notes: list[str] = field(default_factory=list)


class Swapping:
    """Swaps factors between two recipes.

    Parameters
    ----------
    direction : str or None
        Which way the metric is better.
    repeats : int
        Values of each recipe; their mean counts.
    """

    def __init__(
        self,
        opened: Opened,
        history: History,
        recipes: Recipes,
        measuring: Measuring,
        direction: str | None,
        repeats: int,
        tell: Callable[[str], None],
    ) -> None:
        self._opened = opened
        self._history = history
        self._recipes = recipes
        self._measuring = measuring
        self._direction = direction
        self._repeats = repeats
        self._tell = tell
        self._groups: list[list[float]] = []

    def run(self, good: Origin, bad: Origin, *, dry: bool) -> Swapped:
        """Find out which factor moved the metric.

        Raises
        ------
        StageError
            When good or bad gives no value.
        """
        first, second = self._recipes.of([good.tree, bad.tree])
        if first.digest == second.digest:
            return Swapped("same")
        mixing = Mixing(self._opened, good, bad, find_factors(self._opened, good, bad, first, second))
        found = Swapped("planned", factors=mixing.factors)
        ends = [self._end(origin, recipe, dry) for origin, recipe in ((good, first), (bad, second))]
        found.good, found.bad = ends
        if dry:
            return found
        if found.good is None or found.bad is None:
            found.outcome = "unfinished"
        elif not _fell(found.good, found.bad, self._direction):
            found.outcome = "not-fallen"
        else:
            self._swap(found, mixing, found.good, found.bad)
        found.scatter = scatter_of(self._groups)
        return found

    def _end(self, origin: Origin, recipe: Recipe, dry: bool) -> float | None:
        known = known_values(
            self._history,
            self._recipes,
            self._measuring.metric,
            self._measuring.targets,
            {origin.commit: origin.tree},
            lambda path: origin.loose.get(path) or self._measuring.present(path),
        )
        values = [value.value for value in known.get(recipe.digest, [])]
        if dry:
            return fmean(values) if values else None
        value, trouble = self._mean(origin, recipe, "", values)
        if trouble:
            raise StageError(f"{origin.text} gives no {self._measuring.metric}: {trouble}")
        return value

    def _swap(self, found: Swapped, mixing: Mixing, good: float, bad: float) -> None:
        if len(mixing.factors) == 1:
            # All that differs: nothing has to be run to know what it does.
            found.effects = [Effect(mixing.factors[0], bad, bad - good)]
            found.rest, found.restored, found.outcome = 0.0, good, "found"
            return
        for factor in mixing.factors:
            if self._measuring.exhausted:
                found.outcome = "unfinished"
                return
            found.effects.append(self._effect(mixing, factor, good, bad))
        found.effects.sort(key=lambda row: -abs(row.effect or 0.0))
        if all(row.effect is not None for row in found.effects):
            found.rest = (bad - good) - sum(row.effect or 0.0 for row in found.effects)
        top = found.effects[0]
        share = (top.effect or 0.0) / (bad - good)
        if share > 0 and not self._measuring.exhausted:
            found.restored, _ = self._hybrid(mixing, top.factor, "bad")
        back = 0.0 if found.restored is None else (found.restored - bad) / (good - bad)
        found.outcome = "found" if max(share, back) >= _HALF else "together"

    def _effect(self, mixing: Mixing, factor: Factor, good: float, bad: float) -> Effect:
        value, trouble = self._hybrid(mixing, factor, "good")
        if value is not None:
            return Effect(factor, value, value - good)
        # New code may need what only the other side has: then it is taken out of bad instead of put into good.
        value, _ = self._hybrid(mixing, factor, "bad")
        if value is not None:
            return Effect(factor, value, bad - value, "bad")
        return Effect(factor, None, None, "good", trouble)

    def _hybrid(self, mixing: Mixing, factor: Factor, side: Side) -> tuple[float | None, str]:
        """Return the metric of one side's recipe with a factor of the other."""
        try:
            origin = mixing.hybrid(factor, side)
        except MlopsError as error:  # a parameter file that is written so that nobody can change it
            return None, error.message
        [recipe] = self._recipes.of([origin.tree])
        return self._mean(
            origin, recipe, f"{factor.name} of {'bad' if side == 'good' else 'good'} in {side}", []
        )

    def _mean(
        self, origin: Origin, recipe: Recipe, what: str, values: list[float]
    ) -> tuple[float | None, str]:
        self._groups.append(values)
        while len(values) < self._repeats:
            if self._measuring.exhausted:
                return (fmean(values) if values else None), ""
            self._tell(f"looking at {what or origin.text}")
            measured = self._measuring.measure(
                origin.tree, origin.commit, recipe, again=bool(values), what=what, loose=origin.loose
            )
            if measured.value is None:
                return (fmean(values) if values else None), measured.trouble
            values.append(measured.value)
        return fmean(values), ""


def _fell(good: float, bad: float, direction: str | None) -> bool:
    return good != bad and (direction is None or (good > bad) == (direction == "up"))
