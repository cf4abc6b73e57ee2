"""DVC's cache: files named by their hashes, as DVC 2 and DVC 3 lay them out."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.migration.md5 import Hash, hash_file, parse_listing

if TYPE_CHECKING:
    from collections.abc import Sequence


class Found(NamedTuple):
    """Where an object lies."""

    path: str
    legacy: bool


class DvcCache:
    """The folders in which DVC keeps objects; only ever read.

    Parameters
    ----------
    folders : sequence of str
        Absolute; the first that has an object gives it.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = tuple(folders)
        self.damaged: dict[str, None] = {}
        self._checked: dict[Found, bool] = {}

    def find(self, wanted: Hash) -> Found | None:
        """Return where an object lies whose bytes are what its name says; one that is damaged is kept in `damaged`.

        A file of DVC 2 may lie where DVC 3 would put it, and the other way round.
        """
        name = f"{wanted.value[:2]}/{wanted.value[2:]}"
        places = [Found(f"files/md5/{name}", legacy=False), Found(name, legacy=True)]
        for place in reversed(places) if wanted.legacy else places:
            for folder in self.folders:
                found = Found(f"{folder}/{place.path}", place.legacy or wanted.legacy)
                if os.path.isfile(found.path) and self._intact(found, wanted):
                    return found
        return None

    def listing(self, wanted: Hash) -> dict[str, str] | None:
        """Return path to hash of what a directory holds; None where its list is not here or damaged.

        Raises
        ------
        DataError
            When the list names paths that leave the directory.
        """
        found = self.find(wanted)
        if found is None:
            return None
        with open(found.path, "rb") as stream:
            return parse_listing(stream.read(), found.path)

    def _intact(self, found: Found, wanted: Hash) -> bool:
        if found not in self._checked:
            try:
                self._checked[found] = self._is(found, wanted)
            except OSError as error:
                raise DataError(f"{found.path} cannot be read: {error.strerror}") from error
            if not self._checked[found]:
                self.damaged[found.path] = None
        return self._checked[found]

    def _is(self, found: Found, wanted: Hash) -> bool:
        if wanted.folder:
            with open(found.path, "rb") as stream:
                data = stream.read()
            return f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}.dir" == wanted.value
        return hash_file(found.path, legacy=False) == wanted.value or (
            found.legacy and hash_file(found.path, legacy=True) == wanted.value
        )
