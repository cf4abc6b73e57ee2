"""The store behind a remote of the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.remotes.opening import scheme_of
from mlops_cli.store.transfer.remote_store import RemoteStore

if TYPE_CHECKING:
    from mlops_cli.opened import Opened
    from mlops_cli.settings import Remote


def remote_store(
    opened: Opened, name: str | None = None, *, trusting: bool = True, writing: bool = False
) -> tuple[str, RemoteStore]:
    """Return the name of a remote and the store behind it; the default one where none is named.

    Parameters
    ----------
    trusting : bool
        Believe what is kept here of its indexes; else everything is read there once more.
    writing : bool
        Whether a folder that was never there may be made.

    Raises
    ------
    UsageError
        When there is no such remote.
    DataError
        When it is a folder that is not there, as a share that is not mounted: it must not be taken for an empty one.
    """
    remote, files = opened.open_remote(name)
    known = check_folder(opened, remote, writing=writing)
    publishes = not scheme_of(remote.url) if remote.listing is None else remote.listing
    return remote.name, RemoteStore(files, known, remote.jobs or 1, trusting=trusting, publishes=publishes)


def check_folder(opened: Opened, remote: Remote, *, writing: bool) -> Path:
    """Return where this clone keeps what it knows of a remote.

    Parameters
    ----------
    writing : bool
        As `remote_store` takes it.

    Raises
    ------
    DataError
        When the remote is a folder that is not there.
    """
    known = opened.store / "remotes" / digest_bytes(remote.url.encode())[3:19]
    if not scheme_of(remote.url) and (known.is_dir() or not writing):
        path = remote.url.partition("://")[2] or remote.url
        folder = opened.project.root / Path(path).expanduser()
        if not folder.is_dir():
            raise DataError(
                f"the folder of the remote {remote.name} is not there: {folder}",
                hint=f"Mount it, if it is a share; to begin anew there: mkdir -p {folder}",
            )
    return known
