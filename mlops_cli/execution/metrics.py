"""The numbers in a stage's metrics files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.data_text import read_metrics
from mlops_cli.formats.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.store.artifact import Artifact

_LARGEST = 16 << 20


def read_stage_metrics(stage: Stage, outs: Mapping[str, Artifact], root: str) -> dict[str, Any]:
    """Return name to number of everything in a stage's metrics files.

    Parameters
    ----------
    outs : mapping
        The stage's outputs; a directory of metrics is passed over.
    root : str
        The project's folder.

    Raises
    ------
    FileError
        When a file cannot be read as what its name says.
    DataError
        When it is gone.
    """
    found: dict[str, Any] = {}
    for out in stage.outs:
        if out.kind != "metric" or out.path not in outs or outs[out.path].tree:
            continue
        if outs[out.path].size > _LARGEST:
            raise FileError(f"{out.path} is too large for a metrics file", hint="Declare it under outs.")
        problems = Problems()
        try:
            with open(f"{root}/{out.path}", "rb") as stream:
                found |= read_metrics(stream.read(), out.path, problems)
        except OSError as error:
            raise DataError(f"{out.path} cannot be read: {error.strerror}") from error
        if problems.found:
            raise FileError(f"its metrics cannot be read: {problems.found[0]}")
    return found
