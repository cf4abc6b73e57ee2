"""Removing what nobody needs from a local store, and packing together what lies about in many small files.

Whatever moment it is ended at: what is needed is there, under its name. Results go before the objects that they name; a new pack
and its index are on the disk before an old one goes; each file's time is looked at once more right before it goes.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.atomic import flush_folder
from mlops_cli.store.pack import FEW, SMALL, TARGET
from mlops_cli.store.packs import Located, held

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlops_cli.store.digest import Digest
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.packs import LocalPack
    from mlops_cli.store.upkeep.collect import Garbage

_DEAD_SHARE = 0.1  # of a pack's bytes: from here on it is written anew
_TINY = 4 << 20  # bytes: a pack this small is written anew whatever its share
_SMALL_PACK = 16 << 20  # bytes
_MANY_PACKS = 8  # small packs, from which on they are put together
_GROUP = 4 * TARGET  # bytes written before old packs go, so that the disk never holds everything twice
_STRAY = re.compile(r"\..*\.tmp")
_HEX = re.compile(r"[0-9a-f]{62}")


@dataclass(slots=True)
class Plan:
    """What is done to the packs and small files of a store.

    Parameters
    ----------
    rewritten, merged : list of LocalPack
        Packs to be written anew without what nobody needs; small packs to be put together.
    loose : list of Digest
        Small objects that lie alone, to be packed.
    held : dict
        Objects that nobody needs, and their bytes: they stay because the pack around them is not worth writing anew.
    strays : list of Path
        What killed commands left behind.
    """

    rewritten: list[LocalPack]
    merged: list[LocalPack]
    loose: list[Digest]
    held: dict[Digest, int]
    strays: list[Path]


@dataclass(slots=True)
class Swept:
    """What was removed.

    Parameters
    ----------
    objects, bytes, results : int
        How many, and bytes of the objects.
    packs : int
        Packs that were written anew or put together.
    packed : int
        Objects that lay alone and lie in packs now.
    damaged : list of str
        Packs that were left as they are because something in them is damaged.
    """

    objects: int = 0
    bytes: int = 0
    results: int = 0
    packs: int = 0
    packed: int = 0
    damaged: list[str] = field(default_factory=list)


def plan_sweep(
    store: Path, objects: FolderObjects, garbage: Garbage, linked: Iterable[Digest], cutoff: float
) -> Plan:
    """Return what is to be done; takes what stays in its pack out of the garbage.

    Parameters
    ----------
    linked : iterable of Digest
        Objects that files of a workspace are symbolic links to: they stay where they lie.
    """
    plan = Plan([], [], [], {}, list(_strays(store, cutoff)))
    whole_only: list[LocalPack] = []
    for pack in objects.packs.all():
        dead = {d: place.size for d, place in pack.index if d in garbage.objects}
        size = _size(pack.path)
        if dead and (sum(dead.values()) >= _DEAD_SHARE * size or size < _TINY):
            plan.rewritten.append(pack)
        else:
            plan.held |= dead
            if not dead and size < _SMALL_PACK:
                whole_only.append(pack)
    if len(whole_only) >= _MANY_PACKS:
        plan.merged = whole_only
    apart = set(linked)
    small = [
        digest
        for digest, entry in objects.loose.listing()
        if _HEX.fullmatch(entry.name)
        and digest not in garbage.objects
        and digest not in apart
        and (status := entry.stat()).st_size < SMALL
        and status.st_nlink == 1
    ]
    plan.loose = sorted(small) if len(small) >= FEW else []
    for digest in plan.held:
        del garbage.objects[digest]
    return plan


def sweep(objects: FolderObjects, garbage: Garbage, plan: Plan, cutoff: float, settled: list[str]) -> Swept:
    """Remove what was found to be garbage, and pack what lies about.

    Parameters
    ----------
    settled : list of str
        Where `objects` tells the paths of what it writes.

    Raises
    ------
    DataError
        When the store cannot be written to; what is needed is there all the same.
    """
    swept = Swept()
    for result in garbage.results:
        swept.results += _unlink_old(str(result.path), cutoff)
    for digest, size in garbage.objects.items():
        if _unlink_old(objects.loose.path(digest), cutoff):
            swept.objects, swept.bytes = swept.objects + 1, swept.bytes + size
    _rewrite(objects, garbage, plan, cutoff, settled, swept)
    _pack_loose(objects, plan.loose, settled, swept)
    for path in plan.strays:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            _unlink_old(str(path), cutoff)
    return swept


def _rewrite(
    objects: FolderObjects, garbage: Garbage, plan: Plan, cutoff: float, settled: list[str], swept: Swept
) -> None:
    packs = objects.packs
    old: list[LocalPack] = []
    written = 0
    with packs.writer() as writing:
        for pack in [*plan.rewritten, *plan.merged]:
            live = [d for d, _ in pack.index if d not in garbage.objects]
            if _time(pack.path) >= cutoff and len(live) < len(pack.index):
                continue  # something in it was put again meanwhile
            try:
                # All of it before any of it: a pack with something damaged in it stays as it is, for `verify`.
                content = list(packs.read([Located(pack, pack.index.find_all(live))]))
            except DataError as error:
                swept.damaged.append(f"{pack.path}: {error.message}")
                continue
            for digest, data in content:
                if digest not in writing.places:
                    writing.add(digest, data)
                    written += len(data)
            old.append(pack)
            if written >= _GROUP:
                writing.seal()
                _retire(objects, old, garbage, settled, swept)
                old, written = [], 0
    _retire(objects, old, garbage, settled, swept)


def _retire(
    objects: FolderObjects, old: list[LocalPack], garbage: Garbage, settled: list[str], swept: Swept
) -> None:
    """Remove packs whose content is in others, once those are on the disk."""
    new = set(settled)
    flush_settled(settled)
    for pack in old:
        if pack.path in new:
            continue  # it came out as it was
        dead = {d: place.size for d, place in pack.index if d in garbage.objects}
        objects.packs.remove(pack)
        swept.packs += 1
        swept.objects, swept.bytes = swept.objects + len(dead), swept.bytes + sum(dead.values())


def _pack_loose(objects: FolderObjects, digests: list[Digest], settled: list[str], swept: Swept) -> None:
    done: list[Digest] = []
    packed = held(objects.packs.locate(digests))
    with objects.packs.writer() as writing:
        for digest in digests:
            # One that is damaged or gone stays as it is.
            with suppress(DataError):
                data = objects.read_blobs([digest])[0]
                if digest not in packed:
                    writing.add(digest, data)
                done.append(digest)
    flush_settled(settled)
    for digest in done:
        objects.loose.remove(digest)
    swept.packed += len(done)


def flush_settled(settled: list[str]) -> None:
    """Bring to the disk what was written, and empty the list: no power cut may find the old gone and the new not there."""
    for path in settled:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    for folder in {os.path.dirname(path) for path in settled}:
        flush_folder(Path(folder))
    settled.clear()


def _strays(store: Path, cutoff: float) -> Iterator[Path]:
    """Yield what is left over: half-written files, packs without index, parts of downloads, what was set aside long ago."""
    for folder in (store / "objects", store / "results"):
        for path in folder.glob("??/.*"):
            if _STRAY.fullmatch(path.name) and _time(str(path)) < cutoff:
                yield path
    for path in sorted((store / "packs").glob("*")):
        lonely = path.suffix == ".pack" and not path.with_suffix(".idx").exists()
        if (lonely or _STRAY.fullmatch(path.name)) and _time(str(path)) < cutoff:
            yield path
    for folder in (store / "damaged", store / "partial"):
        for path in sorted(folder.glob("*")):
            if _time(str(path)) < cutoff:
                yield path


def _unlink_old(path: str, cutoff: float) -> bool:
    """Remove a file unless it was made young again; return whether it was there and went."""
    with suppress(FileNotFoundError):
        if os.stat(path).st_mtime < cutoff:
            os.unlink(path)
            return True
    return False


def _time(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except FileNotFoundError:
        return float("inf")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
