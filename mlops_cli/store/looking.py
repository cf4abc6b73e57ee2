"""One look at many paths: stat everything, believe what is known, read the rest, fold directories into trees."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Protocol

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes, digest_stream
from mlops_cli.store.look import FileLook, FolderLook, Listing, Memory, list_folder, special_file
from mlops_cli.store.pack import SMALL
from mlops_cli.store.reading import Part, read_parts
from mlops_cli.store.stat_cache import FolderMemo, Row, StatCache, at_rest, identity_of
from mlops_cli.store.tree import DEEPEST, Entry, encode_tree, link_climb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlops_cli.store.objects import Intake
    from mlops_cli.store.reading import SmallFile

# Small files that go into the store together: few enough to lie in memory, and seldom more than 64 KiB each.
_AT_ONCE = 500
# Below this many bytes in all, starting threads costs more than reading.
_WORTH_THREADS = 4 << 20
_ANYWHERE = 1 << 30  # more folders than any path climbs


class Matcher(Protocol):
    """Says which paths below a folder to leave out."""

    digest: str

    def __call__(self, path: str, is_folder: bool, /) -> bool:
        """Whether to leave out a path, relative to the project."""
        ...


class Ground:
    """Where files are looked at.

    Parameters
    ----------
    root : str
        The project's folder, absolute.
    placed : str or None
        Where the store's objects lie, with a slash at its end: a link to one of them stands for the file that was placed so.
    rules : callable
        Returns what to leave out below a folder; None where nothing is.
    """

    def __init__(
        self, root: str, cache: StatCache, placed: str | None, rules: Callable[[str], Matcher | None]
    ) -> None:
        self.root = root
        self.cache = cache
        self.placed = placed
        self.rules = rules

    def absolute(self, path: str) -> str:
        """Return the absolute path."""
        return os.path.normpath(f"{self.root}/{path}") if path.startswith("..") else f"{self.root}/{path}"

    def stat(self, path: str) -> FileLook | FolderLook | None:
        """Look at one path; None where nothing lies there.

        Raises
        ------
        DataError
            When it cannot be looked at.
        FileError
            When it is neither file nor directory.
        """
        try:
            status = os.stat(self.absolute(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be looked at: {error}") from error
        if stat.S_ISREG(status.st_mode):
            return FileLook(identity_of(status), bool(status.st_mode & stat.S_IXUSR))
        if stat.S_ISDIR(status.st_mode):
            return FolderLook()
        raise special_file(path)

    def read(self, path: str, look: FileLook) -> None:
        """Read a file for its digest; once more where it changes meanwhile.

        Raises
        ------
        DataError
            When it cannot be read.
        """
        for _ in range(3):
            look.seen = time.time_ns()
            try:
                with open(self.absolute(path), "rb", buffering=0) as stream:
                    before = identity_of(os.fstat(stream.fileno()))
                    look.digest, size = digest_stream(stream)
                    status = os.fstat(stream.fileno())
            except OSError as error:
                raise DataError(f"{path} cannot be read: {error.strerror}") from error
            look.identity, look.executable = identity_of(status), bool(status.st_mode & stat.S_IXUSR)
            if look.identity == before:
                return
        # It keeps changing: this digest is of some moment, and will not be trusted again.
        look.identity, look.seen = look.identity._replace(size=size), 0


class Looking:
    """One look at many paths.

    Parameters
    ----------
    intake : Intake or None
        Takes every file that has to be read.
    """

    def __init__(self, ground: Ground, memory: Memory, intake: Intake | None = None) -> None:
        self.ground = ground
        self.memory = memory
        self.cache = ground.cache
        self.known = memory.known
        self.intake = intake
        self.opening = ""
        self.depth = 0
        self.memos: dict[str, FolderMemo] = {}
        self.unread: list[tuple[str, FileLook]] = []
        self.single: set[str] = set()  # files that were asked for, and not met in a folder
        # Folders that were opened, those inside before those around them.
        self.opened: list[tuple[str, FolderLook, Listing, str]] = []

    def look(self, paths: Iterable[str]) -> None:
        """Look at paths that nothing is known of."""
        files: dict[str, FileLook] = {}
        folders: dict[str, FolderLook] = {}
        for path in paths:
            look = self.ground.stat(path)
            self.memory.remember(path, look)
            if isinstance(look, FolderLook):
                folders[path] = look
            elif look is not None:
                files[path] = look
        self.single.update(files)
        if files:
            rows = self.cache.rows([self.ground.absolute(p) for p in files])
            for path, look in files.items():
                self._believe(path, look, rows.get(self.ground.absolute(path)))
        for path, folder in folders.items():
            if not folder.listed:
                self.memos = self.cache.folder_memos(self.ground.absolute(path))
                self._walk(path, folder)
        self._finish()

    def open(self, path: str, look: FolderLook) -> None:
        """Look into one folder even where nothing in it has changed."""
        self.memos = self.cache.folder_memos(self.ground.absolute(path))
        self.opening = path
        self._walk(path, look)
        self._finish()

    def _finish(self) -> None:
        self._read_all()
        news = {id(look) for _, look in self.unread}
        for path, folder, listing, rules in self.opened:
            self._keep(path, folder, listing, rules, news)

    def _walk(self, path: str, look: FolderLook) -> None:
        look.listed = True
        absolute = self.ground.absolute(path)
        matcher = self.ground.rules(path)
        listing = list_folder(absolute, path, self.ground.placed, matcher)
        rules = matcher.digest if matcher else ""
        below = [self._folder(f"{path}/{name}") for name in listing.folders]
        closed = path != self.opening and all(folder.artifact for folder in below)
        if closed and self._unchanged(absolute, look, listing, below, rules):
            return
        look.expanded = True
        for name, target in listing.links.items():
            look.children[name] = target
            climb = link_climb(target)
            _climbs(look, _ANYWHERE if climb is None else climb, f"{path}/{name} is a link to {target}")
        for name, folder in zip(listing.folders, below, strict=True):
            look.children[name] = folder
            _climbs(look, folder.climb - 1, folder.climber)
        rows = self.cache.folder_rows(absolute)
        new: dict[str, FileLook] = {}
        for name, file in listing.looks():
            child = f"{path}/{name}"
            known = self.known.get(child)
            if not isinstance(known, FileLook):
                known = new[child] = file
                self._believe(child, known, rows.get(name))
            look.children[name] = known
        self.memory.remember_children(path, new)
        self.opened.append((path, look, listing, rules))

    def _folder(self, path: str) -> FolderLook:
        known = self.known.get(path)
        if not isinstance(known, FolderLook):
            known = FolderLook()
            self.memory.remember(path, known)
        if not known.listed:
            self.depth += 1
            if self.depth >= DEEPEST:
                raise FileError(
                    f"{path[:60]}… holds more than {DEEPEST} folders inside each other",
                    hint="Leave it out with .mlopsignore, or pack it into one file.",
                )
            self._walk(path, known)
            self.depth -= 1
        return known

    def _unchanged(
        self, absolute: str, look: FolderLook, listing: Listing, below: list[FolderLook], rules: str
    ) -> bool:
        memo = self.memos.get(absolute)
        if memo is None or memo.signature != listing.signature(_digests(below), rules):
            return False
        look.artifact = Artifact(memo.digest, memo.size, tree=True)
        look.files = memo.files
        return True

    def _believe(self, path: str, look: FileLook, row: Row | None) -> None:
        """Take over what an earlier command read, or note the file as one to read."""
        if row is not None and row.identity == look.identity and row.trusted():
            look.digest, look.seen = row.digest, row.seen
        else:
            self.unread.append((path, look))

    # Reading --------------------------------------------------------------------------------------------------------

    def _read_all(self) -> None:
        large = [item for item in self.unread if item[1].identity.size >= SMALL]
        small = [item for item in self.unread if item[1].identity.size < SMALL]
        if len(large) > 1 and sum(look.identity.size for _, look in large) > _WORTH_THREADS:
            large.sort(key=lambda item: -item[1].identity.size)
            from concurrent.futures import ThreadPoolExecutor  # most commands read nothing large

            with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
                list(pool.map(self._read_large, *zip(*large, strict=True)))
        else:
            for path, look in large:
                self._read_large(path, look)
        parts = [small[at : at + _AT_ONCE] for at in range(0, len(small), _AT_ONCE)]
        for files, found in zip(parts, self._read_parts(parts), strict=True):
            self._take(files, found)
        # What lies in a folder is learnt with it.
        for path, look in self.unread:
            if path in self.single and look.digest is not None:
                self.cache.learn(self.ground.absolute(path), Row(look.identity, look.digest, look.seen))

    def _read_large(self, path: str, look: FileLook) -> None:
        if self.intake is None:
            self.ground.read(path, look)
            return
        stored = self.intake.copy(self.ground.absolute(path))
        look.digest, look.executable = stored.digest, stored.executable
        if stored.identity is None:
            # It changed while it was copied: what is stored is what its digest says, and no more is known.
            look.identity, look.seen = look.identity._replace(size=stored.size), 0
        else:
            look.identity, look.seen = stored.identity, stored.seen

    def _read_parts(self, parts: Sequence[Sequence[tuple[str, FileLook]]]) -> Iterator[list[SmallFile]]:
        asked = [
            Part([self.ground.absolute(path) for path, _ in files], sum(f.identity.size for _, f in files))
            for files in parts
        ]
        try:
            yield from read_parts(asked, keep=self.intake is not None)
        except OSError as error:
            paths = {self.ground.absolute(path): path for files in parts for path, _ in files}
            path = paths.get(str(error.filename), str(error.filename))
            raise DataError(f"{path} cannot be read: {error.strerror}") from error

    def _take(self, files: Sequence[tuple[str, FileLook]], found: Sequence[SmallFile]) -> None:
        """Take files that were read; there may be a hundred thousand of them, so nothing is done that is not needed.

        The digest is of what was read, whatever was listed. Its row is trusted only while the file has the identity it was
        listed with, and had been at rest before it was read: then nobody has written to it since it was listed.
        """
        kept: list[tuple[Digest, bytes]] = []
        changed: list[tuple[str, FileLook]] = []
        for (path, look), (seen, digest, data, size) in zip(files, found, strict=True):
            look.seen = seen
            if size == look.identity.size:
                look.digest = Digest(digest)
                kept.append((look.digest, data))
            else:
                changed.append((path, look))
        if self.intake is not None:
            self.intake.keep(kept)
        for path, look in changed:  # since they were listed
            self._read_large(path, look)

    def _keep(self, path: str, look: FolderLook, listing: Listing, rules: str, news: set[int]) -> None:
        """Keep what a folder came to, unless somebody may still be writing in it."""
        artifact = artifact_of(look)
        absolute = self.ground.absolute(path)
        files = [child for name in listing.files if isinstance(child := look.children[name], FileLook)]
        below = [child for name in listing.folders if isinstance(child := look.children[name], FolderLook)]
        look.files = len(files) + sum(folder.files for folder in below)
        if artifact is None:
            return
        if any(id(file) in news for file in files):
            rows = {
                name: Row(file.identity, file.digest, file.seen)
                for name, file in zip(listing.files, files, strict=True)
                if file.digest is not None
            }
            self.cache.learn_folder(absolute, rows)
        # What was read must be what was listed, and nobody may have written since without its times showing it.
        read = [number for f in files for number in (*f.identity, 0o100 if f.executable else 0)]
        if look.climb == 0 and read == listing.numbers and all(at_rest(f.identity, f.seen) for f in files):
            signature = listing.signature(_digests(below), rules)
            self.cache.learn_memo(absolute, FolderMemo(signature, artifact.digest, artifact.size, look.files))


def artifact_of(look: FileLook | FolderLook | None) -> Artifact | None:
    """Return the artifact that a look found; of a folder its tree is made here."""
    if look is None:
        return None
    if isinstance(look, FileLook):
        assert look.digest is not None, "looked at, so read"  # noqa: S101 - tells the type checker
        return Artifact(look.digest, look.identity.size, executable=look.executable)
    if look.artifact is None:
        entries = [_entry_of(name, child) for name, child in look.children.items()]
        look.data = encode_tree(entries)
        look.artifact = Artifact(digest_bytes(look.data), sum(e.size for e in entries), tree=True)
    return look.artifact


def _entry_of(name: str, child: FileLook | FolderLook | str) -> Entry:
    if isinstance(child, FileLook) and child.digest is not None:
        return Entry(name, "exec" if child.executable else "file", child.digest, child.identity.size)
    if isinstance(child, str):
        return Entry(name, "link", child, 0)
    artifact = artifact_of(child)
    assert artifact is not None, "a child that was listed"  # noqa: S101 - tells the type checker
    return Entry(name, "tree", artifact.digest, artifact.size)


def _digests(folders: Iterable[FolderLook]) -> list[Digest]:
    return [folder.artifact.digest for folder in folders if folder.artifact is not None]


def _climbs(folder: FolderLook, climb: int, link: str) -> None:
    if climb > folder.climb:
        folder.climb, folder.climber = climb, link
