"""The files as they lie now: each path looked at once a command, and read only when its identity is new.

A look at many paths is one pass: stat everything, ask the stat cache once, read what is left with several threads, then fold
directories into trees. Files found while looking into a directory answer later looks at themselves, and the other way round.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes, digest_stream
from mlops_cli.store.globs import LITTER, fixed_part, glob_expression
from mlops_cli.store.stat_cache import Identity, Row, StatCache, at_rest, identity_of
from mlops_cli.store.tree import Entry, encode_tree, link_climb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Below this many bytes in all, starting threads costs more than reading.
_WORTH_THREADS = 4 << 20
_ANYWHERE = 1 << 30  # more folders than any path climbs


@dataclass(slots=True)
class FileLook:
    """One regular file, looked at; `seen` is when its reading began, `digest` is None until it is needed."""

    identity: Identity
    executable: bool
    digest: Digest | None = None
    seen: int = 0


@dataclass(slots=True)
class FolderLook:
    """One directory: its children by name. `data` is its tree object once every digest below is known.

    `climb` tells how many folders above this one the links inside it lead at most, `climber` says which link.
    """

    children: dict[str, FileLook | FolderLook | str] = field(default_factory=dict)
    listed: bool = False
    climb: int = 0
    climber: str = ""
    artifact: Artifact | None = None
    data: bytes = b""


class Workspace:
    """Digests of the files of one project, memorised for one command.

    Paths are text relative to `root`, with slashes. Safe to share between threads.

    Parameters
    ----------
    root : Path
        The project's folder.
    cache : StatCache
        What earlier commands learnt.
    objects : Path, optional
        Where the store's objects lie: a link to one of them stands for the file that was placed so.
    """

    def __init__(self, root: Path, cache: StatCache, objects: Path | None = None) -> None:
        self.root = str(root)
        self._cache = cache
        self._objects = f"{os.path.abspath(objects)}/" if objects else None
        self._known: dict[str, FileLook | FolderLook | None] = {}
        # Folder to what is known in it, so that forgetting costs what is forgotten and not what is known.
        self._inside: dict[str, set[str]] = {}
        self._lock = threading.RLock()

    def absolute(self, path: str) -> str:
        """Return the absolute path."""
        return os.path.normpath(f"{self.root}/{path}") if path.startswith("..") else f"{self.root}/{path}"

    def artifact(self, path: str) -> Artifact | None:
        """Return what lies at a path, or None where nothing does.

        Raises
        ------
        DataError
            When it cannot be read.
        FileError
            When it is a device, a socket or a pipe, or a directory that holds one or a link that leaves it.
        """
        with self._lock:
            if path not in self._known:
                self.look([path])
            look = self._known[path]
            if isinstance(look, FolderLook) and look.climb:
                raise FileError(
                    f"{look.climber}, which leads out of {path} or cannot be told to stay inside",
                    hint="Make the link relative and inside the directory, or put the file itself there.",
                )
            return self._artifact_of(look)

    def look(self, paths: Iterable[str]) -> None:
        """Look at many paths in one pass; `artifact` then answers from memory."""
        with self._lock:
            fresh = [p for p in dict.fromkeys(paths) if p not in self._known]
            try:
                self._look(fresh)
            except BaseException:
                self._known.clear()  # half a look would later be taken for a whole one
                self._inside.clear()
                raise

    def _look(self, fresh: list[str]) -> None:
        files: dict[str, FileLook] = {}
        folders: dict[str, FolderLook] = {}
        for path in fresh:
            look = self._stat(path)
            self._remember(path, look)
            if isinstance(look, FolderLook):
                folders[path] = look
            elif look is not None and look.digest is None:
                files[path] = look
        rows = self._cache.rows([self.absolute(p) for p in files]) if files else {}
        for path, folder in folders.items():
            if not folder.listed:
                rows.update(self._cache.rows_below(self.absolute(path)))
                files.update(self._walk(path, folder))
        self._digest(files, rows)

    def matches(self, pattern: str) -> tuple[str, ...]:
        """Return the paths that a pattern matches, sorted: files, and directories where the pattern has no `**`."""
        expression = glob_expression(pattern)
        found: list[str] = []
        start = fixed_part(pattern)
        stack = [start]
        deep = "**" in pattern
        levels = pattern.count("/")
        while stack:
            folder = stack.pop()
            for entry in self._scan(folder or "."):
                path = f"{folder}/{entry.name}" if folder else entry.name
                is_folder = entry.is_dir()
                if expression.fullmatch(path) and not (deep and is_folder):
                    _check_name(path)
                    found.append(path)
                if is_folder and (deep or path.count("/") < levels) and not (deep and entry.is_symlink()):
                    stack.append(path)
        return tuple(sorted(found))

    def forget(self, paths: Iterable[str]) -> None:
        """Forget paths and everything above and below them: they are about to change, or have changed."""
        with self._lock:
            for path in paths:
                above = path
                while above:
                    above = above.rpartition("/")[0]
                    self._known.pop(above or ".", None)
                stack = [path]
                while stack:
                    below = stack.pop()
                    self._known.pop(below, None)
                    stack.extend(self._inside.pop(below, ()))

    def learn(self, path: str, identity: Identity, executable: bool, digest: Digest, seen: int) -> None:
        """Keep what was found while a file was copied into the store."""
        with self._lock:
            self._remember(path, FileLook(identity, executable, digest, seen))
            self._cache.learn(self.absolute(path), Row(identity, digest, seen))

    def changed(self, path: str, before: Artifact | None) -> bool:
        """Whether a path no longer holds what an earlier look found; looks again, reads only where it must."""
        with self._lock:
            look = self._known.get(path)
            if (
                isinstance(look, FileLook)
                and before is not None
                and not before.tree
                and before.digest == look.digest
            ):
                now = self._stat(path)
                if isinstance(now, FileLook) and now.identity == look.identity:
                    if at_rest(look.identity, look.seen):
                        return False
                    self._read(path, now)
                    if now.digest == before.digest:
                        return False
            self.forget([path])
            after = self.artifact(path)
        return after is not None if before is None else not before.same(after)

    def contents(self, path: str) -> FileLook | FolderLook | None:
        """Return the look behind an artifact, for saving it."""
        with self._lock:
            self.artifact(path)
            return self._known[path]

    def _remember(self, path: str, look: FileLook | FolderLook | None) -> None:
        self._known[path] = look
        above = path.rpartition("/")[0]
        while above:
            group = self._inside.setdefault(above, set())
            if path in group:
                return
            group.add(path)
            path, above = above, above.rpartition("/")[0]

    # One look -----------------------------------------------------------------------------------------------------

    def _status(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(self.absolute(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be looked at: {error}") from error

    def _stat(self, path: str) -> FileLook | FolderLook | None:
        status = self._status(path)
        if status is None:
            return None
        if stat.S_ISREG(status.st_mode):
            return FileLook(identity_of(status), bool(status.st_mode & stat.S_IXUSR))
        if stat.S_ISDIR(status.st_mode):
            return FolderLook()
        raise _special(path)

    def _scan(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self.absolute(folder)) as entries:
                for entry in entries:
                    if entry.name not in LITTER:
                        yield entry
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise DataError(f"{folder} cannot be listed: {error.strerror}") from error

    def _walk(self, path: str, look: FolderLook) -> dict[str, FileLook]:
        """Fill a folder's look, and return the files below it that have no digest yet."""
        files: dict[str, FileLook] = {}
        look.listed = True
        for entry in self._scan(path):
            child = f"{path}/{entry.name}"
            _check_name(child)
            target = _target(entry, child) if entry.is_symlink() else None
            placed = bool(target and self._objects and target.startswith(self._objects))
            if target is not None and not placed:
                if target:
                    look.children[entry.name] = target
                    climb = link_climb(target)
                    _climbs(look, _ANYWHERE if climb is None else climb, f"{child} is a link to {target}")
                continue
            known = self._known.get(child)
            if known is None:
                known = self._entry(child, entry, follow=placed)
                if known is None:
                    continue
                self._remember(child, known)
            look.children[entry.name] = known
            if isinstance(known, FolderLook):
                if not known.listed:
                    files.update(self._walk(child, known))
                _climbs(look, known.climb - 1, known.climber)
            elif known.digest is None:
                files[child] = known
        return files

    def _entry(self, path: str, entry: os.DirEntry[str], *, follow: bool) -> FileLook | FolderLook | None:
        try:
            status = entry.stat(follow_symlinks=follow)
        except FileNotFoundError:
            return None  # gone since it was listed
        except OSError as error:
            raise DataError(f"{path} cannot be looked at: {error.strerror}") from error
        if stat.S_ISREG(status.st_mode):
            return FileLook(identity_of(status), bool(status.st_mode & stat.S_IXUSR))
        if stat.S_ISDIR(status.st_mode):
            return FolderLook()
        raise _special(path)

    # Digests ------------------------------------------------------------------------------------------------------

    def _digest(self, files: dict[str, FileLook], rows: dict[str, Row]) -> None:
        unread: list[tuple[str, FileLook]] = []
        for path, look in files.items():
            row = rows.get(self.absolute(path))
            if row is not None and row.identity == look.identity and row.trusted():
                look.digest, look.seen = row.digest, row.seen
            else:
                unread.append((path, look))
        if len(unread) > 1 and sum(look.identity.size for _, look in unread) > _WORTH_THREADS:
            unread.sort(key=lambda item: -item[1].identity.size)
            from concurrent.futures import ThreadPoolExecutor  # most commands read nothing large

            with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
                list(pool.map(self._read, *zip(*unread, strict=True)))
        else:
            for path, look in unread:
                self._read(path, look)
        for path, look in unread:
            if look.digest is not None:
                self._cache.learn(self.absolute(path), Row(look.identity, look.digest, look.seen))

    def _read(self, path: str, look: FileLook) -> None:
        for _ in range(3):
            look.seen = time.time_ns()
            try:
                with open(self.absolute(path), "rb", buffering=0) as stream:
                    before = identity_of(os.fstat(stream.fileno()))
                    look.digest, _size = digest_stream(stream)
                    look.identity = identity_of(os.fstat(stream.fileno()))
            except OSError as error:
                raise DataError(f"{path} cannot be read: {error.strerror}") from error
            if look.identity == before:
                return
        look.seen = 0  # it keeps changing: this digest is of some moment, and will not be trusted again

    def _artifact_of(self, look: FileLook | FolderLook | None) -> Artifact | None:
        if look is None:
            return None
        if isinstance(look, FileLook):
            assert look.digest is not None, "looked at, so read"  # noqa: S101 - tells the type checker
            return Artifact(look.digest, look.identity.size, executable=look.executable)
        if look.artifact is None:
            entries = [self._entry_of(name, child) for name, child in look.children.items()]
            look.data = encode_tree(entries)
            look.artifact = Artifact(digest_bytes(look.data), sum(e.size for e in entries), tree=True)
        return look.artifact

    def _entry_of(self, name: str, child: FileLook | FolderLook | str) -> Entry:
        if isinstance(child, str):
            return Entry(name, "link", child, 0)
        artifact = self._artifact_of(child)
        assert artifact is not None, "a child that was listed"  # noqa: S101 - tells the type checker
        kind = "tree" if artifact.tree else "exec" if artifact.executable else "file"
        return Entry(name, kind, artifact.digest, artifact.size)  # type: ignore[arg-type]


def _check_name(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise FileError(f"{path!r} has a name that is not UTF-8", hint="Rename it.") from error


def _target(entry: os.DirEntry[str], path: str) -> str:
    """Return where a link leads; empty when it is gone since it was listed."""
    try:
        target = os.readlink(entry.path)
        target.encode()
    except FileNotFoundError:
        return ""
    except UnicodeEncodeError as error:
        raise FileError(
            f"{path} is a link to a name that is not UTF-8", hint="Rename what it leads to."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    return target


def _climbs(folder: FolderLook, climb: int, link: str) -> None:
    if climb > folder.climb:
        folder.climb, folder.climber = climb, link


def _special(path: str) -> FileError:
    return FileError(
        f"{path} is a device, a socket or a pipe: only files and directories can be kept",
        hint="Remove it, or name another path.",
    )
