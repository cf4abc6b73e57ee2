"""`uses: drift`: what it reads and makes. What it does lies in `work.py`, which only the child process imports."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlops_cli.pipeline.builtin import Declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json

DRIFT, METRICS, PAGE = "drift.json", "metrics.json", "report.html"


class DriftStep:
    """The step."""

    entry = "mlops_cli.data.drift.work:run"
    page = "mlops_cli.render.drift_page:drift_page"
    version = 2

    def declare(self, settings: Mapping[str, Json], report: str | None) -> Declared:
        """Return inputs and outputs: `drift.json` and `metrics.json` stay in Git, the page goes into the store.

        Raises
        ------
        ValueError
            With everything that is wrong in the settings.
        """
        from mlops_cli.data.drift.request import read_settings

        found = read_settings(settings)
        if not report:
            raise ValueError(
                "drift needs report: the folder for its files, for example report: reports/drift"
            )
        return Declared(
            deps=tuple(dict.fromkeys(path for path in found.paths if "://" not in path)),
            outs=(posixpath.join(report, PAGE),),
            metrics=(posixpath.join(report, METRICS),),
            plots=(posixpath.join(report, DRIFT),),
        )
