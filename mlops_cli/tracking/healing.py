"""Damaged objects of the local store, replaced by good copies that a remote has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.packs import Located
from mlops_cli.store.transfer.fetch import fetch_objects

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlops_cli.opened import Opened, Writing
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.remote_store import RemoteStore


def heal(
    opened: Opened, writing: Writing, remote: RemoteStore, suspects: Collection[Digest], tally: Tally
) -> set[Digest]:
    """Set aside what is damaged of some objects here and is on the remote, and bring it from there; return what came.

    What the remote does not have stays as it is: `verify --repair` may know another copy.

    Raises
    ------
    DataError
        When the remote cannot be listed, or the store here cannot be written.
    """
    from mlops_cli.store.upkeep.mend import set_aside

    settled: list[str] = []
    folder = writing.session.folder / "healing"
    folder.mkdir(exist_ok=True)
    objects = FolderObjects(opened.store, folder, opened.config.links, settled.append)
    damaged = objects.damaged(set(suspects) - objects.missing(suspects))
    there = damaged - remote.missing(damaged)
    if not there:
        return set()
    there = _with_neighbours(objects, there)
    set_aside(opened.store, objects, there, (), settled)
    writing.objects.packs.again()
    there -= remote.missing(there)
    failed = fetch_objects(writing.objects, remote, there, tally)
    return there - failed.keys()


def _with_neighbours(objects: FolderObjects, damaged: set[Digest]) -> set[Digest]:
    """Add what else is damaged in the packs that are made anew: only whole objects can go into a new one."""
    found = damaged
    while True:
        packs = [pack for pack in objects.packs.all() if pack.index.find_all(found)]
        more = objects.packs.damaged(Located(pack, pack.index.places) for pack in packs)
        if more <= found:
            return found
        found = found | more
