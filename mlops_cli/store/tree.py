"""Directories as Merkle trees: one canonical object a directory, naming its children by digest.

An object is compact canonical JSON: `{"entries": [[name, kind, digest, size], …], "schema": 1}`, sorted by name. Kinds are
`file`, `exec` (a file whose owner may run it), `tree`, and `link` (a symbolic link inside the tree; its target stands in the
place of the digest). The same files give the same digest, whatever the order or the time they were made in.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

from mlops_cli.errors import DataError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import parse_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["file", "exec", "tree", "link"]
_KINDS = frozenset(get_args(Kind))
_SURROGATE = re.compile("[\ud800-\udfff]")
_SCHEMA = 1


class Entry(NamedTuple):
    """One child of a directory.

    Parameters
    ----------
    name : str
        One path part.
    kind : str
        `file`, `exec`, `tree` or `link`.
    content : str
        The digest; for a link its target.
    size : int
        Bytes; of a tree the sum over its files, of a link 0.
    """

    name: str
    kind: Kind
    content: str
    size: int


def encode_tree(entries: Iterable[Entry]) -> bytes:
    """Return the bytes of a tree object."""
    rows = sorted([e.name, e.kind, e.content, e.size] for e in entries)
    return compact({"entries": rows, "schema": _SCHEMA})


def decode_tree(data: bytes) -> tuple[Entry, ...]:
    """Return the children that a tree object names.

    Raises
    ------
    DataError
        When the bytes are not a tree object, or name something hostile: `..`, a slash, a NUL, a name twice, a link that is
        absolute, text that is not Unicode.
    """
    try:
        value = json.loads(data)
        rows = value["entries"]
        schema = value["schema"]
        rows = [(name, kind, content, size) for name, kind, content, size in rows]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError("an object that should be a tree is not one") from error
    if schema != _SCHEMA:
        raise DataError(f"a tree object has schema {schema}", hint="Upgrade: pip install --upgrade mlops-cli")
    entries = tuple(_entry(*row) for row in rows)
    previous = ""
    for entry in entries:
        if entry.name <= previous:
            raise DataError(f"a tree object names {entry.name!r} out of order or twice")
        previous = entry.name
    return entries


def _entry(name: Any, kind: Any, content: Any, size: Any) -> Entry:
    """Return an entry whose parts are what they should be; they come from bytes that anybody may have written."""
    if not _text(name) or name in (".", "..") or "/" in name:
        raise DataError(f"a tree object holds the unsafe name {name!r}")
    if not isinstance(kind, str) or kind not in _KINDS or type(size) is not int or size < 0:
        raise DataError(f"a tree object describes {name!r} in a way that is not known")
    if kind != "link":
        parse_digest(content)
    elif not _text(content) or content.startswith("/"):
        raise DataError(f"the link {name!r} in a tree object has no target inside its directory")
    return Entry(name, cast("Kind", kind), content, size)


def _text(value: Any) -> bool:
    """Whether a value can be a path: text, not empty, without NUL or halves of characters."""
    return isinstance(value, str) and bool(value) and "\0" not in value and not _SURROGATE.search(value)


def link_climb(target: str) -> int | None:
    """Return how many folders above its own a link leads; None when that cannot be told from its target.

    An absolute link may lead anywhere, and so may `..` after a name: the name could be a link itself.

    Examples
    --------
    >>> link_climb("a/b"), link_climb("../../a"), link_climb("/etc"), link_climb("a/../../b")
    (0, 2, None, None)
    """
    if target.startswith("/"):
        return None
    parts = [part for part in target.split("/") if part not in ("", ".")]
    climb = next((count for count, part in enumerate(parts) if part != ".."), len(parts))
    return None if ".." in parts[climb:] else climb


def link_stays_inside(parents: int, target: str) -> bool:
    """Whether a link that lies `parents` folders below the top of its tree is certain to lead somewhere inside that tree.

    Examples
    --------
    >>> link_stays_inside(1, "../a.txt"), link_stays_inside(0, "../a.txt"), link_stays_inside(2, "/etc/passwd")
    (True, False, False)
    """
    climb = link_climb(target)
    return climb is not None and climb <= parents
