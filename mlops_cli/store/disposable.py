"""Databases that can be thrown away at any time: when one has to be, and when it is only in use."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HINDRANCES = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
)

_PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0)


def hindered(error: BaseException) -> bool:
    """Whether a database is whole but cannot be used now: another process holds it, or it cannot be read or written there."""
    code = getattr(error, "sqlite_errorcode", None)
    # A file that ends too early is damage, although it shows when it is read.
    return code is not None and code & 0xFF in _HINDRANCES and code != sqlite3.SQLITE_IOERR_SHORT_READ


def write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a database to the journal that readers do not wait for; SQLite itself does not wait where several do so at once.

    Raises
    ------
    sqlite3.Error
        When that is not possible.
    """
    for pause in _PAUSES:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
        time.sleep(pause)
    connection.execute("PRAGMA journal_mode=WAL")


def throw_away(path: Path) -> None:
    """Remove a database, with the files that lie beside it.

    Raises
    ------
    OSError
        When that cannot be done.
    """
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).unlink()
