"""One built-in step without a pipeline around it: for commands that do the same as a stage, once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import StageError
from mlops_cli.execution.calling import prepare_call, read_trouble
from mlops_cli.execution.process import Processes, interruptible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.pipeline.builtin import BuiltinStep

_TAIL = 2000  # characters of what a child that broke down said


def call_alone(
    step: BuiltinStep,
    settings: Mapping[str, Json],
    *,
    folder: Path,
    report: Path,
    inputs: Mapping[str, str],
    recorded: Mapping[str, str],
    variables: Mapping[str, str],
) -> str:
    """Have a step do its work in a child process, and return what it said meanwhile.

    Parameters
    ----------
    folder : Path
        The working directory, to which paths in the settings are relative.
    report : Path
        Where its files go; made where it is missing.
    inputs, recorded
        As `StepCall` has them.
    variables : mapping
        The environment of the child.

    Raises
    ------
    MlopsError
        What the step found wrong.
    StageError
        When it broke down.
    """
    report.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="mlops-"))
    try:
        program = prepare_call(f"{scratch}/call", step, settings, str(report), inputs, recorded)
        log = scratch / "log"
        processes = Processes()
        with interruptible():
            try:
                end = processes.run([program], folder=str(folder), variables=variables, log=log)
            except KeyboardInterrupt:
                processes.stop()
                raise
        said = log.read_text(errors="replace")
        if end.code == 0:
            return said
        trouble = read_trouble(f"{scratch}/call")
        if trouble is not None:
            raise trouble
        how = f"signal {-end.code} ended it" if end.code < 0 else f"exit code {end.code}"
        tail = said[-_TAIL:].strip()
        raise StageError(f"it broke down: {how}" + (f"\n{tail}" if tail else ""))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
