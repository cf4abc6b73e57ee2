"""What a look at a path finds, and how one folder is listed."""

from __future__ import annotations

import os
import stat
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blake3 import blake3

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.globs import LITTER
from mlops_cli.store.stat_cache import LARGEST, Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest


@dataclass(slots=True)
class FileLook:
    """One regular file, looked at; `seen` is when its reading began, `digest` is None until it is needed."""

    identity: Identity
    executable: bool
    digest: Digest | None = None
    seen: int = 0


@dataclass(slots=True)
class FolderLook:
    """One directory.

    Parameters
    ----------
    children : dict
        By name: looks, and for a link its target. Filled only where `expanded`.
    artifact : Artifact or None
        What it comes to, once that is known; of an unchanged folder without looking at its children.
    data : bytes
        Its tree object, once every digest below is known.
    climb, climber : int, str
        How many folders above this one the links inside it lead at most, and which link does.
    """

    children: dict[str, FileLook | FolderLook | str] = field(default_factory=dict)
    listed: bool = False
    expanded: bool = False
    climb: int = 0
    climber: str = ""
    artifact: Artifact | None = None
    data: bytes = b""
    files: int = 0


class Listing:
    """What lies in one folder, without having opened anything.

    Attributes
    ----------
    files : list of str
        Names of regular files; of links that were placed for one, too.
    numbers : list of int
        Six a file: the five of its identity, and whether its owner may run it.
    folders : list of str
        Names of folders.
    links : dict
        Name to target of symbolic links.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.numbers: list[int] = []
        self.folders: list[str] = []
        self.links: dict[str, str] = {}

    def looks(self) -> Iterator[tuple[str, FileLook]]:
        """Yield name and look of each file."""
        number = iter(self.numbers)
        sixes = zip(number, number, number, number, number, number, strict=True)
        for name, (device, inode, size, mtime, ctime, executable) in zip(self.files, sixes, strict=True):
            yield name, FileLook(Identity(device, inode, size, mtime, ctime), bool(executable))

    def signature(self, below: Sequence[Digest], rules: str) -> bytes:
        """Return 32 bytes that are the same only while nothing in the folder has changed.

        Parameters
        ----------
        below : sequence of Digest
            What the folders in it came to, in the order of `folders`.
        rules : str
            Tells one set of ignore rules from another.
        """
        names = [rules, str(len(self.files)), str(len(self.folders)), *self.files, *self.folders, *below]
        for name, target in self.links.items():
            names += (name, target)
        hasher = blake3("\0".join(names).encode("utf-8", "surrogateescape"))
        hasher.update(array("q", self.numbers).tobytes())
        return hasher.digest()


class Memory:
    """What was found at paths so far, and what is known inside which folder, so that forgetting costs what is forgotten.

    Attributes
    ----------
    known : dict
        Path to look; None where nothing lies.
    """

    def __init__(self) -> None:
        self.known: dict[str, FileLook | FolderLook | None] = {}
        self._inside: dict[str, set[str]] = {}

    def remember(self, path: str, look: FileLook | FolderLook | None) -> None:
        """Keep what was found at a path."""
        self.known[path] = look
        above = path.rpartition("/")[0]
        while above:
            group = self._inside.setdefault(above, set())
            if path in group:
                return
            group.add(path)
            path, above = above, above.rpartition("/")[0]

    def remember_children(self, folder: str, looks: Mapping[str, FileLook]) -> None:
        """Keep what was found at paths in one folder."""
        self.known.update(looks)
        self._inside.setdefault(folder, set()).update(looks)

    def forget(self, paths: Iterable[str]) -> None:
        """Forget paths, and everything above and below them."""
        for path in paths:
            above = path
            while above:
                above = above.rpartition("/")[0]
                self.known.pop(above or ".", None)
            stack = [path]
            while stack:
                below = stack.pop()
                self.known.pop(below, None)
                stack.extend(self._inside.pop(below, ()))

    def clear(self) -> None:
        """Forget everything."""
        self.known.clear()
        self._inside.clear()


def list_folder(
    folder: str, shown: str, placed: str | None, ignored: Callable[[str, bool], bool] | None
) -> Listing:
    """List one folder.

    Parameters
    ----------
    folder : str
        Its absolute path.
    shown : str
        Its path as messages and rules know it.
    placed : str or None
        Where the store's objects lie: a link to one of them stands for the file that was placed so.
    ignored : callable or None
        Given path and whether it is a folder, says whether to leave it out.

    Raises
    ------
    DataError
        When it cannot be listed.
    FileError
        When it holds a device, a socket or a pipe, or a name that is not UTF-8.
    """
    listing = Listing()
    files, numbers = listing.files, listing.numbers
    for entry in scan(folder, shown):
        name = entry.name
        if ignored is not None and ignored(f"{shown}/{name}", entry.is_dir(follow_symlinks=False)):
            continue
        try:
            follow = False
            if entry.is_symlink():
                target = _target(entry, f"{shown}/{name}")
                follow = bool(target and placed and target.startswith(placed))
                if not follow:
                    if target:
                        listing.links[name] = target
                    continue
            status = entry.stat(follow_symlinks=follow)
        except FileNotFoundError:
            continue  # gone since it was listed
        except OSError as error:
            raise DataError(f"{shown}/{name} cannot be looked at: {error.strerror}") from error
        mode = status.st_mode
        if stat.S_ISREG(mode):
            files.append(name)
            # What `identity_of` says, without making a value of it: there may be a hundred thousand of them.
            inode, mtime = status.st_ino & LARGEST, status.st_mtime_ns
            mtime = min(LARGEST, mtime)
            numbers += (status.st_dev, inode, status.st_size, mtime, status.st_ctime_ns, mode & 0o100)
        elif stat.S_ISDIR(mode):
            listing.folders.append(name)
        else:
            raise special_file(f"{shown}/{name}")
    _check_names(listing, shown)
    return listing


def scan(folder: str, shown: str) -> Iterator[os.DirEntry[str]]:
    """Yield what lies in a folder, without litter; nothing where there is no such folder.

    Raises
    ------
    DataError
        When it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name not in LITTER:
                    yield entry
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise DataError(f"{shown} cannot be listed: {error.strerror}") from error


def check_name(path: str) -> None:
    """Refuse a name that no record can hold.

    Raises
    ------
    FileError
        When it is not UTF-8.
    """
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise FileError(f"{path!r} has a name that is not UTF-8", hint="Rename it.") from error


def special_file(path: str) -> FileError:
    """Return the error of a path that is neither file nor directory."""
    return FileError(
        f"{path} is a device, a socket or a pipe: only files and directories can be kept",
        hint="Remove it, or name another path.",
    )


def _check_names(listing: Listing, shown: str) -> None:
    names = [*listing.files, *listing.folders, *listing.links]
    try:
        "\0".join(names).encode()
    except UnicodeEncodeError:
        for name in names:
            check_name(f"{shown}/{name}")


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
