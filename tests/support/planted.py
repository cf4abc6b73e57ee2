"""A table of customers as companies have them, and what goes wrong with such tables without anybody noticing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops_cli.data.checks.run import validate
from mlops_cli.data.table.table import table_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mlops_cli.data.checks.model import Finding, Validation
    from mlops_cli.data.checks.schema import TableSchema
    from mlops_cli.data.table.table import Table

COUNTRIES = ("DE", "FR", "PL", "IT", "SE", "PT")
_COUNTRY_SHARES = (0.38, 0.24, 0.16, 0.12, 0.07, 0.03)
# Orders by hour of the day: few at night, most in the evening.
_HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 8, 12, 14, 15, 15, 16, 15, 14, 14, 15, 17, 20, 22, 20, 14, 8, 4], dtype=float
)
_DAYS = np.array([10, 10, 10, 11, 14, 18, 15], dtype=float)


def customers(rows: int, seed: int, *, start: int = 0) -> Any:
    """Return a frame of customers; the same seed gives the same rows.

    Parameters
    ----------
    start : int
        Its first number of a customer.
    """
    random = np.random.default_rng(seed)
    day = random.choice(7 * 8, rows, p=np.tile(_DAYS / _DAYS.sum() / 8, 8))
    hour = random.choice(24, rows, p=_HOURS / _HOURS.sum())
    seconds = random.integers(0, 3600, rows)
    age = np.clip(random.normal(41, 13, rows).round(), 18, 95)
    income = np.where(random.random(rows) < 0.03, np.nan, random.lognormal(10.4, 0.5, rows).round(2))
    visits = random.poisson(4, rows).astype(float)
    plan = random.choice(["basic", "plus", "pro"], rows, p=[0.62, 0.27, 0.11])
    odds = 0.05 * (age - 41) - 0.25 * (visits - 4) + (plan == "basic") - 1.4
    churned = np.where(random.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    return pd.DataFrame({
        "customer": np.arange(start, start + rows),
        "created": pd.Timestamp("2024-01-01") + pd.to_timedelta(day * 86_400 + hour * 3_600 + seconds, unit="s"),
        "country": random.choice(COUNTRIES, rows, p=_COUNTRY_SHARES),
        "plan": plan,
        "age": age,
        "height": random.normal(1.72, 0.09, rows).round(3),
        "temperature": random.normal(11, 6, rows).round(1),
        "income": income,
        "visits": visits,
        "member": random.random(rows) < 0.3,
        "churned": churned,
    })  # fmt: skip


def with_gaps(frame: Any, random: np.random.Generator) -> Any:
    """Return a frame in which 5 points more of the incomes are missing."""
    gaps = random.random(len(frame)) < 0.05
    return frame.assign(income=frame["income"].mask(gaps))


def with_unit(frame: Any, random: np.random.Generator) -> Any:
    """Return a frame whose heights are in millimetres."""
    return frame.assign(height=frame["height"] * 1000)


def with_zone(frame: Any, random: np.random.Generator) -> Any:
    """Return a frame whose times are five hours later."""
    return frame.assign(created=frame["created"] + pd.Timedelta(hours=5))


def with_constant(frame: Any, random: np.random.Generator) -> Any:
    """Return a frame whose gaps were filled with the median."""
    return frame.assign(income=frame["income"].fillna(frame["income"].median()))


def with_class(frame: Any, random: np.random.Generator) -> Any:
    """Return a frame in which one row in a hundred has a plan that was never there."""
    return frame.assign(plan=frame["plan"].mask(random.random(len(frame)) < 0.01, "trial"))


def with_swap(frame: Any, random: np.random.Generator) -> Any:
    """Return a frame whose classes have each other's names."""
    return frame.assign(churned=frame["churned"].map({"yes": "no", "no": "yes"}))


# What was planted: how, in which column, and which check has to name it, with a word of the cause.
PLANTED: dict[str, tuple[Callable[[Any, np.random.Generator], Any], str, str, str]] = {
    "null +5pp": (with_gaps, "income", "missing_rate", "lost values"),
    "unit x1000": (with_unit, "height", "unit", "thousandth"),
    "tz +5h": (with_zone, "created", "time_zone", "5 hours later"),
    "imputed constant": (with_constant, "income", "imputed_constant", "median"),
    "new class 1 %": (with_class, "plan", "unseen_categories", "new category"),
    "class swap": (with_swap, "churned", "relabelled", "swapped"),
}


def table(frame: Any, name: str = "now") -> Table:
    """Return a frame as a table."""
    return table_of(frame, name)


def validated(
    frame: Any,
    schema: TableSchema | None = None,
    *,
    against: Any = None,
    raw: Any = None,
    train: Any = None,
    now: datetime | None = None,
) -> Validation:
    """Validate a frame, as others have it."""
    return validate(
        table(frame),
        schema,
        against=None if against is None else table(against, "before"),
        raw=None if raw is None else table(raw, "raw"),
        train=None if train is None else table(train, "train"),
        now=now,
    )


def found(result: Validation) -> set[tuple[str, str]]:
    """Return column and check of each finding; nothing may have gone wrong."""
    assert result.errors == ()
    return {(finding.column, finding.check) for finding in result.findings}


def only(result: Validation, check: str) -> Finding:
    """Return the one finding of a check."""
    matching = [finding for finding in result.findings if finding.check == check]
    assert len(matching) == 1, (result.findings, result.errors)
    return matching[0]
