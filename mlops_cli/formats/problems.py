"""Problems of a file, gathered: each with its place and what would be right; reported all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Problem(NamedTuple):
    """One thing that is wrong in one place.

    Parameters
    ----------
    file : str
        Path relative to the project.
    line, column : int
        Counted from 1; 0 where the whole file is meant.
    message : str
        What is wrong.
    hint : str
        What would be right.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line:column: message`, as editors and terminals make it a link."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class DefinitionError(FileError):
    """Files of the user's are wrong; `problems` holds every problem found, in the order of the files."""

    kind = "definition"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        files = ", ".join(dict.fromkeys(p.file for p in self.problems))
        super().__init__(f"{count} {'problem' if count == 1 else 'problems'} in {files}")


@dataclass(slots=True)
class Problems:
    """A place to gather problems while reading on."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, line: int, column: int, message: str, hint: str = "") -> None:
        """Keep one problem."""
        self.found.append(Problem(file, line, column, message, hint))

    def raise_if_any(self) -> None:
        """Raise one DefinitionError with everything found."""
        if self.found:
            raise DefinitionError(self.found)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"?` for the known name nearest to `name`, or an empty string.

    Examples
    --------
    >>> nearest("dep", ["deps", "outs"])
    'did you mean "deps"?'
    >>> nearest("zebra", ["deps", "outs"])
    ''
    """
    import difflib  # only bad input pays for it

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""
