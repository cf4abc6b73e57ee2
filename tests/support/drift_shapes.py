"""Twelve kinds of columns for simulations of drift: what no change looks like, and what changes look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Draw = Callable[[np.random.Generator, int], Any]

_ZIPF = 1 / np.arange(1, 401) ** 1.1
_LETTERS = np.array([f"class {number}" for number in range(10)])
_MANY = np.array([f"value {number:03}" for number in range(400)])
_SHARES = np.array([0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01])
_START = np.datetime64("2026-01-05T00:00:00", "s")


def _times(random: np.random.Generator, n: int) -> Any:
    hour = random.normal(14, 4, n) % 24
    return _START + (random.integers(0, 28, n) * 86_400 + hour * 3600).astype("timedelta64[s]")


def _with_missing(random: np.random.Generator, n: int) -> Any:
    return np.where(random.random(n) < 0.1, np.nan, random.normal(size=n))


SHAPES: Mapping[str, Draw] = {
    "normal": lambda random, n: random.normal(50, 10, n),
    "lognormal": lambda random, n: random.lognormal(3, 1, n),
    "uniform": lambda random, n: random.uniform(0, 1, n),
    "heavy": lambda random, n: random.standard_t(2, n),
    "two humps": lambda random, n: np.where(
        random.random(n) < 0.4, random.normal(-3, 1, n), random.normal(3, 0.5, n)
    ),
    "many zeros": lambda random, n: np.where(random.random(n) < 0.6, 0.0, random.gamma(2, 5, n)),
    "some missing": _with_missing,
    "counts": lambda random, n: random.poisson(3, n),
    "coin": lambda random, n: random.random(n) < 0.4,
    "rare": lambda random, n: (random.random(n) < 0.01).astype(np.int64),
    "classes": lambda random, n: _LETTERS[random.choice(10, n, p=_SHARES)],
    "many classes": lambda random, n: _MANY[random.choice(400, n, p=_ZIPF / _ZIPF.sum())],
    "times": _times,
}
"""Twelve shapes of values, and times."""


def shaped(random: np.random.Generator, rows: int, columns: int = 50) -> pa.Table:
    """Return a table in which the shapes take turns."""
    names = list(SHAPES)
    drawn = {
        f"{names[at % len(names)]} {at // len(names)}": SHAPES[names[at % len(names)]](random, rows)
        for at in range(columns)
    }
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in drawn.items()})
