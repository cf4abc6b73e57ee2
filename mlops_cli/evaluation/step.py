"""`uses: evaluate`: what it reads and makes. What it does lies in `work.py`, which only the child process imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.pipeline.builtin import declare_report
from mlops_cli.pipeline.models import EVALUATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.pipeline.builtin import Declared

METRICS, PREDICTIONS, PAGE = "metrics.json", "predictions.parquet", "report.html"


class EvaluateStep:
    """The step."""

    entry = "mlops_cli.evaluation.work:run"
    page = "mlops_cli.render.evaluation_page:evaluation_page"
    version = 1

    def declare(self, settings: Mapping[str, Json], report: str | None) -> Declared:
        """Return inputs and outputs: `metrics.json` and `evaluation.json` stay in Git, predictions and page go into the store.

        Raises
        ------
        ValueError
            With everything that is wrong in the settings.
        """
        from mlops_cli.evaluation.settings import read_settings

        found = read_settings(settings)
        return declare_report(
            "evaluate",
            report,
            found.paths,
            stored=[PREDICTIONS, PAGE],
            kept=[EVALUATION],
            metrics=[METRICS],
            loads=found.models,
        )
