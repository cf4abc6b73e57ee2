"""Object stores for tests: made, spoilt behind their back, and on disks that refuse."""

from __future__ import annotations

import fcntl
import os
import resource
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.memory import MemoryObjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from mlops_cli.settings import LinkKind
    from mlops_cli.store.digest import Digest


def folder_objects(top: Path, *links: LinkKind) -> FolderObjects:
    """Return the store in a folder as a new command has it."""
    (top / "tmp").mkdir(parents=True, exist_ok=True)
    return FolderObjects(top, top / "tmp", links or ("reflink", "copy"))


def packing(monkeypatch: pytest.MonkeyPatch, few: int = 1) -> None:
    """Have small objects packed from the first on, instead of from the sixteenth."""
    monkeypatch.setattr("mlops_cli.store.folder.FEW", few)


def spoil(store: FolderObjects | MemoryObjects, digest: Digest, data: bytes | None) -> None:
    """Damage an object behind the store's back; None removes it. Inside a pack its size stays what it was."""
    if data is None:
        store.remove([digest])
        return
    if isinstance(store, MemoryObjects):
        store.blobs[digest] = data
        return
    located = store.packs.locate([digest])
    if not located:
        path = Path(store.loose.path(digest))
        path.unlink()
        path.write_bytes(data)
        return
    [(pack, places)] = located
    place = places[digest]
    os.chmod(pack.path, 0o644)
    with open(pack.path, "r+b") as stream:
        stream.seek(place.offset)
        shown = data[: place.size].ljust(place.size, b"\xff")
        stream.write(shown if digest_bytes(shown) != digest else bytes(place.size))


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refusing(monkeypatch: pytest.MonkeyPatch, number: int, *names: str) -> list[str]:
    """Have a file system that cannot make such links; return what was asked of it."""
    asked: list[str] = []

    def refuse(name: str) -> object:
        def call(*_: object) -> None:
            asked.append(name)
            raise OSError(number, os.strerror(number))

        return call

    for name in names:
        monkeypatch.setattr(fcntl if name == "ioctl" else os, name, refuse(name))
    return asked
