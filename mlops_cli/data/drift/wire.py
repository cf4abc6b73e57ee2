"""A comparison as JSON: what `drift --json` prints and the step writes. Light."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_cli.data.drift.model import ColumnDrift, DriftReport, JointDrift

_SCHEMA = 1
_DIGITS = 12  # significant ones of a number


def drift_wire(report: DriftReport) -> dict[str, Any]:
    """Return the shape of `drift --json`."""
    return {
        "schema": _SCHEMA,
        "verdict": report.verdict,
        "sentence": report.sentence,
        "retrain": report.retrain,
        "reference": _fields(report.reference),
        "current": _fields(report.current),
        "columns": [_column(each) for each in report.columns],
        "joint": None if report.joint is None else _joint(report.joint),
        "share": {
            "failed": _plain(report.failed),
            "warned": _plain(report.warned),
            "unjudged": _plain(report.unjudged),
            "weighted": report.weighted,
            "fail": report.settings.share,
        },
        "only_reference": list(report.only_reference),
        "only_current": list(report.only_current),
        "ignored": list(report.ignored),
        "warnings": list(report.warnings),
    }


def _column(column: ColumnDrift) -> dict[str, Any]:
    wire = _fields(column)
    del wire["cells"]
    wire["measures"] = [_fields(each) for each in column.measures]
    return wire


def _joint(joint: JointDrift) -> dict[str, Any]:
    wire = _fields(joint)
    wire["separators"] = [_fields(each) for each in joint.separators]
    wire["dropped"] = [{"name": name, "why": why} for name, why in joint.dropped]
    wire["alien"] = [{"row": row, "probability": _plain(probability)} for row, probability in joint.alien]
    return wire


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers with 12 digits, and none that is not one."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return list(value) if isinstance(value, tuple) else value
