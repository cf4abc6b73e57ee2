"""Every error a user can meet, with its family, its exit code and the next thing to type.

The tree::

    MlopsError                70  never raised itself
    ├── UsageError             2  the command line asks for something that cannot be
    ├── FileError              3  a file of the user's is wrong
    ├── StageError             4  a stage failed
    ├── DataError              5  data is missing or damaged
    └── HistoryError           6  the history at hand is incomplete

Anything else that escapes is our bug: the command line reports it with exit code 70.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from typing import Any


class MlopsError(Exception):
    """What went wrong, in one sentence, and what to type next.

    Parameters
    ----------
    message : str
        What is wrong and where, without a full stop at its end.
    hint : str
        The next thing to do, as a whole sentence; empty when there is none.
    """

    exit_code: ClassVar[int] = 70
    kind: ClassVar[str] = "bug"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how an error of any constructor comes out of a pickle as it went in."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[MlopsError], arguments: tuple[Any, ...], state: dict[str, Any]) -> MlopsError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


class UsageError(MlopsError):
    """The command line asks for something that cannot be."""

    exit_code = 2
    kind = "usage"


class FileError(MlopsError):
    """A file that the user wrote, or keeps, is wrong."""

    exit_code = 3
    kind = "file"


class StageError(MlopsError):
    """A stage failed."""

    exit_code = 4
    kind = "stage"


class DataError(MlopsError):
    """Data is missing or damaged."""

    exit_code = 5
    kind = "data"


class HistoryError(MlopsError):
    """The history at hand is incomplete."""

    exit_code = 6
    kind = "history"
