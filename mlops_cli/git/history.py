"""Every record that anything in a repository leads to: the files below `.mlops` in commits, indexes and worktrees.

What counts as leading somewhere is what Git itself would keep: branches, tags, remote-tracking refs, stashes, notes, the
journal, reflogs, the heads of all worktrees, and what a merge, rebase or bisection in progress stands on. Three processes read
all of it, whatever the number of commits: one walks, one compares each commit with its parents, one hands out the files.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import HistoryError
from mlops_cli.git.batch import Reader, fields, stream
from mlops_cli.git.journal import SNAPSHOT_PATH, record_path
from mlops_cli.git.objects import LINK_MODE, MODULE_MODE, TREE_MODE, tree_rows
from mlops_cli.git.records import RecordFile, is_record, working_records
from mlops_cli.git.worktrees import find_worktrees
from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mlops_cli.git.worktrees import Repository

_BELOW_RECORDS = f":(glob)**/{RECORDS}/**"
_OWN_REFS = "refs/mlops/"
_NOTES = "refs/notes/"
_REPLACED = "refs/replace/"
_ID = re.compile(rb"\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b")
_PENDING = ("*_HEAD", "AUTO_MERGE", "rebase-*/*", "sequencer/*", "refs/**/*")
_MANY = 4096  # objects asked for at a time
_BLOB, _TREE = "blob", "tree"


@dataclass(frozen=True, slots=True)
class Gaps:
    """What cannot be seen from here.

    Parameters
    ----------
    shallow : bool
        The history was cut off when the repository was cloned.
    partial : bool
        Some objects were left behind when it was cloned.
    """

    shallow: bool
    partial: bool


def find_gaps(repository: Repository) -> Gaps:
    """Return what a repository does not have.

    Raises
    ------
    HistoryError
        When its history is bent by a grafts file.
    """
    folder = repository.git_dir
    if _has_text(folder / "info" / "grafts"):
        raise HistoryError(
            f"{folder}/info/grafts hides a part of the history",
            hint="Turn it into what Git keeps: git replace --convert-graft-file",
        )
    return gaps_of(repository)


def gaps_of(repository: Repository) -> Gaps:
    """Return what a repository does not have, whatever a grafts file pretends."""
    folder = repository.git_dir
    config = b"".join(stream(folder, repository.variables, ["config", "--list", "--name-only", "-z"]))
    names = config.decode(errors="replace").lower().split("\0")
    partial = any(name == "extensions.partialclone" or name.endswith(".promisor") for name in names)
    return Gaps(_has_text(folder / "shallow"), partial)


def first_commit(repository: Repository) -> str:
    """Return the id of the first commit, by which all clones of a repository are known; empty where there is none yet.

    Of several the smallest: histories that were put together have more than one.
    """
    walk = ["rev-list", "--max-parents=0", "--all"]
    found = _lines(stream(repository.git_dir, repository.variables, walk))
    return min((line.decode().strip() for line in found), default="")


def reachable_records(repository: Repository) -> Iterator[RecordFile]:
    """Yield every file below a `.mlops` folder that anything leads to; the same content may come more than once.

    Raises
    ------
    HistoryError
        When something of it cannot be read: what it leads to cannot be told then.
    """
    worktrees = find_worktrees(repository)
    for worktree in worktrees:
        yield from working_records(worktree.folder) if worktree.folder else ()
    with Reader(repository.git_dir, repository.variables) as reader:
        seen: set[bytes] = set()
        for worktree in worktrees:
            yield from _read(reader, _index_entries(repository, worktree.git_dir), seen, repository)
        refs = _refs(repository)
        yield from _read(reader, _commit_entries(repository, reader), seen, repository)
        yield from _read(reader, _tree_entries(reader, refs, repository), seen, repository)


def unreachable_records(repository: Repository) -> Iterator[RecordFile]:
    """Yield files below a `.mlops` folder in commits that nothing leads to any more, but which Git has not removed yet."""
    listing = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)"]
    rows = _lines(stream(repository.git_dir, repository.variables, listing))
    commits = b"".join(row.removeprefix(b"commit ") for row in rows if row.startswith(b"commit "))
    if not commits:
        return
    walk = ["rev-list", "--stdin", "--not", "--all", "--reflog"]
    with Reader(repository.git_dir, repository.variables) as reader:
        yield from _read(reader, _entries(repository, walk, commits), set(), repository)


def new_records(
    repository: Repository, tips: Iterable[str], known: Iterable[str], remote: str, folder: str
) -> Iterator[RecordFile]:
    """Yield the files that commits which are new to a remote of Git's changed below one folder.

    Parameters
    ----------
    tips : iterable of str
        Ids of commits that are to be pushed.
    known : iterable of str
        Ids of commits that are there; those that are not here are passed over.
    remote : str
        Its name: commits that its branches, as they were seen last, lead to are there; empty where it has none.
    folder : str
        Relative to the top of the worktree, with a slash at its end.

    Raises
    ------
    HistoryError
        When something of it cannot be read.
    """
    walk = ["rev-list", "--ignore-missing", "--stdin", *(["--not", f"--remotes={remote}"] if remote else [])]
    given = "".join(f"{line}\n" for line in [*tips, *(f"^{commit}" for commit in known)])
    with Reader(repository.git_dir, repository.variables) as reader:
        entries = _entries(repository, walk, given.encode())
        ours = (entry for entry in entries if entry.path.startswith(folder))
        yield from _read(reader, ours, set(), repository)


def records_of(repository: Repository, revision: str) -> Iterator[RecordFile]:
    """Yield the files below `.mlops` folders in one commit; none where there is no such commit yet.

    Raises
    ------
    HistoryError
        When it cannot be read.
    """
    listing = ["ls-tree", "-r", "-z", "--full-tree", revision]
    entries = (
        _Entry(path, head.split()[2], revision)
        for head, _, path in (
            row.partition("\t") for row in fields(stream(repository.git_dir, repository.variables, listing))
        )
        if is_record(path) and head.split()[0] not in (LINK_MODE, MODULE_MODE)
    )
    with Reader(repository.git_dir, repository.variables) as reader:
        yield from _read(reader, entries, set(), repository, every=True)


def committed_versions(repository: Repository, paths: Sequence[str]) -> Iterator[RecordFile]:
    """Yield every content that files have in any commit that a ref, a reflog or the head of a worktree leads to.

    Parameters
    ----------
    paths : sequence of str
        Relative to the top of the worktree.

    Raises
    ------
    HistoryError
        When something of it cannot be read.
    """
    walk = ["rev-list", "--all", "--reflog"]
    with Reader(repository.git_dir, repository.variables) as reader:
        for start in range(0, len(paths), _MANY):
            below = [f":(top,literal){path}" for path in paths[start : start + _MANY]]
            yield from _read(reader, _entries(repository, walk, b"", below), set(), repository, every=True)


class _Entry(NamedTuple):
    path: str
    id: str
    where: str


class _Ref(NamedTuple):
    name: str
    kind: str
    id: str


def _read(
    reader: Reader,
    entries: Iterable[_Entry],
    seen: set[bytes],
    repository: Repository,
    *,
    every: bool = False,
) -> Iterator[RecordFile]:
    """Yield the content behind entries, each content once unless `every` entry is wanted."""
    rows = iter(entries)
    while chunk := list(islice(rows, _MANY)):
        wanted = []
        for entry in chunk:
            raw = bytes.fromhex(entry.id)
            if every or raw not in seen:
                seen.add(raw)
                wanted.append(entry)
        for entry, found in zip(wanted, reader.read([entry.id for entry in wanted]), strict=True):
            if found.kind != _BLOB:
                raise _absent(repository, entry)
            yield RecordFile(entry.path, entry.where, found.data)


def _absent(repository: Repository, entry: _Entry) -> HistoryError:
    if find_gaps(repository).partial:
        return HistoryError(
            f"{entry.path} of {entry.where[:12]} was left behind when {repository.git_dir} was cloned",
            hint="Bring the whole history: git fetch --refetch --no-filter",
        )
    return HistoryError(
        f"{repository.git_dir} does not have {entry.path} of {entry.where[:12]}",
        hint="Look at the repository with: git fsck",
    )


# Where content is named ---------------------------------------------------------------------------------------------


def _index_entries(repository: Repository, git_dir: Path) -> Iterator[_Entry]:
    """Return the entries of a worktree's index, all sides of a conflict among them."""
    _check_index(git_dir / "index")
    listing = ["ls-files", "--stage", "-z", "--", _BELOW_RECORDS]
    for row in fields(stream(git_dir, repository.variables, listing)):
        head, _, path = row.partition("\t")
        mode, name, _side = head.split()
        if mode not in (LINK_MODE, MODULE_MODE):
            yield _Entry(path, name, "index")


def _check_index(path: Path) -> None:
    """Refuse an index that is not what Git wrote: Git itself does not look at its checksum."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for algorithm in (hashlib.sha1, hashlib.sha256):
        width = algorithm(usedforsecurity=False).digest_size
        if data[-width:] in (bytes(width), algorithm(data[:-width], usedforsecurity=False).digest()):
            return
    raise HistoryError(f"{path} is damaged", hint="Make it anew: remove that file, then type: git reset")


def _refs(repository: Repository) -> list[_Ref]:
    """Return what each ref leads to in the end.

    Raises
    ------
    HistoryError
        When one leads to something that is not there: Git would pass over it.
    """
    form = "%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)"
    found = []
    for line in _lines(
        stream(repository.git_dir, repository.variables, ["for-each-ref", f"--format={form}"])
    ):
        words = line.decode(errors="surrogateescape").rstrip("\n").split(" ")
        kind, name, peeled_kind, peeled, ref = words[0], words[1], words[2], words[3], " ".join(words[4:])
        found.append(_Ref(ref, peeled_kind or kind, peeled or name))
    return found


def _commit_entries(repository: Repository, reader: Reader) -> Iterator[_Entry]:
    """Return what each commit changed below `.mlops` folders; of a merge what it has from none of its parents.

    By induction that is every content of every commit: what a commit has from a parent, the parent or one before it brought.
    """
    pending = _pending(repository)
    more = [found.id for found in reader.read(pending) if found.kind == "commit"]
    walk = ["rev-list", "--stdin", "--all", "--reflog"]
    return _entries(repository, walk, "".join(f"{name}\n" for name in more).encode())


def _entries(
    repository: Repository, walk: list[str], given: bytes, below: Sequence[str] = (_BELOW_RECORDS,)
) -> Iterator[_Entry]:
    compare = ["diff-tree", "--stdin", "-r", "--root", "-c", "--raw", "-z", "--no-renames", "--no-abbrev"]
    rows = fields(
        stream(repository.git_dir, repository.variables, walk, [*compare, "--", *below], given=given)
    )
    commit = ""
    for row in rows:
        if not row.startswith(":"):
            commit = row
            continue
        # One colon, mode and id for each parent, then mode and id of the commit itself.
        parents = len(row) - len(row.lstrip(":"))
        words = row.lstrip(":").split(" ")
        mode, name = words[parents], words[2 * parents + 1]
        path = next(rows)
        if int(mode, 8) and mode not in (LINK_MODE, MODULE_MODE):
            yield _Entry(path, name, commit)


def _pending(repository: Repository) -> list[str]:
    """Return ids that stand in files of Git's own: what a merge, rebase or bisection in progress stands on."""
    folders = [repository.git_dir, *sorted(repository.git_dir.glob("worktrees/*"))]
    found: dict[str, None] = {}
    for folder in folders:
        for pattern in _PENDING:
            if folder == repository.git_dir and pattern.startswith("refs"):
                continue  # `--all` knows those of the main worktree
            for path in folder.glob(pattern):
                if path.is_file():
                    found |= dict.fromkeys(name.decode() for name in _ID.findall(path.read_bytes()))
    return list(found)


def _tree_entries(reader: Reader, refs: list[_Ref], repository: Repository) -> Iterator[_Entry]:
    """Return the records in trees that refs lead to without a commit, as the journal's does; and all notes."""
    seen: set[tuple[str, bool]] = set()
    for ref in refs:
        whole = ref.name.startswith((_OWN_REFS, _NOTES))
        whole = whole or (ref.name.startswith(_REPLACED) and ref.kind != "commit")
        if ref.kind == _BLOB and whole:
            yield _Entry(ref.name, ref.id, ref.name)
        elif ref.kind == _TREE or whole:
            [top] = reader.read([f"{ref.id}^{{tree}}"])
            if top.kind != _TREE:
                raise _absent(repository, _Entry("the tree", ref.id, ref.name))
            level = [("", top.data, whole)]
            while level:
                folders: list[tuple[str, str, bool]] = []
                for prefix, data, all_ in level:
                    for mode, name, child in tree_rows(data, len(ref.id) // 2):
                        path = f"{prefix}{name}"
                        # Snapshots are whole worktrees, of which only the records count.
                        inside = all_ and SNAPSHOT_PATH.fullmatch(path) is None
                        if mode == TREE_MODE:
                            key = child, inside or name == RECORDS
                            if key not in seen:
                                seen.add(key)
                                folders.append((f"{path}/", *key))
                        elif mode not in (LINK_MODE, MODULE_MODE) and inside:
                            yield _Entry(record_path(path), child, ref.name)
                level = _next_level(reader, folders, ref, repository)


def _next_level(
    reader: Reader, folders: list[tuple[str, str, bool]], ref: _Ref, repository: Repository
) -> list[tuple[str, bytes, bool]]:
    level = []
    found = reader.read([child for _, child, _ in folders])
    for (prefix, _, inside), tree in zip(folders, found, strict=True):
        if tree.kind != _TREE:
            raise _absent(repository, _Entry(prefix, tree.id, ref.name))
        level.append((prefix, tree.data, inside))
    return level


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def _has_text(path: Path) -> bool:
    try:
        return bool(path.read_bytes().strip())
    except FileNotFoundError:
        return False
