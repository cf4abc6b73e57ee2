"""What a helper runs: `python -P -m mlops_cli.helper.program`, asked through its standard input."""

from __future__ import annotations

import pickle
import sys
from typing import Any

from mlops_cli.errors import MlopsError


def main() -> None:
    """Call what is asked for and answer with what it returns, or raises, until nobody asks any more."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            function, arguments, named = pickle.load(questions)  # noqa: S301 - from the process that started this one
        except (EOFError, pickle.UnpicklingError):
            return
        try:
            answer: tuple[Any, Exception | None] = (function(*arguments, **named), None)
        except (MlopsError, OSError) as error:
            answer = (None, error.with_traceback(None))
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    main()
