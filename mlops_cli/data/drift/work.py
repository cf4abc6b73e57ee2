"""The step: compares, writes its report, and stops what follows where that was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.data.drift.request import read_settings
from mlops_cli.data.drift.sentence import short_of
from mlops_cli.data.drift.step import DRIFT, METRICS, PAGE
from mlops_cli.data.drift.tables import compare_addresses
from mlops_cli.data.drift.weights import weights_in
from mlops_cli.data.drift.wire import drift_wire
from mlops_cli.errors import DataError, StageError
from mlops_cli.formats.canonical import pretty

if TYPE_CHECKING:
    from mlops_cli.data.drift.model import DriftReport
    from mlops_cli.pipeline.builtin import StepCall


def run(call: StepCall) -> None:
    """Do what `uses: drift` asks for.

    Raises
    ------
    StageError
        When the verdict is fail or insufficient and the stage is to stop there.
    DataError
        When the two could not be compared.
    """
    request = read_settings(call.settings)
    given = weights_in(Path(request.weights).read_bytes(), request.weights) if request.weights else None
    report = compare_addresses(
        request.reference,
        request.current,
        request.settings,
        scratch=Path(call.scratch),
        kinds=request.kinds,
        weigh=None if given is None else lambda _: given,
        weighted=request.weights,
    )
    if call.report is not None:
        folder = Path(call.report)
        (folder / DRIFT).write_bytes(pretty(drift_wire(report)))
        (folder / METRICS).write_bytes(pretty({"drift": numbers(report)}))
        if call.page is not None:
            (folder / PAGE).write_text(call.page(report), encoding="utf-8")
    if report.verdict == "error":
        raise DataError(f"{request.current} could not be held against {request.reference}: {report.sentence}")
    if request.stops and report.verdict in ("fail", "insufficient"):
        raise StageError(short_of(report), hint=f"All of it is in {DRIFT} of the report.")


def numbers(report: DriftReport) -> dict[str, float]:
    """Return what a comparison comes to in numbers."""
    found: dict[str, float] = {
        "columns": len(report.compared),
        "failed": sum(each.verdict == "fail" for each in report.columns),
        "warned": sum(each.verdict == "warn" for each in report.columns),
        "share_failed": report.failed,
    }
    if report.joint is not None and report.joint.auc is not None:
        found["domain_auc"] = round(report.joint.auc, 12)
    return found
