"""`import`: bring data from anywhere into the project, with what tells a new version of it later."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, MlopsError, UsageError
from mlops_cli.git.facts import uncommitted
from mlops_cli.project import DATA_RECORDS, data_record_path
from mlops_cli.store.remotes.opening import scheme_of
from mlops_cli.store.remotes.source import address
from mlops_cli.store.tracked import overlapping
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.tracking.importing import Bringing, Wanted, ask, read_pin
from mlops_cli.tracking.trackable import place_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.opened import Opened
    from mlops_cli.store.tracked import DataRecord


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What was imported.

    Parameters
    ----------
    changed : bool
        Whether the content is not what the record said before.
    brought : int
        Bytes that came from the source.
    written : tuple of str
        Files to commit, relative to the project.
    """

    record: DataRecord
    changed: bool
    brought: int
    written: tuple[str, ...]


def import_(
    opened: Opened,
    url: str,
    path: str,
    *,
    pin: str | None = None,
    force: bool = False,
    listen: Callable[[Tally], None] = lambda _: None,
) -> ImportResult:
    """Bring a file or a directory, and track it.

    Parameters
    ----------
    url : str
        Any address that fsspec knows, or a path of this machine.
    path : str
        Where it should lie, relative to where the user stands; with a slash at its end, the folder it should lie in.
    pin : str, optional
        The digest that the content must have; `update` then leaves it alone.
    force : bool
        Replace what lies there or is tracked there, even if it is nowhere else.
    listen : callable
        Told how far it is, from any thread.

    Raises
    ------
    UsageError
        When the address or the path cannot be used.
    DataError
        When the source cannot be read, has other content than it is pinned to, or something would be lost.
    """
    where = address(url, str(opened.project.root), opened.folder)
    target = place_for(opened, _full(path, where))
    digest = None if pin is None else read_pin(pin)
    _check_records(opened, target, where, force=force)
    _check_apart(opened, target, where)
    answer = ask(opened, {target: where})[target]
    if isinstance(answer, MlopsError):
        raise answer
    if answer.seen.tree and not answer.seen.files:
        raise DataError(f"{url} is a folder without files", hint="Look at the address.")
    if not answer.seen.tree and os.path.isdir(opened.workspace_path(target)):
        raise _folder_there(url, path, where)
    tally = Tally(listen=listen)
    wanted = Wanted(target, where, answer, digest, digest is not None)
    came = Bringing(opened, tally, force=force).bring([wanted])[target]
    if isinstance(came, MlopsError):
        raise came
    written = uncommitted(
        opened.git,
        opened.project.prefix,
        {".gitignore", data_record_path(target)},
        (".gitignore", DATA_RECORDS),
    )
    return ImportResult(came.record, came.changed, tally.bytes, written)


def _folder_there(url: str, path: str, where: str) -> UsageError:
    name = os.path.basename(where.rstrip("/"))
    return UsageError(
        f"{path} is a folder, and {url} a file",
        hint=f"Name the file: mlops import {url} {path.rstrip('/')}/{name}",
    )


def _full(path: str, url: str) -> str:
    if not path.endswith("/"):
        return path
    return path + (os.path.basename(url.partition("?")[0].rstrip("/")) or "data")


def _check_records(opened: Opened, target: str, url: str, *, force: bool) -> None:
    record = opened.data.get(target)
    others = [path for path in overlapping(opened.data, target) if path != target]
    if others:
        raise UsageError(
            f"{target} and {others[0]} overlap, and {others[0]} is tracked already", hint="Name another path."
        )
    if record is not None and not force and (record.source is None or record.source["url"] != url):
        origin = (
            f"was imported from {record.source['url']}" if record.source else "is tracked as data of your own"
        )
        raise UsageError(f"{target} {origin}", hint="Name another path, or replace it with: --force")


def _check_apart(opened: Opened, target: str, url: str) -> None:
    """Refuse a source that holds the place it would be brought to, or lies in it."""
    if scheme_of(url):
        return
    source = os.path.realpath(os.path.join(opened.project.root, os.path.expanduser(url)))
    place = os.path.realpath(opened.workspace_path(target))
    if f"{place}/".startswith(f"{source}/") or f"{source}/".startswith(f"{place}/"):
        raise UsageError(f"{url} and {target} overlap", hint="Import it to a place of its own.")
