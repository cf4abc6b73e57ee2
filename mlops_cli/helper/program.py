"""What a helper runs: `python -P -m mlops_cli.helper.program`, asked through its standard input."""

from __future__ import annotations

import pickle
import sys
from typing import Any

from mlops_cli.errors import MlopsError
from mlops_cli.helper.process import GREETING


def main() -> None:
    """Call what is asked for and answer with what it returns, or raises, until nobody asks any more."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(GREETING)
    answers.flush()
    while True:
        try:
            function, arguments, named = pickle.load(questions)  # noqa: S301 - from the process that started this one
        except (EOFError, pickle.UnpicklingError):
            return
        try:
            answer: tuple[Any, Exception | None] = (function(*arguments, **named), None)
        except (MlopsError, OSError) as error:
            answer = (None, error)
        except Exception as error:  # noqa: BLE001 - ours: whoever asks reports it, with the place where it happened
            answer = (None, _told(error))
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _told(error: Exception) -> RuntimeError:
    from traceback import format_exception

    return RuntimeError("in a helper: " + "".join(format_exception(error)).rstrip())


if __name__ == "__main__":
    main()
