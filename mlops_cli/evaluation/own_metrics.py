"""Metrics of the user's: `file.py:function`, called with truth and predictions; their interval by leaving blocks of rows out."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.evaluation.measured import Measured, unmeasured
from mlops_cli.evaluation.predictors.own import load_named
from mlops_cli.statistics.interval import normal_quantile
from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from mlops_cli.evaluation.measured import Direction
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.wishes import OwnMetricWish
    from mlops_cli.statistics.arrays import Integers

_BLOCKS = 50
_FEWEST = 20  # rows


class OwnFunction:
    """One of them.

    The function is called with those of `truth`, `predicted` and `scores` that it has parameters for, in this order where it
    takes them by place. Classes are given as text, numbers as numbers. It returns a number.
    """

    def __init__(self, wish: OwnMetricWish) -> None:
        self.name = wish.name
        self.place = wish.function
        self._function = load_named(wish.function)
        said = wish.direction or getattr(self._function, "direction", None)
        self.direction: Direction | None = said if said in ("up", "down") else None
        self._wants = _parameters(self._function)

    def measure(self, sample: Sample, rows: Integers | None) -> Measured:
        """Return it on all rows, or on some."""
        chosen = sample if rows is None else sample.take(rows)
        n = chosen.n
        if n == 0:
            return unmeasured("insufficient", "there are no rows", 0, self.direction)
        if chosen.missing():
            return unmeasured(
                "error", f"{chosen.missing()} of {n} predictions are missing", n, self.direction
            )
        value, trouble = self._value(chosen)
        if value is None:
            return unmeasured("error", trouble, n, self.direction)
        if n < _FEWEST:
            return Measured(value, None, None, n, self.direction, note=f"an interval needs {_FEWEST} rows")
        return self._with_interval(chosen, value)

    def _with_interval(self, sample: Sample, value: float) -> Measured:
        """Leave one block of rows out at a time: the jackknife, as J. Shao and C. F. J. Wu (1989) have it for blocks."""
        blocks = min(_BLOCKS, sample.n)
        order = generator(seed_of(sample.seed, self.name)).permutation(sample.n)
        drawn = []
        for block in range(blocks):
            kept = np.sort(np.concatenate([order[:0], np.delete(order, np.s_[block::blocks])]))
            one, _trouble = self._value(sample.take(kept))
            if one is None:
                note = "no interval: without some of the rows it has no value"
                return Measured(value, None, None, sample.n, self.direction, note=note)
            drawn.append(one)
        spread = (blocks - 1) / blocks * float(((np.array(drawn) - np.mean(drawn)) ** 2).sum())
        half = normal_quantile(0.95) * math.sqrt(spread)
        return Measured(value, value - half, value + half, sample.n, self.direction, "ok", "jackknife")

    def _value(self, sample: Sample) -> tuple[float | None, str]:
        try:
            found = float(self._function(**self._arguments(sample)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code may raise anything
            said = " ".join(str(error).split())[:300]
            return None, f"{self.place}: {type(error).__name__}: {said}".rstrip(": ")
        if not math.isfinite(found):
            return None, f"{self.place} returned {found}"
        return found, ""

    def _arguments(self, sample: Sample) -> dict[str, Any]:
        truth: Any = sample.truth
        predicted: Any = sample.predicted
        if sample.task != "regression":
            names = np.asarray(sample.classes, dtype=object)
            truth, predicted = names[sample.truth], names[sample.predicted]
        every = {"truth": truth, "predicted": predicted, "scores": sample.scores}
        return {given: every[wanted] for given, wanted in self._wants.items()}


def _parameters(function: Any) -> dict[str, str]:
    """Return the name of each parameter that is filled, and what with."""
    order = ("truth", "predicted", "scores")
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return {}
    named = {p.name for p in parameters}
    if "truth" in named or "predicted" in named or any(p.kind is p.VAR_KEYWORD for p in parameters):
        spread = any(p.kind is p.VAR_KEYWORD for p in parameters)
        return {name: name for name in order if spread or name in named}
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p.name for p in parameters if p.default is p.empty and p.name in plain]
    count = max(2, len(needed))
    return dict(zip(plain[:count], order, strict=False))
