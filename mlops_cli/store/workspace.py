"""The files as they lie now: each path looked at once a command, and read only when its identity is new.

A look at many paths is one pass: stat everything, ask the stat cache once, read what is left with several threads, then fold
directories into trees. A folder in which no identity has changed is what it was: nothing inside it is asked for one by one. Files
found while looking into a directory answer later looks at themselves, and the other way round. Where files are to be stored, an
intake takes them while they are read.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.globs import fixed_part, glob_expression
from mlops_cli.store.look import FileLook, FolderLook, Memory, check_name, scan
from mlops_cli.store.looking import Ground, Looking, Matcher, artifact_of
from mlops_cli.store.stat_cache import Identity, Row, StatCache, at_rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.objects import Intake


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
    rules : callable, optional
        Returns what to leave out below a folder; None where nothing is.
    """

    def __init__(
        self,
        root: Path,
        cache: StatCache,
        objects: Path | None = None,
        rules: Callable[[str], Matcher | None] = lambda _: None,
    ) -> None:
        self.root = str(root)
        self._ground = Ground(self.root, cache, f"{os.path.abspath(objects)}/" if objects else None, rules)
        self._cache = cache
        self._memory = Memory()
        self._lock = threading.RLock()

    def absolute(self, path: str) -> str:
        """Return the absolute path."""
        return self._ground.absolute(path)

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
            if path not in self._memory.known:
                self.look([path])
            look = self._memory.known[path]
            if isinstance(look, FolderLook) and look.climb:
                raise FileError(
                    f"{look.climber}, which leads out of {path} or cannot be told to stay inside",
                    hint="Make the link relative and inside the directory, or put the file itself there.",
                )
            return artifact_of(look)

    def files(self, path: str) -> int:
        """Return how many files lie at a path: of a directory those below it."""
        with self._lock:
            self.artifact(path)
            look = self._memory.known[path]
            return look.files if isinstance(look, FolderLook) else int(look is not None)

    def look(self, paths: Iterable[str], intake: Intake | None = None) -> None:
        """Look at many paths in one pass; `artifact` then answers from memory.

        Parameters
        ----------
        intake : Intake, optional
            Takes every file that has to be read.
        """
        with self._lock:
            self._look([p for p in dict.fromkeys(paths) if p not in self._memory.known], intake)

    def _look(self, paths: Iterable[str], intake: Intake | None = None) -> None:
        try:
            Looking(self._ground, self._memory, intake).look(paths)
        except BaseException:
            self._memory.clear()  # half a look would later be taken for a whole one
            raise

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
            ignored = self._ground.rules(folder)
            for entry in scan(self.absolute(folder or "."), folder or "."):
                path = f"{folder}/{entry.name}" if folder else entry.name
                is_folder = entry.is_dir()
                if ignored is not None and ignored(path, is_folder):
                    continue
                if expression.fullmatch(path) and not (deep and is_folder):
                    check_name(path)
                    found.append(path)
                if is_folder and (deep or path.count("/") < levels) and not (deep and entry.is_symlink()):
                    stack.append(path)
        return tuple(sorted(found))

    def forget(self, paths: Iterable[str]) -> None:
        """Forget paths and everything above and below them: they are about to change, or have changed."""
        with self._lock:
            self._memory.forget(paths)

    def learn(self, path: str, identity: Identity, executable: bool, digest: Digest, seen: int) -> None:
        """Keep what was found while a file was copied into the store."""
        with self._lock:
            self._memory.remember(path, FileLook(identity, executable, digest, seen))
            self._cache.learn(self.absolute(path), Row(identity, digest, seen))

    def learn_placed(self, folder: str, rows: Mapping[str, Row]) -> None:
        """Keep what the files of a new folder are, all from the store, by name; `seen` when nobody could have changed them."""
        with self._lock:
            self._cache.learn_folder(self.absolute(folder), rows)

    def changed(self, path: str, before: Artifact | None) -> bool:
        """Whether a path no longer holds what an earlier look found; looks again, reads only where it must."""
        with self._lock:
            look = self._memory.known.get(path)
            if (
                isinstance(look, FileLook)
                and before is not None
                and not before.tree
                and before.digest == look.digest
            ):
                now = self._ground.stat(path)
                if isinstance(now, FileLook) and now.identity == look.identity:
                    if at_rest(look.identity, look.seen):
                        return False
                    self._ground.read(path, now)
                    if now.digest == before.digest:
                        return False
            self.forget([path])
            after = self.artifact(path)
        return after is not None if before is None else not before.same(after)

    def contents(self, path: str, *, deep: bool = True) -> FileLook | FolderLook | None:
        """Return the look behind an artifact, with the children of a folder, also where a link leaves it.

        Parameters
        ----------
        deep : bool
            Open every folder inside; else just this one, and what has changed.
        """
        with self._lock:
            # Not `artifact`: a link that leads out of a folder may well stay inside the one above, which was asked for.
            self.look([path])
            look = self._memory.known[path]
            if isinstance(look, FolderLook):
                look = look if look.expanded else self._open(path, look)
                for name, child in look.children.items() if deep else ():
                    if isinstance(child, FolderLook):
                        self.contents(f"{path}/{name}")
            return look

    def _open(self, path: str, look: FolderLook) -> FolderLook:
        """Look into a folder that was taken for what it was, because nothing in it had changed."""
        before = look.artifact
        look.listed, look.artifact = False, None
        Looking(self._ground, self._memory).open(path, look)
        if artifact_of(look) != before:
            self.forget([path])
            raise DataError(
                f"{path} changes while it is looked at", hint="Try again when nothing writes to it."
            )
        return look
