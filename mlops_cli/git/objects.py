"""Git's objects as bytes: their ids, the rows of a tree, and a pack that carries new ones to Git. Pure."""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TREE_MODE = "40000"
FILE_MODE = "100644"
LINK_MODE = "120000"
MODULE_MODE = "160000"
_KINDS = {"tree": 2, "blob": 3}


class Row(NamedTuple):
    """One child of a tree: its mode as Git writes it, its name, and the id of its object."""

    mode: str
    name: str
    id: str


class NewObject(NamedTuple):
    """An object that Git may not have yet; `kind` is `blob` or `tree`."""

    kind: str
    data: bytes


def algorithm_of(name: str) -> str:
    """Return the algorithm that an id was made with, which its length tells."""
    return "sha256" if len(name) == 64 else "sha1"


def object_id(kind: str, data: bytes, algorithm: str = "sha1") -> str:
    """Return the id under which Git keeps an object.

    Examples
    --------
    >>> object_id("blob", b"")
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    digest.update(f"{kind} {len(data)}\0".encode())
    digest.update(data)
    return digest.hexdigest()


def tree_rows(data: bytes, width: int) -> Iterator[Row]:
    """Yield the children in a tree's bytes.

    Parameters
    ----------
    width : int
        Bytes of an id: 20, or 32 with SHA-256.

    Raises
    ------
    ValueError
        When these are not the bytes of a tree.
    """
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        name = data[space + 1 : end].decode(errors="surrogateescape")
        yield Row(data[at:space].decode(), name, data[end + 1 : end + 1 + width].hex())
        at = end + 1 + width


def tree_data(rows: Iterable[Row]) -> bytes:
    """Return the bytes of a tree with these children, in the order that Git demands."""
    return b"".join(
        f"{row.mode} {row.name}".encode(errors="surrogateescape") + b"\0" + bytes.fromhex(row.id)
        for row in sorted(rows, key=_order)
    )


def _order(row: Row) -> bytes:
    """Git sorts a folder as if a slash stood at the end of its name."""
    return row.name.encode(errors="surrogateescape") + (b"/" if row.mode == TREE_MODE else b"")


def make_pack(objects: Iterable[NewObject], algorithm: str = "sha1") -> bytes:
    """Return a pack that holds objects whole; `git unpack-objects` takes it apart."""
    rows = list(objects)
    parts = [b"PACK", struct.pack(">II", 2, len(rows))]
    for item in rows:
        parts += [_entry_head(_KINDS[item.kind], len(item.data)), zlib.compress(item.data, 1)]
    body = b"".join(parts)
    return body + hashlib.new(algorithm, body, usedforsecurity=False).digest()


def _entry_head(kind: int, size: int) -> bytes:
    """Return kind and size as a pack has them: four bits of the size first, then seven at a time, a bit for "more follows"."""
    head = bytearray([(kind << 4) | (size & 15)])
    size >>= 4
    while size:
        head[-1] |= 0x80
        head.append(size & 0x7F)
        size >>= 7
    return bytes(head)
