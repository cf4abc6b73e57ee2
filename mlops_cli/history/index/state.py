"""What the index of one project has seen, and whether anything has moved since."""

from __future__ import annotations

from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.git.log import Tips
    from mlops_cli.git.worktrees import Repository

_FEW = 500  # files so few that they are looked for whenever somebody asks


class State(NamedTuple):
    """What the index of one project has seen.

    Parameters
    ----------
    tips : sequence of str
        Ids that commits were walked from.
    journals : mapping of str to str
        Ref to tree.
    shallow : str
        Where the history was cut off then.
    dvc : bool
        Whether anything tells that DVC was used: only then its files are looked for everywhere, which is slow.
    absent : int
        How many files this clone did not have.
    packs : int
        When Git's folder of packs had changed last (ns since the epoch): what was absent may have come since.
    walks : int
        How often commits were walked.
    """

    tips: Sequence[str] = ()
    journals: Mapping[str, str] = MappingProxyType({})
    shallow: str = ""
    dvc: bool = False
    absent: int = 0
    packs: int = 0
    walks: int = 0

    def agrees(self, tips: Tips, shallow: str) -> bool:
        """Whether nothing has moved."""
        return tuple(self.tips) == tips.commits and self.journals == tips.journals and self.shallow == shallow


def shallow_at(repository: Repository) -> str:
    """Return where the history is cut off; empty where it is whole."""
    with suppress(OSError):
        return (repository.git_dir / "shallow").read_text(errors="replace")
    return ""


def packs_at(repository: Repository) -> int:
    """Return when Git's folder of packs changed last, in ns since the epoch."""
    with suppress(OSError):
        return (repository.git_dir / "objects/pack").stat().st_mtime_ns
    return 0


def to_be_looked_for(state: State, repository: Repository) -> bool:
    """Whether what was absent may be here now; of many, as a partial clone lacks, only when Git has got something."""
    return 0 < state.absent < _FEW or (state.absent > 0 and state.packs != packs_at(repository))
