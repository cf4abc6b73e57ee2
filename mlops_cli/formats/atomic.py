"""Files that are either there whole or not there: written beside, flushed, renamed."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_atomic(path: Path, data: bytes, *, durable: bool = True, temporary: Path | None = None) -> None:
    """Write a file so that no reader, crash or kill ever meets half of it.

    Parameters
    ----------
    path : Path
        Where; missing folders are made.
    data : bytes
        The whole content.
    durable : bool
        Flush to the disk before the rename. False where a group is flushed together afterwards.
    temporary : Path, optional
        Where to write first; beside the file by default. On another file system the default is taken all the same.

    Raises
    ------
    OSError
        When it cannot be written; the file is then as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary = temporary or beside
    try:
        descriptor = _open(temporary)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _rename(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        if error.errno == errno.EXDEV and temporary != beside:
            write_atomic(path, data, durable=durable)
            return
        error.filename, error.filename2 = str(path), None  # which the user knows, unlike the temporary one
        raise
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if durable:
        flush_folder(path.parent)


def _open(temporary: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(temporary, flags, 0o666)
    except FileNotFoundError:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        return os.open(temporary, flags, 0o666)


def _rename(temporary: Path, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary, path)


def flush_folder(folder: Path) -> None:
    """Flush a folder, so that a rename in it outlives a power cut; silent where the system cannot."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write a file unless it already holds these bytes; return whether it was written."""
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    write_atomic(path, data)
    return True
