"""What nobody needs on a remote, and removing it.

A remote tells no times, so garbage is marked first, and removed when the mark is old. Whatever moment it is ended at, what is
needed is there under its name: a new pack and its index come before an old index goes, and an index goes before its pack.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import PREFIX, Digest
from mlops_cli.store.pack import SMALL, build_packs
from mlops_cli.store.remotes.port import NotThere
from mlops_cli.store.transfer.push import write_listing
from mlops_cli.store.transfer.remote_store import (
    OBJECTS,
    PACKS,
    RESULTS,
    RemotePack,
    RemoteStore,
    object_digest,
    object_name,
    reads,
    segment_name,
)
from mlops_cli.store.transfer.scrub import EitherStore
from mlops_cli.store.upkeep.collect import TREE_START, Garbage, Mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.store.folder import FolderObjects

MARKS = "garbage.json"
_DEAD_SHARE = 0.5  # of a pack's bytes: from here on it is worth sending the rest anew
_TINY = 4 << 20  # bytes: a pack this small is written anew whatever its share
_BATCH = 4096
_MEND = "Mend what can be mended with: mlops verify --remote --repair"


@dataclass(slots=True)
class RemoteGarbage:
    """What nobody needs on a remote.

    Parameters
    ----------
    garbage : Garbage
        Its objects are those whose marks are old enough.
    marks : dict
        Of everything that nobody needs: since when that is known, in seconds since the epoch.
    segments : dict
        Segments of results to be replaced, each by what stays of it.
    packs, alone : list
        What goes or is written anew; names of objects that lie alone.
    """

    garbage: Garbage
    marks: dict[Digest, float]
    segments: dict[str, dict[Digest, object]] = field(default_factory=dict)
    packs: list[RemotePack] = field(default_factory=list)
    alone: list[Digest] = field(default_factory=list)
    held: dict[Digest, int] = field(default_factory=dict)


def find_remote_garbage(
    remote: RemoteStore, local: FolderObjects, mentions: Mentions, now: float, grace: float
) -> RemoteGarbage:
    """Return what nothing leads to on a remote.

    Parameters
    ----------
    now, grace : float
        Seconds since the epoch; seconds for which something has to be known as garbage before it goes.

    Raises
    ------
    DataError
        When the remote fails, or something there is damaged that may lead to others.
    """
    there = _everything(remote)
    results = remote.results()
    for name, reason in remote.damaged.items():
        raise DataError(f"{name} of the remote: {reason}, so nobody can tell what is needed", hint=_MEND)
    garbage = Garbage()
    roots, trees = set(mentions.digests), set(mentions.trees)
    old = _read_marks(remote)
    aged = {key: min(old.get(key, now), now) for key in results if key not in mentions.digests}
    kept_results = {
        key: outs for key, outs in results.items() if aged.get(key, now) > now - grace or key not in aged
    }
    for outs in kept_results.values():
        for record in outs.values():
            artifact = artifact_from_record(record)
            roots.add(artifact.digest)
            if artifact.tree:
                trees.add(artifact.digest)
    either = EitherStore(local, remote)
    trees |= set(_trees_among(remote, either, roots - trees))
    found = closure(either, [Artifact(digest, 0, tree=True) for digest in trees])
    broken = found.missing.keys() - either.missing(found.missing.keys())
    if broken:
        raise DataError(
            f"object {min(broken)} is damaged here or on the remote; nothing was removed", hint=_MEND
        )
    garbage.unopened = {d: reason for d, reason in found.missing.items() if d not in trees}
    garbage.needed = roots | found.trees.keys() | found.blobs.keys() | found.missing.keys()
    marks = {d: min(old.get(d, now), now) for d in there if d not in garbage.needed}
    for digest, size in there.items():
        if digest in garbage.needed:
            garbage.kept, garbage.kept_bytes = garbage.kept + 1, garbage.kept_bytes + size
        elif marks[digest] <= now - grace:
            garbage.objects[digest] = size
        else:
            garbage.young, garbage.young_bytes = garbage.young + 1, garbage.young_bytes + size
    plan = RemoteGarbage(garbage, marks | {key: since for key, since in aged.items() if key in kept_results})
    if len(kept_results) < len(results):
        _plan_segments(remote, kept_results, plan)
    _plan_objects(remote, plan)
    return plan


def _everything(remote: RemoteStore) -> dict[Digest, int]:
    there: dict[Digest, int] = {}
    for name, size in remote.listing(OBJECTS).items():
        digest = object_digest(name)
        if len(digest) == len(PREFIX) + 64:
            there[digest] = size
    for pack in remote.packs.values():
        there.update({digest: place.size for digest, place in pack.index})
    return there


def _trees_among(remote: RemoteStore, either: EitherStore, digests: set[Digest]) -> Iterator[Digest]:
    """Yield the objects that look like trees."""
    there = sorted(digests - either.missing(digests))
    alone = remote.alone([d for d in there if d not in remote.packed(there)])
    large = {d for d, size in alone.items() if size >= SMALL}
    small = [d for d in there if d not in large]
    for start in range(0, len(small), _BATCH):
        batch = small[start : start + _BATCH]
        for digest, data in zip(batch, either.read_blobs(batch), strict=True):
            if data.startswith(TREE_START):
                yield digest
    for digest in large:
        if remote.files.read(object_name(digest), 0, len(TREE_START)) == TREE_START:
            yield digest


def _plan_segments(remote: RemoteStore, kept: dict[Digest, dict[str, object]], plan: RemoteGarbage) -> None:
    for name in remote.listing(RESULTS):
        data = json.loads(remote.files.read(name))
        stay = {key: outs for key, outs in data.get("results", {}).items() if key in kept}
        if len(stay) < len(data.get("results", {})):
            plan.segments[name] = stay


def _plan_objects(remote: RemoteStore, plan: RemoteGarbage) -> None:
    dead = plan.garbage.objects
    packed: set[Digest] = set()
    for pack in remote.packs.values():
        here = {d: place.size for d, place in pack.index if d in dead}
        packed.update(here)
        if here and (sum(here.values()) >= _DEAD_SHARE * pack.size or pack.size < _TINY):
            plan.packs.append(pack)
        else:
            plan.held |= here
    for digest in plan.held:
        del dead[digest]
    plan.alone = list(remote.alone([digest for digest in dead if digest not in packed]))


def sweep_remote(remote: RemoteStore, plan: RemoteGarbage) -> None:
    """Remove what was found, and mark what is to go later.

    Raises
    ------
    DataError
        When the remote fails; what is needed is there all the same.
    """
    for name, stay in plan.segments.items():
        if stay:
            data = compact({"schema": 1, "results": stay})
            remote.files.write(f"{RESULTS}/{segment_name(data)}", data)
        remote.files.remove([name])
    for pack in plan.packs:
        _replace(remote, pack, plan.garbage)
    remote.files.remove([object_name(digest) for digest in plan.alone])
    left = {d: since for d, since in plan.marks.items() if d not in plan.garbage.objects}
    remote.files.write(MARKS, compact({"schema": 1, "seen": left}))
    remote.again()
    if remote.publishes:
        write_listing(remote)


def _replace(remote: RemoteStore, pack: RemotePack, garbage: Garbage) -> None:
    """Send what is needed of a pack anew, and remove the pack."""
    live = {d: pack for d, _ in pack.index if d not in garbage.objects}
    new: set[str] = set()
    for name, data, index in build_packs(_content(remote, live)):
        new.add(name)
        remote.files.write(f"{PACKS}/{name}.pack", data)
        remote.files.write(f"{PACKS}/{name}.idx", index.data)
    if pack.name not in new:
        remote.files.remove([f"{PACKS}/{pack.name}.idx"])
        remote.files.remove([f"{PACKS}/{pack.name}.pack"])


def _content(remote: RemoteStore, live: dict[Digest, RemotePack]) -> Iterator[tuple[Digest, bytes]]:
    for pack, span in reads(live):
        for digest, data in remote.read_span(pack, span):
            if data is None:
                raise DataError(f"object {digest} is damaged on the remote", hint=_MEND)
            yield digest, data


def _read_marks(remote: RemoteStore) -> dict[Digest, float]:
    try:
        value = json.loads(remote.files.read(MARKS))
        return {Digest(digest): float(since) for digest, since in value["seen"].items()}
    except (NotThere, ValueError, KeyError, TypeError, AttributeError):
        return {}  # then the period of grace begins anew
