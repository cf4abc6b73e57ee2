"""Taking what is damaged out of use, and putting good copies in its place.

What is damaged is kept under `damaged/` of the store, for whoever wants to look at it; it is never used, and never removed
without a word.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.store.digest import PREFIX, Digest, digest_bytes
from mlops_cli.store.look import FileLook, FolderLook
from mlops_cli.store.pack import encode_index
from mlops_cli.store.packs import Located
from mlops_cli.store.upkeep.salvage import rebuild_places
from mlops_cli.store.upkeep.sweep import flush_settled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.packs import LocalPack
    from mlops_cli.store.workspace import Workspace

_DAMAGED = "damaged"


def rebuild_indexes(
    store: Path, objects: FolderObjects, names: Iterable[str], known: Mapping[Digest, int]
) -> dict[str, int]:
    """Make damaged or missing indexes anew; return how many objects each holds now.

    A pack of which nothing can be told is left as it is.

    Parameters
    ----------
    names : iterable of str
        Of packs.
    known : mapping
        Digest to bytes of objects that may be in them.
    """
    done = {}
    for name in names:
        pack, index = store / "packs" / f"{name}.pack", store / "packs" / f"{name}.idx"
        try:
            data = pack.read_bytes()
        except OSError:
            continue
        old = index.read_bytes() if index.exists() else b""
        places = rebuild_places(data, old, known)
        if not places:
            continue
        if old:
            write_atomic(store / _DAMAGED / index.name, old)
        write_atomic(index, encode_index(places))
        done[name] = len(places)
    objects.packs.again()
    return done


def set_aside(
    store: Path,
    objects: FolderObjects,
    damaged: Collection[Digest],
    packs: Collection[str],
    settled: list[str],
) -> None:
    """Take damaged objects out of use; what is whole beside them in a pack stays.

    Parameters
    ----------
    packs : collection of str
        Names of packs to be written anew, although every object in them is whole.
    settled : list of str
        Where `objects` tells the paths of what it writes.

    Raises
    ------
    DataError
        When the store cannot be written.
    """
    for pack in objects.packs.all():
        bad = pack.index.find_all(damaged)
        if bad or pack.name in packs:
            _keep_slices(store, pack, bad.keys())
            _rewrite(store, objects, pack, bad.keys(), settled)
    for digest in damaged:
        path = objects.loose.path(digest)
        if os.path.exists(path):
            (store / _DAMAGED).mkdir(exist_ok=True)
            os.rename(path, store / _DAMAGED / digest[len(PREFIX) :])


def _keep_slices(store: Path, pack: LocalPack, bad: Collection[Digest]) -> None:
    with suppress(OSError):
        data = Path(pack.path).read_bytes()
        for digest in bad:
            place = pack.index.places[digest]
            write_atomic(
                store / _DAMAGED / digest[len(PREFIX) :], data[place.offset : place.offset + place.size]
            )


def _rewrite(
    store: Path, objects: FolderObjects, pack: LocalPack, bad: Collection[Digest], settled: list[str]
) -> None:
    """Put what is whole in a pack into a new one, and take the old out of use: its index first."""
    good = {d: place for d, place in pack.index if d not in bad}
    with objects.packs.writer() as writing:
        for digest, data in objects.packs.read([Located(pack, good)]):
            writing.add(digest, data)
    replaced = (
        pack.path in settled
    )  # what was wrong lay outside of its objects: the new one has taken its place
    flush_settled(settled)
    aside = store / _DAMAGED
    aside.mkdir(exist_ok=True)
    for path in () if replaced else (pack.index_path, pack.path):
        with suppress(FileNotFoundError):
            os.rename(path, aside / os.path.basename(path))
    objects.packs.again()


def set_index_aside(store: Path, objects: FolderObjects, names: Iterable[str]) -> None:
    """Take indexes out of use of which nothing can be made; their packs are garbage then."""
    (store / _DAMAGED).mkdir(exist_ok=True)
    for name in names:
        with suppress(FileNotFoundError):
            os.rename(store / "packs" / f"{name}.idx", store / _DAMAGED / f"{name}.idx")
    objects.packs.again()


def set_file_aside(store: Path, path: Path, name: str) -> None:
    """Take any other file of the store out of use."""
    (store / _DAMAGED).mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        os.rename(path, store / _DAMAGED / name)


def mend_from_workspace(
    workspace: Workspace, objects: FolderObjects, wanted: Collection[Digest], paths: Iterable[str]
) -> dict[Digest, str]:
    """Put objects into the store out of files and folders that still have their content; return where each was found.

    Parameters
    ----------
    paths : iterable of str
        Recorded paths, relative to the workspace.
    """
    copies: dict[Digest, tuple[str, bytes | None]] = {}
    for path in paths:
        with suppress(DataError):
            _find_copies(path, workspace.contents(path), wanted, copies)
    found: dict[Digest, str] = {}
    for digest, (path, data) in copies.items():
        with suppress(DataError):
            if data is None:
                [stored] = objects.put_files([workspace.absolute(path)])
                found |= {digest: path} if stored.digest == digest else {}
            elif digest_bytes(data) == digest:
                objects.put_blobs([data])
                found[digest] = path
    return found


def _find_copies(
    path: str,
    look: FileLook | FolderLook | str | None,
    wanted: Collection[Digest],
    copies: dict[Digest, tuple[str, bytes | None]],
) -> None:
    if isinstance(look, FileLook) and look.digest in wanted and look.digest is not None:
        copies.setdefault(look.digest, (path, None))
    elif isinstance(look, FolderLook):
        if look.artifact is not None and look.artifact.digest in wanted:
            copies.setdefault(look.artifact.digest, (path, look.data))
        for name, child in look.children.items():
            _find_copies(f"{path}/{name}", child, wanted, copies)
