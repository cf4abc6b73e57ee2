"""The child process of a built-in step: `python -P -m mlops_cli.execution.step FOLDER`, a folder with the call in it."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

from mlops_cli.errors import MlopsError
from mlops_cli.pipeline.builtin import StepCall

CALL, TROUBLE = "call.json", "trouble.json"


def main(arguments: list[str]) -> int:
    """Call the function that a call names; return the exit code.

    What the user has to put right is said in one line, and kept in the folder for whoever started the child.

    Parameters
    ----------
    arguments : list of str
        The folder.
    """
    (folder,) = arguments
    with open(f"{folder}/{CALL}", "rb") as stream:
        call: dict[str, Any] = json.load(stream)
    # The user's own modules are found, as where a script runs; but none of them takes the place of one of Python's.
    sys.path.append(os.getcwd())
    step = StepCall(
        settings=call["settings"],
        report=call["report"],
        inputs=call["inputs"],
        recorded=call["recorded"],
        scratch=folder,
        page=_function(call["page"]) if call["page"] else None,
    )
    try:
        _function(call["entry"])(step)
    except MlopsError as error:
        trouble = {"kind": error.kind, "message": error.message, "hint": error.hint}
        with open(f"{folder}/{TROUBLE}", "w", encoding="utf-8") as target:
            json.dump(trouble, target)
        sys.stderr.write(f"{error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
        return error.exit_code
    return 0


def _function(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
