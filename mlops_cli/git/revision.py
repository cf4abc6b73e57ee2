"""The records of one commit, read with two processes however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import HistoryError, UsageError
from mlops_cli.git.batch import Reader
from mlops_cli.git.beyond import beyond_border
from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from mlops_cli.git.command import Git
    from mlops_cli.project import Project


class Revision(NamedTuple):
    """What a commit holds of a project.

    Parameters
    ----------
    commit : str
        Its id; empty before the first commit.
    records : dict
        The files below `.mlops`, by their paths relative to the project.
    files : frozenset of str
        All files that Git keeps of the project.
    """

    commit: str
    records: dict[str, bytes]
    files: frozenset[str]


def read_revision(git: Git, project: Project, name: str) -> Revision:
    """Return what a commit holds of a project.

    Parameters
    ----------
    git : Git
        Questions asked in the project's folder.
    name : str
        As Git takes it: `HEAD`, a branch, a tag, an id, `HEAD~3`.

    Raises
    ------
    UsageError
        When there is no such commit.
    HistoryError
        When Git does not have its objects, as in a partial clone, or the commit lies beyond the border of a shallow one.
    """
    found = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if found is None:
        if name == "HEAD" and git.ask("rev-parse", "--verify", "--quiet", "HEAD") is None:
            return Revision("", {}, frozenset())
        raise beyond_border(git, name) or UsageError(
            f"there is no commit {name}", hint="See commits, branches and tags with: git log --all"
        )
    commit = found.decode().strip()
    listing = git.ask("ls-tree", "-r", "-z", commit, "--", ".")
    if listing is None:
        raise HistoryError(f"the files of {name} cannot be listed", hint="Bring them with: git fetch")
    blobs: dict[str, str] = {}
    for row in listing.decode(errors="surrogateescape").split("\0"):
        head, _, path = row.partition("\t")
        if path:
            blobs[path] = head.split()[2]
    wanted = [path for path in blobs if path.startswith((f"{RECORDS}/data/", f"{RECORDS}/stages/"))]
    records: dict[str, bytes] = {}
    if wanted:
        with Reader(project.git_dir, git.variables) as reader:
            for path, read in zip(wanted, reader.read([blobs[path] for path in wanted]), strict=True):
                if not read.kind:
                    raise HistoryError(
                        f"{path} of {name} is not in this clone", hint="Bring it with: git fetch"
                    )
                records[path] = read.data
    return Revision(commit, records, frozenset(blobs))
