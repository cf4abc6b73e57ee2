"""What Git is about to push: as it tells a `pre-push` hook, and which of it is new to the remote."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.project import DATA_RECORDS, RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.git.command import Git

_BELOW_RECORDS = f":(glob)**/{RECORDS}/**"
_SHORT = 10  # digits by which a commit is called
_STAGE_RECORDS = f"{RECORDS}/stages"


class PushedRef(NamedTuple):
    """One ref that is pushed.

    Parameters
    ----------
    name : str
        As people call it: `main`, `v1`.
    commit : str
        Its commit or tag, as Git takes it.
    known : str
        What the remote has there; empty where that is nothing.
    """

    name: str
    commit: str
    known: str


def read_pushed_refs(text: str) -> list[PushedRef]:
    """Return the refs that lines on the standard input of a `pre-push` hook name; what is deleted there is left out.

    Examples
    --------
    >>> read_pushed_refs(f"refs/heads/exp {'a' * 40} refs/heads/exp {'0' * 40}")[0][::2]
    ('exp', '')
    >>> read_pushed_refs(f"(delete) {'0' * 40} refs/heads/exp {'a' * 40}")
    []
    """
    rows = (line.split() for line in text.splitlines())
    return [
        PushedRef(
            ref_name(row[0]) if row[0] != row[1] else row[1][:_SHORT],
            row[1],
            row[3] if row[3].strip("0") else "",
        )
        for row in rows
        if len(row) == 4 and row[1].strip("0")
    ]


def ref_name(ref: str) -> str:
    """Return how people call a ref.

    Examples
    --------
    >>> ref_name("refs/heads/feature/x"), ref_name("refs/tags/v1"), ref_name("HEAD")
    ('feature/x', 'v1', 'HEAD')
    """
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def commits_of(git: Git, refs: Iterable[PushedRef]) -> list[PushedRef]:
    """Return refs with the commits that they lead to; those that lead to none hold no records, and are left out."""
    found = []
    for ref in refs:
        said = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref.commit}^{{commit}}")
        if said is not None:
            found.append(ref._replace(commit=said.decode().strip()))
    return found


def brings_records(git: Git, refs: Iterable[PushedRef], remote: str) -> bool:
    """Whether commits that are new to a remote of Git's, as it was seen last, change records."""
    given = "".join(f"{ref.commit}\n" + (f"^{ref.known}\n" if ref.known else "") for ref in refs)
    walk = ["rev-list", "--max-count=1", "--ignore-missing", "--stdin"]
    beyond = ["--not", f"--remotes={remote}"] if remote else []
    said = git.tell(*walk, *beyond, "--", _BELOW_RECORDS, given=given.encode())
    return bool(given) and (said.code != 0 or bool(said.out.strip()))


def projects_at(git: Git, commit: str) -> set[str]:
    """Return the folders, relative to the top of the worktree, of projects that have records in a commit."""
    listing = git.ask("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit) or b""
    found = set()
    for path in listing.decode(errors="surrogateescape").split("\0"):
        folder, inside, rest = f"/{path}".partition(f"/{RECORDS}/")
        if inside and f"{RECORDS}/{rest}".startswith((f"{DATA_RECORDS}/", f"{_STAGE_RECORDS}/")):
            found.add(folder[1:])
    return found
