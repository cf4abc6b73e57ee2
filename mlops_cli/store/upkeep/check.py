"""Reading every byte of a local store, and saying what is not what its name says."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import PREFIX, Digest, digest_bytes
from mlops_cli.store.pack import PACK_MARK, PackIndex
from mlops_cli.store.upkeep.projects import registered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.packs import LocalPack
    from mlops_cli.store.results import Results

_WRONG = "its bytes do not have its digest"


@dataclass(slots=True)
class Checked:
    """What was read, and what of it is damaged, with the reason.

    Parameters
    ----------
    damaged : dict
        Objects.
    packs, indexes : dict
        By the pack's name: packs in which bytes outside of objects are wrong, or which are gone; indexes that cannot be believed.
    results : dict
        By key.
    others : dict
        Files of the store that can be thrown away or made anew, by path.
    dangling : int
        Results that name objects which are not here; they count as absent until those are brought.
    """

    objects: int = 0
    bytes: int = 0
    damaged: dict[Digest, str] = field(default_factory=dict)
    packs: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)
    results: dict[Digest, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    results_read: int = 0
    dangling: int = 0


def check_objects(
    objects: FolderObjects,
    checked: Checked,
    listen: Callable[[int, int], None] = lambda _files, _bytes: None,
    only: Collection[Digest] | None = None,
) -> None:
    """Read objects with several threads, whole packs at a time.

    Parameters
    ----------
    listen : callable
        Told how many objects and bytes have been read.
    only : collection of Digest, optional
        Read these alone, not everything.
    """
    packs = objects.packs.all()
    checked.indexes.update(objects.packs.unreadable)
    loose = [(d, entry.path) for d, entry in objects.loose.listing() if only is None or d in only]
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for pack, found in pool.map(lambda pack: (pack, _check_pack(pack, only)), packs):
            _add(checked, pack, found, listen)
        for digest, size in pool.map(lambda item: _check_loose(objects, *item), loose):
            checked.objects += 1
            checked.bytes += max(size, 0)
            if size < 0:
                checked.damaged[digest] = _WRONG
            listen(checked.objects, checked.bytes)


@dataclass(slots=True)
class _Pack:
    objects: int = 0
    bytes: int = 0
    damaged: list[Digest] = field(default_factory=list)
    reason: str = ""


def _check_pack(pack: LocalPack, only: Collection[Digest] | None) -> _Pack:
    places = pack.index.places if only is None else pack.index.find_all(only)
    found = _Pack(len(places))
    if not places and only is not None:
        return found
    try:
        data = Path(pack.path).read_bytes()
    except OSError as error:
        found.damaged = list(places)
        found.reason = f"it cannot be read: {error.strerror}"
        return found
    found.bytes = len(data)
    for digest, place in places.items():
        if digest_bytes(data[place.offset : place.offset + place.size]) != digest:
            found.damaged.append(digest)
    if only is None and not found.damaged and digest_bytes(data) != PREFIX + pack.name:
        marked = data.startswith(PACK_MARK)
        found.reason = "its bytes are not what its name says" if marked else "its first bytes are wrong"
    return found


def _add(checked: Checked, pack: LocalPack, found: _Pack, listen: Callable[[int, int], None]) -> None:
    checked.objects += found.objects
    checked.bytes += found.bytes
    checked.damaged.update(
        dict.fromkeys(found.damaged, found.reason or f"{_WRONG}, in pack {pack.name[:12]}")
    )
    if found.reason:
        checked.packs[pack.name] = found.reason
    listen(checked.objects, checked.bytes)


def _check_loose(objects: FolderObjects, digest: Digest, path: str) -> tuple[Digest, int]:
    size = objects.loose.size(digest) or 0
    # One that is gone since it was listed was collected, and is missing to whoever needs it.
    return digest, size if objects.loose.intact(digest) or not os.path.lexists(path) else -1


def check_results(
    results: Results,
    objects: FolderObjects,
    checked: Checked,
    recorded: Mapping[Digest, Mapping[str, Artifact]],
) -> None:
    """Read every result, and compare what it says of objects with the objects.

    Parameters
    ----------
    recorded : mapping
        What records say that keys led to.
    """
    outs: dict[Digest, dict[str, Artifact]] = {}
    for key, path, _ in results.listing():
        checked.results_read += 1
        found = results.get(key)
        if found is None:
            checked.results[key] = "it cannot be read"
            continue
        outs[key] = found
        value = {"schema": 1, "key": key, "outs": {p: artifact.record() for p, artifact in found.items()}}
        try:
            if path.read_bytes() != compact(value):
                checked.results[key] = "it is not laid out as it was written"
        except OSError:
            continue
    sizes = objects.sizes({artifact.digest for found in outs.values() for artifact in found.values()})
    for key, found in outs.items():
        absent = [artifact for artifact in found.values() if artifact.digest not in sizes]
        wrong = [
            path
            for path, artifact in found.items()
            if not artifact.tree and artifact.digest in sizes and sizes[artifact.digest] != artifact.size
        ]
        if wrong:
            checked.results[key] = f"it gives {wrong[0]} a size that its content does not have"
        if absent and key in recorded and recorded[key] != found:
            checked.results[key] = (
                "it names outputs that are not here, and the record of the same key names others"
            )
        checked.dangling += bool(absent)


def check_others(store: Path, checked: Checked) -> None:
    """Look at what else lies in the store: copies of what lies on remotes, registrations."""
    for path in sorted((store / "remotes").glob("*/*.idx")):
        try:
            PackIndex(path.read_bytes())
        except (OSError, DataError) as error:
            checked.others[str(path)] = str(error)
    for path in sorted((store / "remotes").glob("*/*.json")):
        if digest_bytes(path.read_bytes())[3:] != path.stem:
            checked.others[str(path)] = "its bytes are not what its name says"
    try:
        registered(store)
    except FileError as error:
        checked.others[str(store / "projects")] = error.message
