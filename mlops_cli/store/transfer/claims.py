"""Which repositories use a remote: `projects/<id>.json`, written before the first push, asked before anything is removed there.

A repository is known by its first commit, so that all its clones are one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.canonical import pretty
from mlops_cli.store.transfer.remote_store import PROJECTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.store.stat_cache import StatCache
    from mlops_cli.store.transfer.remote_store import RemoteStore


def claim(remote: RemoteStore, cache: StatCache, first_commit: Callable[[], str], name: str) -> None:
    """Say on a remote that a repository uses it, unless that stands there: it may have been taken back by somebody meanwhile.

    Parameters
    ----------
    first_commit : callable
        Returns the id of its first commit; empty where there is none yet.
    name : str
        What people know it by.

    Raises
    ------
    RemoteError
        When it cannot be said.
    """
    # Only the id is remembered, because finding it walks all of history; whether it stands there is looked up each time.
    memo = f"first commit for {remote.identity}"
    repository = (cache.memo(memo) or b"").decode() or first_commit()
    if not repository:
        return
    there = remote.listing(PROJECTS)
    file = _file(repository)
    if file not in there:
        data = pretty({"schema": 1, "repository": repository, "name": name})
        remote.files.write(file, data)
        there[file] = len(data)
    cache.keep_memo(memo, repository.encode())


def claims(remote: RemoteStore) -> dict[str, str]:
    """Return the names of the repositories that use a remote, by the id of their first commit.

    Raises
    ------
    DataError
        When the remote fails, or one cannot be read: whose it is cannot be told then.
    """
    found = {}
    for file in remote.files.list(PROJECTS):
        try:
            value = json.loads(remote.files.read(file))
            repository, name = str(value["repository"]), str(value["name"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{file} of the remote cannot be read, so nobody can tell who uses it",
                hint="If you know that nobody else does, remove that file there.",
            ) from error
        if _file(repository) != file:
            raise DataError(f"{file} of the remote is not what was written")
        found[repository] = name
    return found


def disclaim(remote: RemoteStore, repository: str) -> None:
    """Say that a repository uses a remote no more."""
    remote.files.remove([_file(repository)])


def _file(repository: str) -> str:
    return f"{PROJECTS}/{repository[:16]}.json"
