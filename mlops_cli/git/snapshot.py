"""Keeping uncommitted code as one of Git's trees, made through a private index: nothing of the user's is touched.

The tree is HEAD's with what differs in the worktree: tracked changes, and untracked files that are not ignored. What the tool
writes itself stays as in HEAD, so the same state always gives the same id. Files that are too large, or look like secrets, are
left out and listed.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mlops_cli.errors import DataError
from mlops_cli.formats.secrets import secret_in, secret_name
from mlops_cli.git.batch import Reader
from mlops_cli.git.facts import own_files, read_status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.git.facts import Change
    from mlops_cli.project import Project

_MIB = 1 << 20


class Limits(NamedTuple):
    """How much a snapshot takes of what Git does not track yet.

    Parameters
    ----------
    file, total : int
        Bytes of one file, and of all together.
    """

    file: int = _MIB
    total: int = 64 * _MIB


USUAL = Limits()


_TOO_MUCH = ("larger than ", "more than ")


class LeftOut(NamedTuple):
    """Something that a snapshot does not hold as it lies in the worktree.

    Parameters
    ----------
    path : str
        Relative to the top of the worktree.
    why : str
        A few words.
    size : int
        Bytes; 0 where that means nothing.
    """

    path: str
    why: str
    size: int = 0

    @property
    def too_large(self) -> bool:
        """Whether it is left out for its size alone."""
        return self.why.startswith(_TOO_MUCH)


class Snapshot(NamedTuple):
    """The worktree as one of Git's trees.

    Parameters
    ----------
    tree : str
        Its id. Nothing leads to it yet: the journal has to name it, or garbage collection takes it.
    left_out : tuple of LeftOut
        In the order of their paths.
    modules : mapping
        Changed submodules, path to the commit that is checked out; uncommitted changes in one are `left_out`.
    """

    tree: str
    left_out: tuple[LeftOut, ...] = ()
    modules: Mapping[str, str] = {}


def take_snapshot(
    git: Git,
    project: Project,
    ours: Collection[str],
    limits: Limits = USUAL,
    *,
    changes: Sequence[Change] | None = None,
    temporary: Path | None = None,
) -> Snapshot:
    """Return the worktree as it is now, uncommitted changes included, as one of Git's trees.

    Parameters
    ----------
    git : Git
        Questions asked in the project's folder.
    ours : collection of str
        Paths that the tool and its stages write, relative to the top of the worktree, as `read_code` takes them: they stay as
        in HEAD.
    changes : sequence of Change, optional
        What differs from HEAD, where that has been asked already.
    temporary : Path, optional
        Folder for the private index.

    Raises
    ------
    DataError
        When Git cannot make it.
    """
    changes = read_status(git).changes if changes is None else changes
    sorting = _Sorting(git, project, own_files(ours), limits)
    for change in changes:
        sorting.sort(change)
    with _private_index(project, temporary or project.local) as index:
        ask = _asking(git, project.worktree, index)
        if sorting.reset:
            ask("update-index", "-z", "--index-info", given=b"".join(sorting.reset))
        if sorting.add:
            paths = b"".join(_bytes(path) + b"\0" for path in sorting.add)
            ask("update-index", "--add", "--remove", "--replace", "-z", "--stdin", given=paths)
        # Objects that a partial clone left behind are known to be somewhere: nothing is fetched for the sake of a snapshot.
        tree = ask("write-tree", "--missing-ok").decode().strip()
        modules = _checked_out(ask, sorting.modules) if sorting.modules else {}
    return Snapshot(tree, tuple(sorted(sorting.left_out)), modules)


class _Sorting:
    """What is to be done about each change: stage it, have it as in HEAD, or leave it out and say so."""

    def __init__(self, git: Git, project: Project, is_own: Callable[[str], bool], limits: Limits) -> None:
        self._git = git
        self._project = project
        self._is_own = is_own
        self._limits = limits
        self._room = limits.total
        self.add: list[str] = []
        self.reset: list[bytes] = []
        self.left_out: list[LeftOut] = []
        self.modules: list[str] = []

    def sort(self, change: Change) -> None:
        """Decide about one change."""
        if self._is_own(change.path):
            self._as_in_head(change)
        elif change.path.endswith("/"):
            self.left_out.append(LeftOut(change.path, "a repository of its own"))
        elif change.module and not change.gone:
            self.add.append(change.path)
            self.modules.append(change.path)
            if change.module_dirty:
                self.left_out.append(LeftOut(change.path, "uncommitted changes in a submodule"))
        elif change.gone:
            self.reset.append(_info(change, out=True))
        elif objection := self._objection(change):
            self.left_out.append(objection)
            self._as_in_head(change)
        else:
            self.add.append(change.path)

    def _as_in_head(self, change: Change) -> None:
        if change.staged:
            self.reset.append(_info(change, out=True))
            if not change.new:
                self.reset.append(_info(change))

    def _objection(self, change: Change) -> LeftOut | None:
        """Return why a file is left out; None where it is taken."""
        place = f"{self._project.worktree}/{change.path}"
        try:
            found = os.lstat(place)
            if stat.S_ISLNK(found.st_mode):
                return None
            if not stat.S_ISREG(found.st_mode):
                return LeftOut(change.path, "not a regular file")
            size = found.st_size
            why = self._too_much(change, size) or (secret_name(change.path) if change.new else "")
            if not why:
                with open(place, "rb") as source:
                    why = secret_in(source.read(_MIB))
                why = "" if why and self._known(change, why) else why
        except FileNotFoundError:
            return None  # gone since: Git will see
        except OSError as error:
            return LeftOut(change.path, f"cannot be read: {error.strerror}")
        if why:
            return LeftOut(change.path, why, size)
        self._room -= size if change.untracked else 0
        return None

    def _too_much(self, change: Change, size: int) -> str:
        """Return why an untracked file is too large; what Git tracks, or was told to, it has in any case."""
        if not change.untracked:
            return ""
        if size > self._limits.file:
            return f"larger than {self._limits.file} bytes"
        return f"more than {self._limits.total} bytes in all" if size > self._room else ""

    def _known(self, change: Change, why: str) -> bool:
        """Whether the file looked the same in HEAD already: then leaving it out would hide nothing."""
        if change.new:
            return False
        with Reader(self._project.common_dir, self._git.variables) as reader:
            return secret_in(reader.find(change.head).data) == why


@contextmanager
def _private_index(project: Project, within: Path) -> Iterator[Path]:
    """Copy the worktree's index, with its time: both tell Git which files it has seen unchanged."""
    try:
        within.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix="index-", dir=within)
    except OSError as error:
        raise _unkept(f"{within} cannot be written: {error.strerror}") from error
    try:
        with suppress(FileNotFoundError):
            shutil.copy2(project.git_dir / "index", f"{folder}/index")
        yield Path(folder, "index")
    except OSError as error:
        raise _unkept(str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Asking(Protocol):
    def __call__(self, *arguments: str, given: bytes | None = None) -> bytes: ...


def _asking(git: Git, top: Path, index: Path) -> _Asking:
    """Return what asks Git in the top of the worktree, with an index of its own."""
    from mlops_cli.git.command import Git

    there = Git(top, git.variables)
    settings = [f"core.{name}=false" for name in ("splitIndex", "fsmonitor", "untrackedCache", "safecrlf")]
    before = [word for setting in settings for word in ("-c", setting)]

    def ask(*arguments: str, given: bytes | None = None) -> bytes:
        said = there.tell(*before, *arguments, given=given, variables={"GIT_INDEX_FILE": str(index)})
        if said.code:
            raise _unkept(f"git {arguments[0]}: {said.complaint}")
        return said.out

    return ask


def _unkept(why: str) -> DataError:
    return DataError(f"the uncommitted code cannot be kept: {why}")


def _checked_out(ask: _Asking, modules: list[str]) -> dict[str, str]:
    """Return which commit of each submodule the private index has by now."""
    rows = ask("ls-files", "--stage", "-z", "--", *(f":(top,literal){path}" for path in modules))
    found = {}
    for row in rows.decode(errors="surrogateescape").split("\0"):
        head, _, path = row.partition("\t")
        if path:
            found[path] = head.split()[1]
    return found


def _info(change: Change, *, out: bool = False) -> bytes:
    """Return a line for `update-index --index-info`: the path as in HEAD, or out of the index, which mode 0 means."""
    head = f"0 {'0' * len(change.head)}" if out else f"{change.head_mode} {change.head}"
    return f"{head}\t".encode() + _bytes(change.path) + b"\0"


def _bytes(path: str) -> bytes:
    return path.encode(errors="surrogateescape")
