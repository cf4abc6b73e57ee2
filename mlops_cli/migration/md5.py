"""DVC's hashes: the MD5 of a file, and of the list that stands for a directory.

DVC 2 turned the line ends of text into those of Unix before it hashed; DVC 3 hashes bytes as they are. A hash is written the same
way by both, and what stands beside it (`hash: md5`) tells which one it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.store.tracked import is_plain_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_CHUNK = 1 << 20
_HASH = re.compile(r"[0-9a-f]{32}(\.dir)?")
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"


class Hash(NamedTuple):
    """A hash as DVC's files have it.

    Parameters
    ----------
    value : str
        32 hex digits; those of a directory end with `.dir`.
    legacy : bool
        Of DVC 2: line ends of text do not count.
    """

    value: str
    legacy: bool = False

    @property
    def folder(self) -> bool:
        """Whether it is that of a directory."""
        return self.value.endswith(".dir")


def parse_hash(value: object, kind: object) -> Hash | None:
    """Return the hash that a value is; None where it is none, or one of another kind.

    Parameters
    ----------
    kind : object
        What stands under `hash` beside it.
    """
    if not isinstance(value, str) or not _HASH.fullmatch(value) or kind not in (None, "md5", "md5-dos2unix"):
        return None
    return Hash(value, legacy=kind != "md5")


def hash_file(path: str, *, legacy: bool) -> str:
    """Return the hash of a file's bytes.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    hasher = hashlib.md5(usedforsecurity=False)
    with open(path, "rb", buffering=0) as stream:
        while data := _whole_chunk(stream.read):
            hasher.update(data.replace(b"\r\n", b"\n") if legacy and _is_text(data[:512]) else data)
    return hasher.hexdigest()


def _whole_chunk(read: Callable[[int], bytes]) -> bytes:
    """Read one MiB, unless the file ends: where chunks end decides which line ends DVC 2 saw."""
    data = read(_CHUNK)
    while 0 < len(data) < _CHUNK and (more := read(_CHUNK - len(data))):
        data += more
    return data


def _is_text(block: bytes) -> bool:
    return b"\0" not in block and len(block.translate(None, _TEXT)) <= 0.3 * len(block)


def hash_listing(files: Mapping[str, str]) -> str:
    """Return the hash of a directory.

    Parameters
    ----------
    files : mapping
        Path inside it to hash.
    """
    rows = [{"md5": value, "relpath": path} for path, value in sorted(files.items())]
    return f"{hashlib.md5(json.dumps(rows, sort_keys=True).encode(), usedforsecurity=False).hexdigest()}.dir"


def parse_listing(data: bytes, shown: str) -> dict[str, str]:
    """Return path to hash of what a directory's list names.

    Raises
    ------
    DataError
        When it is no such list, or names a path that leaves the directory.
    """
    try:
        rows = [(row["relpath"], row["md5"]) for row in json.loads(data)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{shown} is not the list of a directory") from error
    return checked_listing(rows, shown)


def checked_listing(rows: Iterable[tuple[object, object]], shown: str) -> dict[str, str]:
    """Return path to hash, when all of them are safe.

    Raises
    ------
    DataError
        When they are not: a path that leaves the directory, one given twice, one that lies in a file, a hash that is none.
    """
    found: dict[str, str] = {}
    for path, value in rows:
        if not isinstance(path, str) or not is_plain_path(path) or not _text(path):
            raise DataError(f"{shown} names {path!r}, which leaves the directory")
        if (
            not isinstance(value, str)
            or not _HASH.fullmatch(value)
            or value.endswith(".dir")
            or path in found
        ):
            raise DataError(f"{shown} names {path!r} in a way that is not known")
        found[path] = value
    for path in found:
        above = path.rpartition("/")[0]
        while above:
            if above in found:
                raise DataError(f"{shown} names {above!r} as a file and as a folder")
            above = above.rpartition("/")[0]
    return found


def _text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


class WorkspaceHashes:
    """The hashes of what lies in the workspace, each found out once.

    Parameters
    ----------
    root : str
        The project's folder.
    ignored : callable
        Given a path relative to the project and whether it is a folder, says whether DVC passes over it.
    """

    def __init__(self, root: str, ignored: Callable[[str, bool], bool]) -> None:
        self._root = root
        self._ignored = ignored
        self._known: dict[tuple[str, bool], str | None] = {}

    def of(self, path: str, *, legacy: bool) -> str | None:
        """Return the hash of a file or a directory; None where nothing lies there, or it cannot be read."""
        if (path, legacy) not in self._known:
            self._known[path, legacy] = self._hash(path, legacy=legacy)
        return self._known[path, legacy]

    def agrees(self, path: str, wanted: Hash) -> bool:
        """Whether what lies at a path is what a hash says."""
        return self.of(path, legacy=wanted.legacy) == wanted.value

    def _hash(self, path: str, *, legacy: bool) -> str | None:
        absolute = os.path.normpath(f"{self._root}/{path}")
        try:
            if not os.path.isdir(absolute):
                return hash_file(absolute, legacy=legacy) if os.path.isfile(absolute) else None
            files: dict[str, str] = {}
            for inner in self._files(path, absolute):
                files[inner] = hash_file(f"{absolute}/{inner}", legacy=legacy)
        except OSError:
            return None
        return hash_listing(files)

    def _files(self, path: str, absolute: str) -> Iterable[str]:
        stack = [""]
        while stack:
            folder = stack.pop()
            with os.scandir(f"{absolute}/{folder}") as entries:
                for entry in entries:
                    inner = f"{folder}{entry.name}"
                    is_folder = entry.is_dir()
                    if self._ignored(f"{path}/{inner}", is_folder):
                        continue
                    if is_folder:
                        stack.append(f"{inner}/")
                    elif entry.is_file():
                        yield inner
