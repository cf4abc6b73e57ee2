"""The verdict on two tables from the verdicts on their columns and on the joint distribution. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from mlops_cli.data.drift.causes import GRAVE
from mlops_cli.data.drift.model import GONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlops_cli.data.drift.model import ColumnDrift, DriftReport
    from mlops_cli.statistics.verdict import Verdict

_WEIGHTLESS = ("id", "constant")  # where they pass
_MOST = 0.5  # of the weight without a verdict, from which on the whole has none


class Shares(TypedDict):
    """Parts of the columns' weight: they failed, they warned, nobody knows."""

    failed: float
    warned: float
    unjudged: float


def weights_of(
    columns: Sequence[ColumnDrift], given: Mapping[str, float] | None
) -> Iterator[tuple[ColumnDrift, float]]:
    """Return each column with its part of the whole: as important as it is to a model, or all alike.

    All alike, identifiers and columns of one value have no part: they can hardly fail, and would make the others count less. Nor
    have columns that are gone, for without a model nobody knows whether they are missed.
    """
    if given is None:
        raw = [
            0.0 if each.type == GONE or (each.type in _WEIGHTLESS and each.verdict == "pass") else 1.0
            for each in columns
        ]
    else:
        raw = [max(given.get(each.name, 0.0), 0.0) for each in columns]
    total = sum(raw) + sum(
        max(weight, 0.0) for name, weight in (given or {}).items() if name not in _names(columns)
    )
    for column, weight in zip(columns, raw, strict=True):
        yield column, weight / total if total > 0 else 0.0


def shares(columns: Sequence[ColumnDrift]) -> Shares:
    """Return how much of the weight failed, warned and has no verdict."""
    return {
        "failed": _rounded(_share(columns, "fail")),
        "warned": _rounded(_share(columns, "warn")),
        "unjudged": _rounded(_share(columns, "insufficient")),
    }


def verdict_of(report: DriftReport) -> Verdict:
    """Return the verdict on two tables.

    One column that is an error makes the whole one, and so does it that there is nothing to compare. It fails where columns of
    at least `share` of the weight failed, or the joint distribution did. And it fails where one column failed for a grave cause,
    or a column is gone that a model goes by: a model cannot do its work on these, however many others are as they were. Columns
    that weigh nothing do not count. It is `insufficient` where most of the weight has no verdict. It warns where anything is not
    as it was, or has no verdict; so it does where a classifier was asked, and its answers contradict each other.
    """
    columns, joint, share = report.columns, report.joint, report.settings.share
    compared = report.compared
    if (
        not compared
        or any(each.verdict == "error" for each in columns)
        or (joint and joint.verdict == "error")
    ):
        return "error"
    if (
        (report.failed > 0 and report.failed >= share)
        or (joint is not None and joint.verdict == "fail")
        or grave(columns)
    ):
        return "fail"
    if report.unjudged >= _MOST or all(each.verdict == "insufficient" for each in compared):
        return "insufficient"
    moved = any(each.verdict in ("warn", "fail", "insufficient") for each in columns)
    if (
        moved
        or (
            joint is not None
            and (joint.verdict == "warn" or (joint.verdict == "insufficient" and joint.folds))
        )
        or report.only_current
    ):
        return "warn"
    return "pass"


def grave(columns: Iterable[ColumnDrift]) -> list[ColumnDrift]:
    """Return the columns each of which makes the whole fail: broken, or full of values that were never there."""
    return [each for each in columns if each.verdict == "fail" and each.cause in GRAVE and each.weight > 0]


def _share(columns: Iterable[ColumnDrift], verdict: Verdict) -> float:
    return sum(each.weight for each in columns if each.verdict == verdict)


def _names(columns: Iterable[ColumnDrift]) -> set[str]:
    return {each.name for each in columns}


def _rounded(value: float) -> float:
    """Round away what adding up floats leaves, so that a tenth of ten columns is a tenth."""
    return round(min(value, 1.0), 12)
