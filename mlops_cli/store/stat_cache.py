"""Digests by file identity, so that an unchanged file is never read twice.

A row is trusted when device, inode, size, mtime and ctime are what they were *and* the file was at rest when it was read: a
file changed within one tick of its clock could change again without its times showing it, so such a row counts for nothing
and the file is read once more (Git's rule for racy files).

Rows lie folder by folder, each folder's in one value that ends the question for all its files; beside them lies what a whole
folder came to when every file in it was at rest, so that an unchanged folder costs no more than listing it. Values carry a
checksum: a bit that flipped is no digest that anybody believes. The database is disposable: damaged or deleted, it is made anew.
"""

from __future__ import annotations

import sqlite3
import struct
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from mlops_cli.store.digest import PREFIX, Digest
from mlops_cli.store.disposable import hindered, throw_away, write_ahead

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# Kernels stamp files with a clock that ticks every 1 to 10 ms; whole seconds betray a file system that keeps no finer time.
_FINE_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000
_VERSION = 2
# What a damaged database answers; its messages may quote bytes that are no text.
_DAMAGE = (sqlite3.Error, UnicodeDecodeError)
LARGEST = 0x7FFF_FFFF_FFFF_FFFF  # the database's integers are signed, 64 bits wide


class Identity(NamedTuple):
    """What tells one state of a file from another without reading it; times in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime: int
    ctime: int


class Row(NamedTuple):
    """What is known of a file: its identity, its digest, and when (ns since the epoch) its reading began."""

    identity: Identity
    digest: Digest
    seen: int

    def trusted(self) -> bool:
        """Whether the file was at rest when it was read."""
        return at_rest(self.identity, self.seen)


def identity_of(status: os.stat_result) -> Identity:
    """Return the identity in a stat result."""
    # Some file systems' inode numbers use all 64 bits; and a file may be dated later than the numbers reach.
    inode, mtime = status.st_ino & LARGEST, min(status.st_mtime_ns, LARGEST)
    return Identity(status.st_dev, inode, status.st_size, mtime, status.st_ctime_ns)


def at_rest(identity: Identity, seen: int) -> bool:
    """Whether the last change is more than one tick older than `seen` (ns since the epoch)."""
    coarse = identity.mtime % 1_000_000_000 == 0 and identity.ctime % 1_000_000_000 == 0
    return max(identity.mtime, identity.ctime) + (_COARSE_TICK if coarse else _FINE_TICK) < seen


class FolderMemo(NamedTuple):
    """What a folder came to when everything in it was at rest.

    Parameters
    ----------
    signature : bytes
        Of names and identities of all that lies in it, and of what its folders came to.
    digest : Digest
        Of its tree.
    size, files : int
        Bytes and number of the files below it.
    """

    signature: bytes
    digest: Digest
    size: int
    files: int


class FolderRows:
    """The rows of one folder, by the names of its files; made into values one at a time, when they are asked for."""

    def __init__(self, names: list[str], numbers: array[int], digests: bytes) -> None:
        self._at = dict(zip(names, range(len(names)), strict=True))
        self._numbers = numbers
        self._digests = digests

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def get(self, name: str) -> Row | None:
        """Return what is known of a file."""
        at = self._at.get(name)
        if at is None:
            return None
        numbers = self._numbers[at * 6 : at * 6 + 6]
        digest = Digest(PREFIX + self._digests[at * 32 : at * 32 + 32].hex())
        return Row(Identity(*numbers[:5]), digest, numbers[5])


def database_damage(path: Path) -> str:
    """Return what is wrong with a database; empty where nothing is, or where there is none."""
    if not path.exists():
        return ""
    from urllib.parse import quote

    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)
        try:
            [said] = connection.execute("PRAGMA integrity_check(1)").fetchone()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            query = "SELECT memo FROM folders UNION ALL SELECT rows FROM folders UNION ALL SELECT value FROM memos"
            wrong = sum(
                value is not None and _opened(value) is None for (value,) in connection.execute(query)
            )
        finally:
            connection.close()
    except _DAMAGE as error:
        return str(error)
    if said != "ok":
        return str(said)
    if wrong:
        return "a value in it does not have its checksum"
    # One of an older version is made anew by whoever opens it next.
    return "" if 0 <= version <= _VERSION else f"it is of version {version}, which is not known"


class StatCache:
    """Rows in SQLite, and small memos beside them; one transaction when `flush` is called.

    Parameters
    ----------
    path : Path or None
        The database; None keeps nothing beyond this process.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._fresh: dict[str, dict[str, Row]] = {}
        self._whole: set[str] = set()
        self._folders: dict[str, FolderMemo] = {}
        self._memos: dict[str, bytes] = {}

    def rows(self, paths: Iterable[str]) -> dict[str, Row]:
        """Return the rows that are known of these absolute paths."""
        import json

        wanted: dict[str, list[str]] = {}
        for path in paths:
            if _storable(path):
                folder, _, name = path.rpartition("/")
                wanted.setdefault(folder, []).append(name)
        query = "SELECT path, rows FROM folders WHERE path IN (SELECT value FROM json_each(?))"
        known = self._select(query, json.dumps(list(wanted)))
        found: dict[str, Row] = {}
        for folder, names in wanted.items():
            fresh = self._fresh.get(folder, {})
            rows = None if folder in self._whole else known.get(folder)
            for name in names:
                row = fresh.get(name) or (rows.get(name) if rows else None)
                if row is not None:
                    found[f"{folder}/{name}"] = row
        return found

    def folder_rows(self, folder: str) -> dict[str, Row]:
        """Return the rows that are known of the files of one absolute folder, by name."""
        if not _storable(folder):
            return {}
        found: dict[str, Row] = {}
        if folder not in self._whole:
            rows = self._select("SELECT path, rows FROM folders WHERE path = ?", folder).get(folder)
            found = {name: row for name in rows if (row := rows.get(name))} if rows else {}
        return found | self._fresh.get(folder, {})

    def folder_memos(self, folder: str) -> dict[str, FolderMemo]:
        """Return what is known of an absolute folder and all folders below it."""
        if not _storable(folder):
            return {}
        query = (
            "SELECT path, memo FROM folders WHERE memo IS NOT NULL AND (path = ? OR (path > ? AND path < ?))"
        )
        found: dict[str, FolderMemo] = {}
        try:
            for path, value in self._open().execute(query, (folder, f"{folder}/", f"{folder}0")):
                data = _opened(value)
                if data is not None and len(data) == _MEMO.size:
                    signature, digest, size, files = _MEMO.unpack(data)
                    found[path] = FolderMemo(signature, Digest(PREFIX + digest.hex()), size, files)
        except (*_DAMAGE, TypeError) as error:
            self._rebuild(error)
            return {}
        return found | {path: memo for path, memo in self._folders.items() if _below(path, folder)}

    def learn(self, path: str, row: Row) -> None:
        """Keep a row, to be written by the next `flush`."""
        if _storable(path):
            folder, _, name = path.rpartition("/")
            self._fresh.setdefault(folder, {})[name] = row

    def learn_folder(self, folder: str, rows: Mapping[str, Row]) -> None:
        """Keep the rows of all files of a folder; what was known of others in it is forgotten."""
        if _storable(folder) and _storable("\0".join(rows)):
            self._fresh[folder] = dict(rows)
            self._whole.add(folder)

    def learn_memo(self, folder: str, memo: FolderMemo) -> None:
        """Keep what a folder came to, to be written by the next `flush`."""
        if _storable(folder):
            self._folders[folder] = memo

    def memo(self, name: str) -> bytes | None:
        """Return a memo."""
        if name in self._memos:
            return self._memos[name]
        try:
            found = self._open().execute("SELECT value FROM memos WHERE name = ?", (name,)).fetchone()
        except _DAMAGE as error:
            self._rebuild(error)
            return None
        return _opened(found[0]) if found else None

    def keep_memo(self, name: str, value: bytes) -> None:
        """Keep a memo, to be written by the next `flush`."""
        self._memos[name] = value

    def flush(self) -> None:
        """Write what was learnt; a database that cannot be written costs time later, never a result."""
        if not self._fresh and not self._memos and not self._folders:
            return
        try:
            connection = self._open()
            with connection:
                connection.execute("BEGIN IMMEDIATE")  # what is merged here must not change meanwhile
                connection.executemany(_PUT_ROWS, [(f, self._merged(f)) for f in self._fresh])
                memos = [(path, _sealed(_packed_memo(memo))) for path, memo in self._folders.items()]
                connection.executemany(_PUT_MEMO, memos)
                values = [(name, _sealed(value)) for name, value in self._memos.items()]
                connection.executemany("INSERT OR REPLACE INTO memos VALUES (?, ?)", values)
        except _DAMAGE as error:
            self._rebuild(error)
        self._fresh.clear()
        self._whole.clear()
        self._folders.clear()
        self._memos.clear()

    def close(self) -> None:
        """Write what was learnt and let go of the database."""
        self.flush()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _merged(self, folder: str) -> bytes:
        return _sealed(_packed_rows(self.folder_rows(folder)))

    def _select(self, query: str, value: str) -> dict[str, FolderRows]:
        try:
            found = self._open().execute(query, (value,)).fetchall()
        except _DAMAGE as error:
            self._rebuild(error)
            return {}
        return {path: rows for path, sealed in found if (rows := _opened_rows(sealed)) is not None}

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect(self._path)
        return self._connection

    def _connect(self, path: Path | None) -> sqlite3.Connection:
        if path is None:
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            _make_tables(connection)
            return connection
        try:
            return _connect_file(path)
        except _DAMAGE as error:
            if not hindered(error):
                with suppress(*_DAMAGE, OSError):
                    throw_away(path)
                    return _connect_file(path)
        except OSError:
            pass  # nothing can be written there
        return self._connect(None)

    def _rebuild(self, error: BaseException) -> None:
        """Throw a damaged database away; what it knew is read again from the files. One that others hold for long stays."""
        if hindered(error):
            return
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._path is not None:
            with suppress(OSError):
                throw_away(self._path)


_MEMO = struct.Struct("<32s32sqq")
_ROWS = struct.Struct("<II")
_CHECK = 16
_PUT_ROWS = (
    "INSERT INTO folders (path, rows) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET rows = excluded.rows"
)
_PUT_MEMO = (
    "INSERT INTO folders (path, memo) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET memo = excluded.memo"
)


def _sealed(data: bytes) -> bytes:
    return blake3(data).digest(_CHECK) + data


def _opened(value: object) -> bytes | None:
    """Return the bytes behind their checksum; None where they are not what was written."""
    if not isinstance(value, bytes) or blake3(value[_CHECK:]).digest(_CHECK) != value[:_CHECK]:
        return None
    return value[_CHECK:]


def _packed_memo(memo: FolderMemo) -> bytes:
    return _MEMO.pack(memo.signature, bytes.fromhex(memo.digest[len(PREFIX) :]), memo.size, memo.files)


def _packed_rows(rows: Mapping[str, Row]) -> bytes:
    names = "\0".join(rows).encode()
    numbers = array("q")
    for identity, _, seen in rows.values():
        numbers.extend((*identity, seen))
    digests = bytes.fromhex("".join([row.digest[len(PREFIX) :] for row in rows.values()]))
    return _ROWS.pack(len(rows), len(names)) + names + numbers.tobytes() + digests


def _opened_rows(value: object) -> FolderRows | None:
    data = _opened(value)
    if data is None or len(data) < _ROWS.size:
        return None
    count, length = _ROWS.unpack_from(data)
    start = _ROWS.size + length
    names = data[_ROWS.size : start].decode().split("\0") if count else []
    numbers = array("q", data[start : start + count * 48])
    return FolderRows(names, numbers, data[start + count * 48 :])


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _storable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _connect_file(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One object, used under the workspace's lock by whichever thread holds it.
    connection = sqlite3.connect(path, timeout=5, check_same_thread=False)
    connection.execute("PRAGMA synchronous=NORMAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
        return connection
    write_ahead(connection)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
            return connection  # another command was faster, and may have written to it
        for table in ("files", "folders", "memos"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        _make_tables(connection)
        connection.execute(f"PRAGMA user_version={_VERSION}")
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    # The memo stands before the rows, which are long: reading it does not touch them.
    connection.execute("CREATE TABLE folders (path TEXT PRIMARY KEY, memo BLOB, rows BLOB)")
    connection.execute("CREATE TABLE memos (name TEXT PRIMARY KEY, value BLOB)")
