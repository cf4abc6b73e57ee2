"""The child process of a built-in step: `python -P -m mlops_cli.execution.step FOLDER`, a folder with the call in it."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from mlops_cli.data.machine import prepare_arrays
from mlops_cli.errors import MlopsError
from mlops_cli.pipeline.builtin import StepCall

if TYPE_CHECKING:
    from collections.abc import Callable

CALL, TROUBLE, HEADLINE = "call.json", "trouble.json", "headline.txt"


def main(arguments: list[str]) -> int:
    """Call the function that a call names; return the exit code.

    What the user has to put right is said in one line, and kept in the folder for whoever started the child; so is a text that
    the function returns.

    Parameters
    ----------
    arguments : list of str
        The folder.
    """
    prepare_arrays()
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
        headline = _function(call["entry"])(step)
    except MlopsError as error:
        trouble = {"kind": error.kind, "message": error.message, "hint": error.hint}
        with open(f"{folder}/{TROUBLE}", "w", encoding="utf-8") as target:
            json.dump(trouble, target)
        sys.stderr.write(f"{error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
        return error.exit_code
    if isinstance(headline, str):
        with open(f"{folder}/{HEADLINE}", "w", encoding="utf-8") as target:
            target.write(headline)
    return 0


def _ended(folder: str) -> Callable[[int], NoReturn]:
    """Return what stands for `os._exit` in this process: whoever calls it ends the step midway, which must not pass for its end.

    In children of this process, as libraries make them by fork, it does what it always did.
    """
    leave, own = os._exit, os.getpid()

    def end(status: int) -> NoReturn:
        if os.getpid() == own:
            trouble = {
                "kind": "stage",
                "message": f"the model, or code of yours, ended the process (os._exit({status})) before the step was done",
                "hint": "Take the call of os._exit out of the code; raise an exception instead.",
            }
            with open(f"{folder}/{TROUBLE}", "w", encoding="utf-8") as target:
                json.dump(trouble, target)
            sys.stderr.write(f"{trouble['message']}\n")
            sys.stderr.flush()
            leave(status or 4)
        leave(status)

    return end


def _function(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    os._exit = _ended(sys.argv[1])  # type: ignore[assignment] # it does not return, too
    sys.exit(main(sys.argv[1:]))
