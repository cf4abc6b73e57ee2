"""Directories as Merkle trees: one canonical object a directory, naming its children by digest.

An object is compact canonical JSON: `{"entries": [[name, kind, digest, size], …], "schema": 1}`, sorted by name. Kinds are
`file`, `exec` (a file whose owner may run it), `tree`, and `link` (a symbolic link inside the tree; its target stands in the
place of the digest). The same files give the same digest, whatever the order or the time they were made in.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from mlops_cli.errors import DataError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import parse_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["file", "exec", "tree", "link"]
_KINDS = frozenset(get_args(Kind))
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile("[/\0\ud800-\udfff]")
_DIGESTS = re.compile("(?:b3:[0-9a-f]{64})*")
_DIGEST_LENGTH = 67
_SCHEMA = 1
# What Git or another program would obey if a checkout put files there.
OBEYED = frozenset({".git", ".mlops", ".hg", ".svn"})
DEEPEST = 256  # folders inside each other, in any directory that is kept or placed


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
    return compact({"entries": sorted(entries), "schema": _SCHEMA})


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
    names, kinds, contents, sizes = zip(*rows, strict=True) if rows else ((), (), (), ())
    # Bytes that anybody may have written. What is usual is checked all at once; only what is not is looked at one by one.
    if not (_plain(names, contents) and set(map(type, sizes)) <= {int} and min(sizes, default=0) >= 0):
        for row in rows:
            _check(*row)
    if not set(map(type, kinds)) <= {str} or not _KINDS.issuperset(kinds):
        raise DataError("a tree object describes something in a way that is not known")
    for before, name in pairwise(names):
        if name <= before:
            raise DataError(f"a tree object names {name!r} out of order or twice")
    return tuple(map(Entry._make, rows))


def _plain(names: Sequence[Any], contents: Sequence[Any]) -> bool:
    """Whether all names are safe and all contents digests, told in a few passes over all of them."""
    if not set(map(type, names)) | set(map(type, contents)) <= {str} or not {"", ".", ".."}.isdisjoint(names):
        return False
    if _UNSAFE.search("\n".join(names)) or not set(map(len, contents)) <= {_DIGEST_LENGTH}:
        return False
    return bool(_DIGESTS.fullmatch("".join(contents)))


def _check(name: Any, kind: Any, content: Any, size: Any) -> None:
    if not _text(name) or name in (".", "..") or "/" in name:
        raise DataError(f"a tree object holds the unsafe name {name!r}")
    if not isinstance(kind, str) or kind not in _KINDS or type(size) is not int or size < 0:
        raise DataError(f"a tree object describes {name!r} in a way that is not known")
    if kind != "link":
        parse_digest(content)
    elif not _text(content) or content.startswith("/"):
        raise DataError(f"the link {name!r} in a tree object has no target inside its directory")


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
