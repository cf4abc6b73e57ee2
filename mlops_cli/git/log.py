"""What commits brought, in one walk: which files each of them added or changed, and who made it when.

A commit brings what none of its parents has. By induction that is everything: what a commit has from a parent, the parent brought
or one before it. So a branch that was merged with its content thrown away has brought it all the same, and a merge brings only what
was made in it.
"""

from __future__ import annotations

import os
import threading
from contextlib import closing
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mlops_cli.git.batch import GitObject, stream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from mlops_cli.git.worktrees import Repository

T = TypeVar("T")

_FORM = "%x02%H%x00%an%x00%ae%x00%ct%x00%s"
_FILE = (b"100644", b"100755")
_NO_GRAFTS = {"GIT_GRAFT_FILE": f"{os.devnull}/none"}  # what a grafts file pretends is not what happened
_LOG = (
    "log",
    "--stdin",
    "--full-history",
    "--diff-merges=combined",
    "--raw",
    "--no-renames",
    "--no-abbrev",
    "-z",
)


class Commit(NamedTuple):
    """A commit that brought something; `time` is when it was committed, in seconds since the epoch."""

    id: str
    author: str
    email: str
    time: int
    subject: str


class Brought(NamedTuple):
    """A file that a commit added or changed: its path from the top of the repository, and Git's id of its content."""

    path: str
    blob: str


class Tips(NamedTuple):
    """Where the history of a repository ends.

    Parameters
    ----------
    commits : tuple of str
        What branches, tags, stashes, remote-tracking refs and detached heads point at; sorted, each once.
    journals : mapping of str to str
        Refs that point at a tree of records, and that tree.
    """

    commits: tuple[str, ...]
    journals: dict[str, str]

    @property
    def wide(self) -> bool:
        """Whether objects are named by SHA-256."""
        return any(len(name) == 64 for name in (*self.commits[:1], *self.journals.values()))


def find_tips(repository: Repository, journals: tuple[str, ...]) -> Tips:
    """Return where the history ends now: one process, whatever the number of refs.

    Parameters
    ----------
    journals : tuple of str
        How the names of refs begin that point at trees of records; our other refs, notes and replacements count for nothing.
    """
    form = "%(objectname) %(refname)"
    data = b"".join(stream(repository.git_dir, repository.variables, ["for-each-ref", f"--format={form}"]))
    commits, trees = set(_detached(repository)), {}
    for line in data.decode(errors="surrogateescape").splitlines():
        name, _, ref = line.partition(" ")
        if ref.startswith(journals):
            trees[ref] = name
        elif not ref.startswith(("refs/mlops/", "refs/notes/", "refs/replace/")):
            commits.add(name)
    return Tips(tuple(sorted(commits)), trees)


def _detached(repository: Repository) -> Iterator[str]:
    """Yield the heads of worktrees that are on no branch."""
    for path in (repository.git_dir / "HEAD", *repository.git_dir.glob("worktrees/*/HEAD")):
        try:
            text = path.read_text(errors="replace").strip()
        except OSError:
            continue  # removed meanwhile
        if len(text) in (40, 64) and set(text) <= set("0123456789abcdef"):
            yield text


def walk(
    repository: Repository,
    tips: Iterable[str],
    known: Iterable[str],
    pathspecs: Sequence[str],
    *,
    literal: bool = True,
) -> Iterator[tuple[Commit, list[Brought]]]:
    """Yield the commits that brought a file below some paths, with those files; those before their parents.

    Parameters
    ----------
    tips, known : iterable of str
        Ids: what leads there is walked, what leads to `known` is not.
    literal : bool
        Whether the paths are plain; else they are patterns as Git has them, which costs several times as much.

    Raises
    ------
    HistoryError
        When something on the way cannot be read.
    """
    given = "".join([*(f"{name}\n" for name in tips), *(f"^{name}\n" for name in known)]).encode()
    variables = {**repository.variables, **_NO_GRAFTS} | ({"GIT_LITERAL_PATHSPECS": "1"} if literal else {})
    command = [
        *_LOG,
        "--encoding=UTF-8",
        "--no-show-signature",
        "--no-mailmap",
        f"--format={_FORM}",
        "--",
        *pathspecs,
    ]
    with closing(_ahead(stream(repository.git_dir, variables, command, given=given, graph=True))) as chunks:
        yield from _commits(_tokens(chunks))


def lost(repository: Repository, tips: Iterable[str], gone: Iterable[str]) -> list[str] | None:
    """Return the ids of commits that tips no longer lead to, but those that are gone did.

    Returns
    -------
    list of str or None
        None where that cannot be told any more, because Git has removed some of them.
    """
    from mlops_cli.git.command import Git

    given = "".join([*(f"{name}\n" for name in gone), *(f"^{name}\n" for name in tips)]).encode()
    git = Git(repository.git_dir, {**repository.variables})
    git.variables.update(_NO_GRAFTS)
    said = git.tell(
        f"--git-dir={repository.git_dir}", "--no-replace-objects", "rev-list", "--stdin", given=given
    )
    return None if said.code else said.out.decode().split()


def reachable(repository: Repository, tips: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Return the ids of commits that tips lead to and `known` do not.

    Raises
    ------
    HistoryError
        When something on the way cannot be read.
    """
    given = "".join([*(f"{name}\n" for name in tips), *(f"^{name}\n" for name in known)]).encode()
    variables = {**repository.variables, **_NO_GRAFTS}
    walk = ["rev-list", "--stdin"]
    return b"".join(stream(repository.git_dir, variables, walk, given=given, graph=True)).decode().split()


def tree_changes(repository: Repository, old: str, new: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and id of what differs between two trees, in one folder; the id is empty for what is gone.

    Parameters
    ----------
    old, new : str
        Ids of trees; empty stands for a tree that holds nothing.

    Raises
    ------
    HistoryError
        When one of them cannot be read.
    """
    first, second = old or _empty(new), new or _empty(old)
    command = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", first, second, "--", path]
    variables = {**repository.variables, "GIT_LITERAL_PATHSPECS": "1"}
    tokens = _tokens(stream(repository.git_dir, variables, command))
    for head in tokens:
        words = head.split(b" ")
        name = next(tokens).decode(errors="surrogateescape")
        yield name, words[3].decode() if words[1] in _FILE else ""


def contents(repository: Repository, ids: Sequence[str]) -> Iterator[GitObject]:
    """Yield objects in the order of their ids, read in one go; the kind of one that is not there is empty.

    What a partial clone left behind is not fetched: it would come one by one, or end everything where the remote is away.

    Raises
    ------
    HistoryError
        When one is damaged.
    """
    from mlops_cli.git.history import gaps_of

    here = _present(repository) if ids and gaps_of(repository).partial else None
    given = "".join(f"{name}\n" for name in ids if here is None or name in here).encode()
    source = stream(
        repository.git_dir, repository.variables, ["cat-file", "--batch", "--buffer"], given=given
    )
    with closing(_ahead(source)) as chunks:
        data, at = b"", 0
        for name in ids:
            if here is not None and name not in here:
                yield GitObject(name, "", b"")
                continue
            while (end := data.find(b"\n", at)) < 0:
                data, at = data[at:] + next(chunks), 0
            head, at = data[at:end].split(), end + 1
            if len(head) != 3:
                yield GitObject(name, "", b"")
                continue
            size = int(head[2])
            while len(data) <= at + size:
                data, at = data[at:] + next(chunks), 0
            yield GitObject(name, head[1].decode(), data[at : at + size])
            at += size + 1
        for _ in chunks:  # what Git complained of, it says at its end
            pass


def _present(repository: Repository) -> frozenset[str]:
    """Return the ids of all objects that this clone has; asking for a single other one would have Git fetch it."""
    command = ["cat-file", "--batch-check=%(objectname)", "--batch-all-objects", "--unordered", "--buffer"]
    listing = b"".join(stream(repository.git_dir, repository.variables, command))
    return frozenset(listing.decode().split())


def _empty(other: str) -> str:
    if len(other) == 64:
        return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
    return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def _commits(tokens: Iterator[bytes]) -> Iterator[tuple[Commit, list[Brought]]]:
    commit: Commit | None = None
    files: list[Brought] = []
    for token in tokens:
        if token.startswith(b"\x02"):
            if commit is not None and files:
                yield commit, files
            author, email, time, subject = (next(tokens) for _ in range(4))
            commit = Commit(token[1:].decode(), _text(author), _text(email), int(time or 0), _text(subject))
            files = []
        elif token:
            # One colon, mode and id for each parent, then mode and id of the commit itself, and what happened.
            words = token.split(b" ")
            parents = words[0].count(b":")
            path = next(tokens)
            if words[parents] in _FILE:
                files.append(Brought(path.decode(errors="surrogateescape"), words[2 * parents + 1].decode()))
    if commit is not None and files:
        yield commit, files


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _tokens(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest.strip():
        yield rest


def _ahead(items: Iterator[T]) -> Generator[T]:
    """Yield items that another thread takes from their source meanwhile, so that Git does not wait for us."""
    queue: SimpleQueue[tuple[T | None, BaseException | None, bool]] = SimpleQueue()
    enough = threading.Event()

    def work() -> None:
        try:
            for item in items:
                queue.put((item, None, False))
                if enough.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - handed on to whoever takes the items
            queue.put((None, error, True))
        else:
            queue.put((None, None, True))
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error, last = queue.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # type: ignore[misc]
    finally:
        enough.set()
        thread.join()
