"""What is about to be committed, and which projects of a worktree a change of records concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.git.batch import Reader
from mlops_cli.git.command import Git
from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_RECORDS = f":(glob)**/{RECORDS}/**"
_NONE = "0" * 40


class Staged(NamedTuple):
    """One file that the commit will hold.

    Parameters
    ----------
    path : str
        Relative to the top of the worktree.
    blob : str
        Its object.
    size : int
        Bytes as Git keeps them.
    before : int
        Bytes of what it replaces; 0 where it is new.
    new : bool
        Whether HEAD does not have it.
    """

    path: str
    blob: str
    size: int
    before: int = 0
    new: bool = False


def hook_git(worktree: Path, variables: Mapping[str, str]) -> Git:
    """Return questions about a worktree, and the index that Git has set for a hook: `git commit FILE` makes one of its own."""
    git = Git(worktree, variables)
    index = variables.get("GIT_INDEX_FILE")
    if index:
        git.variables["GIT_INDEX_FILE"] = str(worktree / index)
    return git


def staged_files(git: Git, git_dir: Path) -> list[Staged]:
    """Return the files that are new or changed in the index, those that are links to other repositories left out."""
    output = (
        git.ask("diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=AM") or b""
    )
    fields = output.decode(errors="surrogateescape").split("\0")
    rows = []
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, before, blob, _ = head.split(" ")
        if mode in ("100644", "100755"):
            rows.append((path, blob, before))
    if not rows:
        return []
    wanted = sorted({blob for _, *blobs in rows for blob in blobs if set(blob) != {"0"}})
    sizes = _sizes(git, git_dir, wanted)
    return [
        Staged(path, blob, sizes.get(blob, 0), sizes.get(before, 0), set(before) == {"0"})
        for path, blob, before in rows
    ]


def _sizes(git: Git, git_dir: Path, blobs: list[str]) -> dict[str, int]:
    from mlops_cli.git.batch import stream

    data = b"".join(
        stream(git_dir, git.variables, ["cat-file", "--batch-check"], given="\n".join(blobs).encode() + b"\n")
    )
    rows = (line.split() for line in data.decode().splitlines())
    return {row[0]: int(row[2]) for row in rows if len(row) == 3}


def read_staged(git: Git, git_dir: Path, files: Iterable[Staged]) -> dict[str, bytes]:
    """Return the content of staged files by their paths."""
    files = list(files)
    with Reader(git_dir, git.variables) as reader:
        return {
            file.path: found.data
            for file, found in zip(files, reader.read([file.blob for file in files]), strict=True)
            if found.kind
        }


def projects_touched(git: Git, arguments: tuple[str, ...]) -> list[str]:
    """Return the folders, relative to the top of the worktree, of projects whose records changed between commits.

    Parameters
    ----------
    arguments : tuple of str
        Two commits, or one that the worktree is compared with. Where Git does not know them, and where there are none, all
        projects are returned; `""` stands for the top itself.
    """
    output = None
    if arguments and all(set(commit) != {"0"} for commit in arguments):
        output = git.ask("diff", "--name-only", "-z", "--no-renames", *arguments, "--", _RECORDS)
    if output is None:
        output = git.ask("ls-files", "-z", "--", _RECORDS) or b""
    paths = output.decode(errors="surrogateescape").split("\0")
    return sorted({_project(path) for path in paths if path})


def _project(path: str) -> str:
    return "" if path.startswith(f"{RECORDS}/") else path.partition(f"/{RECORDS}/")[0]
