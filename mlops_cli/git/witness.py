"""What Git keeps at a path, with the name of every object on the way recomputed from its bytes.

Git itself does not do that when it reads, and follows replaced objects; a proof must rest on neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from mlops_cli.git.batch import Reader
from mlops_cli.git.commits import parse_commit
from mlops_cli.git.objects import algorithm_of, object_id, tree_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.git.commits import Commit
    from mlops_cli.git.objects import Row
    from mlops_cli.git.worktrees import Repository

# What Git says of signatures, in its letters, by what follows from it.
_GOOD, _BAD, _UNKNOWN = "G", "BXYR", "UEN"


class Kept(NamedTuple):
    """An object of Git's.

    Parameters
    ----------
    problem : str
        Why it cannot be believed; empty where it can.
    """

    kind: str
    data: bytes
    mode: str = ""
    problem: str = ""


class Witness:
    """Reads commits and what they hold, and believes no name before it was recomputed; a context manager."""

    def __init__(self, repository: Repository) -> None:
        self._reader = Reader(repository.git_dir, repository.variables)
        self._trees: dict[str, Kept] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End Git's process."""
        self._reader.__exit__()

    def commit(self, name: str) -> Commit | None:
        """Return a commit; None where it is not here. Its `sound` says whether its bytes have its id."""
        found = self._reader.find(name)
        return parse_commit(name, found.data) if found.kind == "commit" else None

    def tree_of(self, ref: str) -> str:
        """Return the id of the tree that a ref points at; empty where there is none."""
        found = self._reader.find(f"{ref}^{{tree}}")
        return found.id if found.kind == "tree" else ""

    def at(self, tree: str, path: str) -> Kept:
        """Return what a tree has at a path; of no kind where there is nothing."""
        current, mode = tree, "40000"
        *folders, last = path.split("/")
        for part in folders:
            row = self._row(current, part)
            if isinstance(row, Kept):
                return row
            current, mode = row.id, row.mode
        row = self._row(current, last)
        if isinstance(row, Kept):
            return row
        current, mode = row.id, row.mode
        return self._object(current)._replace(mode=mode)

    def rows(self, kept: Kept) -> list[tuple[Row, Kept]]:
        """Return the children of a tree."""
        width = len(next(iter(self._trees))) // 2  # this tree is among them
        return [(row, self._object(row.id)._replace(mode=row.mode)) for row in tree_rows(kept.data, width)]

    def _row(self, tree: str, name: str) -> Row | Kept:
        kept = self._object(tree)
        if kept.problem or kept.kind != "tree":
            return kept if kept.problem else Kept("", b"", problem="it is not there")
        for row in tree_rows(kept.data, len(tree) // 2):
            if row.name == name:
                return row
        return Kept("", b"", problem="it is not there")

    def _object(self, name: str) -> Kept:
        if name in self._trees:
            return self._trees[name]
        found = self._reader.find(name)
        if not found.kind:
            return Kept("", b"", problem=f"object {name[:12]} of Git is not in this clone")
        sound = object_id(found.kind, found.data, algorithm_of(name)) == name
        problem = "" if sound else f"the bytes of Git's object {name[:12]} do not have its name"
        kept = Kept(found.kind, found.data, "", problem)
        if found.kind == "tree":
            self._trees[name] = kept
        return kept


class Signature(NamedTuple):
    """What Git says of a commit's signature: `good`, `unknown` signer, `bad`; and who signed."""

    verdict: str
    signer: str


def signatures(git: Git, commits: Sequence[str]) -> dict[str, Signature]:
    """Return what Git says of the signatures of commits that carry one; asked in one process."""
    if not commits:
        return {}
    form = "%H%x00%G?%x00%GS%x00%GK"
    said = git.tell(
        "log",
        "--no-walk=unsorted",
        f"--format={form}",
        *commits,
        variables={"GIT_NO_REPLACE_OBJECTS": "1"},
    )
    found: dict[str, Signature] = {}
    for line in said.out.decode(errors="replace").splitlines():
        name, letter, signer, key = [*line.split("\0"), "", "", ""][:4]
        verdict = "good" if letter == _GOOD else "bad" if letter and letter in _BAD else "unknown"
        found[name] = Signature(verdict, signer or key)
    return found
