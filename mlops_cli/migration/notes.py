"""What a migration has to say: what could not be carried over, and what is said differently now; each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

NoteKind = Literal["lost", "changed"]


class Note(NamedTuple):
    """One thing that is not as it was.

    Parameters
    ----------
    file : str
        Relative to the project.
    line : int
        From 1; 0 where the whole file is meant.
    kind : str
        `lost`: it could not be carried over; `changed`: it was, but is said or done differently.
    what, why : str
        Two halves of a sentence.
    """

    file: str
    line: int
    kind: NoteKind
    what: str
    why: str

    @property
    def place(self) -> str:
        """File and line, as editors make it a link."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(slots=True)
class Notes:
    """A place to gather notes; the same one is kept once."""

    _found: dict[Note, None] = field(default_factory=dict)

    def lost(self, file: str, line: int, what: str, why: str) -> None:
        """Keep what could not be carried over."""
        self._found[Note(file, line, "lost", what, why)] = None

    def changed(self, file: str, line: int, what: str, why: str) -> None:
        """Keep what is said or done differently now."""
        self._found[Note(file, line, "changed", what, why)] = None

    def take(self, other: Notes) -> None:
        """Take over what another one gathered."""
        self._found |= other._found

    def all(self) -> tuple[Note, ...]:
        """Return every note, by place."""
        return tuple(sorted(self._found, key=lambda note: (note.file, note.line)))
