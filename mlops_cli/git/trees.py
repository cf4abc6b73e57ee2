"""What differs between two of Git's trees: files, lines, and the difference itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mlops_cli.git.command import Git

# Whatever the user's settings say: no program of somebody else's, and renames are seen.
_FIXED = ("--no-ext-diff", "--no-textconv", "--find-renames", "--no-color", "--relative")


class FileLines(NamedTuple):
    """A file that differs.

    Parameters
    ----------
    path : str
        Relative to the project.
    added, removed : int or None
        Lines; None for what is no text.
    before : str
        What it was called; empty where it has the same name.
    """

    path: str
    added: int | None
    removed: int | None
    before: str = ""


def changed_files(git: Git, old: str, new: str) -> tuple[FileLines, ...] | None:
    """Return the files of the project that differ between two trees, or commits; None where Git does not have one of them.

    Parameters
    ----------
    git : Git
        Questions asked in the project's folder.
    old, new : str
        Ids.
    """
    said = git.ask("diff-tree", "-r", "-z", "--numstat", *_FIXED, old, new, "--", *_project())
    return None if said is None else tuple(_rows(said.decode(errors="surrogateescape").split("\0")))


def difference(git: Git, old: str, new: str, paths: Sequence[str]) -> str:
    """Return the difference between two trees as Git shows it.

    Parameters
    ----------
    paths : sequence of str
        The files to show, relative to the project, by their names before and after.
    """
    literal = [f":(literal){path}" for path in paths]
    said = git.ask("diff-tree", "-r", "-p", *_FIXED, old, new, "--", *literal) if paths else b""
    return (said or b"").decode(errors="replace")


def kept_in(git: Git, tree: str, paths: Collection[str]) -> frozenset[str]:
    """Return those of some paths of the project, files or folders, that a tree or commit has."""
    asked = [(tree, path) for path in sorted(paths)]
    return frozenset(path for (_, path), name in _names(git, asked) if name)


def trees_with(git: Git, trees: Collection[str], path: str, blob: str) -> frozenset[str]:
    """Return those of some trees, or commits, that have a blob at a path of the project."""
    asked = [(tree, path) for tree in sorted(trees)]
    return frozenset(tree for (tree, _), name in _names(git, asked) if name == blob)


def _names(git: Git, asked: Sequence[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what Git calls what lies at each path of a tree; empty where nothing does."""
    asked = [each for each in asked if "\n" not in each[1]]
    # Relative to the folder of the project, in which Git is asked.
    lines = "".join(f"{tree}:./{path}\n" for tree, path in asked).encode(errors="surrogateescape")
    said = git.tell("cat-file", "--batch-check=%(objectname)", given=lines).out if asked else b""
    for each, line in zip(asked, said.decode(errors="surrogateescape").splitlines(), strict=False):
        yield each, "" if line.endswith((" missing", " ambiguous")) else line


def _project() -> tuple[str, ...]:
    """Return the project's files, without what this tool records in it."""
    return ".", f":(exclude,glob)**/{RECORDS}/**"


def _rows(fields: list[str]) -> list[FileLines]:
    found = []
    rest = iter(fields)
    for field in rest:
        if not field:
            continue
        added, removed, path = field.split("\t", 2)
        before = ""
        if not path:  # a file with another name: both follow
            before, path = next(rest), next(rest)
        binary = added == "-"
        found.append(
            FileLines(path, None if binary else int(added), None if binary else int(removed), before)
        )
    return found
