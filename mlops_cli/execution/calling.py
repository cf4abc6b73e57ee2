"""Having a built-in step called in a child process: the call goes there in a file, and its trouble comes back in one."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, FileError, HistoryError, MlopsError, StageError, UsageError
from mlops_cli.execution.step import CALL, HEADLINE, TROUBLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.pipeline.builtin import BuiltinStep

_FAMILIES = {kind.kind: kind for kind in (DataError, FileError, HistoryError, StageError, UsageError)}


def prepare_call(
    folder: str,
    step: BuiltinStep,
    settings: Mapping[str, Json],
    report: str | None,
    inputs: Mapping[str, str],
    recorded: Mapping[str, str],
) -> list[str]:
    """Write a call into a folder of its own, and return the program that carries it out.

    Parameters
    ----------
    folder : str
        A folder that does not exist yet, or is empty. The step has its temporary files in it; whoever made it removes it.
    settings, report, inputs, recorded
        As `StepCall` has them.
    """
    os.makedirs(folder, exist_ok=True)
    with suppress(FileNotFoundError):
        os.unlink(f"{folder}/{TROUBLE}")  # of an earlier attempt
    call = {
        "entry": step.entry,
        "page": step.page if report else "",
        "settings": dict(settings),
        "report": report,
        "inputs": dict(inputs),
        "recorded": dict(recorded),
    }
    with open(f"{folder}/{CALL}", "w", encoding="utf-8") as stream:
        json.dump(call, stream)
    # -P: nothing that lies in the working directory is taken for a module of Python's.
    return [sys.executable, "-P", "-m", "mlops_cli.execution.step", folder]


def read_trouble(folder: str) -> MlopsError | None:
    """Return what a step said that went wrong; None where it said nothing."""
    try:
        with open(f"{folder}/{TROUBLE}", encoding="utf-8") as stream:
            said = json.load(stream)
        return _FAMILIES.get(said["kind"], StageError)(said["message"], hint=said["hint"])
    except (OSError, ValueError, KeyError):
        return None


def read_headline(folder: str) -> str:
    """Return what a step that ended well found, in some words; empty where it said nothing."""
    try:
        with open(f"{folder}/{HEADLINE}", encoding="utf-8") as stream:
            return " ".join(stream.read().split())
    except (OSError, ValueError):
        return ""
