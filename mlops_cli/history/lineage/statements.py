"""What a proof of a lineage says: statements, each with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from mlops_cli.errors import HistoryError

Verdict = Literal["holds", "fails", "open"]
Kind = Literal["record", "key", "commit", "signature", "code", "artifact", "origin", "metrics", "claims"]


class Statement(NamedTuple):
    """One statement about a lineage.

    Parameters
    ----------
    about : str
        A path, a run and its stage, or a commit.
    verdict : str
        `open` where it can be neither shown nor refuted from here.
    says : str
        What is stated.
    rests_on : str
        What shows it; or why it fails, or stays open.
    """

    kind: Kind
    about: str
    verdict: Verdict
    says: str
    rests_on: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was stated about the lineage of something.

    Parameters
    ----------
    incomplete : HistoryError or None
        What this clone does not have of the history.
    """

    ref: str
    statements: tuple[Statement, ...]
    incomplete: HistoryError | None = None

    @property
    def good(self) -> bool:
        """Whether nothing fails."""
        return all(statement.verdict != "fails" for statement in self.statements)

    def count(self, verdict: Verdict) -> int:
        """Return how many statements came out so."""
        return sum(statement.verdict == verdict for statement in self.statements)
