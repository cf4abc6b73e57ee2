"""What is wrong with a condition, and in which part of it."""

from __future__ import annotations

import re
import unicodedata

from mlops_cli.errors import UsageError


class ExpressionError(UsageError):
    """A condition that cannot be read, or asks for what is not there. Its message shows the place.

    Parameters
    ----------
    reason : str
        What is wrong.
    text : str
        The condition.
    at, length : int
        Which part of it is meant, from 0.
    hint : str
        What may be meant.
    option : str
        Where the condition was given, if on the command line.

    Examples
    --------
    >>> print(ExpressionError("there is no aeg", "sex == f and aeg > 3", 13, 3, option="--where").message)
    --where: there is no aeg
      sex == f and aeg > 3
                   ^^^
    """

    def __init__(
        self, reason: str, text: str, at: int, length: int, *, hint: str = "", option: str = ""
    ) -> None:
        self.reason, self.text, self.at, self.length = reason, text, at, max(length, 1)
        flat = re.sub(r"\s", " ", text)
        caret = " " * _width(flat[:at]) + "^" * max(_width(flat[at : at + length]), 1)
        said = f"{option}: {reason}" if option else reason
        super().__init__(f"{said}\n  {flat}\n  {caret}", hint=hint[:1].upper() + hint[1:])


def _width(text: str) -> int:
    """Return how many places a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
