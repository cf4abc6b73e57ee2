"""What a migration from DVC leaves behind: which of DVC's hashes is which digest of ours.

A migration is the one moment when the same bytes are known under both names, so this is where lineage gets across. One
committed file a migration, named by its content, so that two people who migrate the same never disagree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.canonical import pretty, read_record
from mlops_cli.history.dvc_history import MD5
from mlops_cli.project import RECORDS
from mlops_cli.store.digest import PREFIX, Digest, digest_bytes, parse_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

LINKS = f"{RECORDS}/migrated/"
LINKS_SCHEMA = 1
_MD5 = re.compile(r"md5:[0-9a-f]{32}(\.dir)?")


class Link(NamedTuple):
    """The same bytes under two names.

    Parameters
    ----------
    theirs : str
        DVC's: `md5:<hex>`, with `.dir` at the end for a directory.
    """

    theirs: str
    digest: Digest


def dump_links(names: Iterable[tuple[str, Digest]]) -> tuple[str, bytes]:
    """Return path, relative to the project, and bytes of the file that keeps links.

    Parameters
    ----------
    names : iterable
        Pairs of a hash as DVC's files have it, and our digest of the same content.
    """
    rows = [{"dvc": f"{MD5}{theirs}", "digest": digest} for theirs, digest in sorted(set(names))]
    data = pretty({"schema": LINKS_SCHEMA, "links": rows})
    return f"{LINKS}dvc-{digest_bytes(data).removeprefix(PREFIX)[:16]}.json", data


def load_links(data: bytes, file: str) -> list[Link]:
    """Return the links in a file's bytes.

    Raises
    ------
    FileError
        When the bytes are not such a file.
    """
    value = read_record(data, file=file, schema=LINKS_SCHEMA)
    try:
        found = [Link(row["dvc"], parse_digest(row["digest"])) for row in value["links"]]
        if all(_MD5.fullmatch(link.theirs) for link in found):
            return found
    except (DataError, KeyError, TypeError):
        pass
    raise FileError(f"{file} does not link digests", hint=f"Bring it back with: git checkout -- {file}")
