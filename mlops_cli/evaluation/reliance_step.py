"""Asking how much a model goes by each column, as a step for `call_alone`: a model is loaded in a child process, never here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.pipeline.builtin import Declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json

FILE = "reliance.json"


class RelianceStep:
    """The step; pipelines do not know it."""

    entry = "mlops_cli.evaluation.reliance:run"
    page = ""
    version = 1

    def declare(self, settings: Mapping[str, Json], report: str | None) -> Declared:  # noqa: ARG002 - the port's
        """Return the model, which is loaded, and the table."""
        model, data = str(settings["model"]), str(settings["data"])
        return Declared(deps=(model, data), loads=(model,))
