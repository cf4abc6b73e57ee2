"""Reading everything that lies on a remote, and saying what of it is not what its name says, or is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import PREFIX, Digest, digest_bytes
from mlops_cli.store.pack import PACK_MARK
from mlops_cli.store.transfer.flight import Flight
from mlops_cli.store.transfer.remote_store import OBJECTS, PACKS, object_digest
from mlops_cli.store.transfer.repair import damaged_there, set_aside

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.remote_store import RemoteStore

_DIGITS = 64


class EitherStore:
    """Objects read from here, and those that are missing or damaged here from a remote; nothing is kept."""

    def __init__(self, local: FolderObjects, remote: RemoteStore) -> None:
        self._local = local
        self._remote = remote

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are neither here nor there."""
        absent = self._local.missing(digests)
        return self._remote.missing(absent) if absent else absent

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified.

        Raises
        ------
        DataError
            When one has no good copy in either place.
        """
        absent = self._local.missing(digests)
        found = dict(zip(absent, self._remote.read_blobs(list(absent)), strict=True)) if absent else {}
        for digest in digests:
            if digest not in found:
                try:
                    [found[digest]] = self._local.read_blobs([digest])
                except DataError:
                    [found[digest]] = self._remote.read_blobs([digest])
        return [found[digest] for digest in digests]


@dataclass(slots=True)
class Scrubbed:
    """What is wrong on a remote.

    Parameters
    ----------
    objects : dict
        Damaged objects, and those that are missing although something needs them, with the reason.
    files : dict
        Indexes, packs and result segments that cannot be believed, by name.
    heads : list of str
        Packs of which only the first bytes are wrong.
    read : int
        Objects that were read.
    """

    objects: dict[Digest, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    read: int = 0


def scrub(remote: RemoteStore, local: FolderObjects, artifacts: Sequence[Artifact], tally: Tally) -> Scrubbed:
    """Read everything on a remote.

    Parameters
    ----------
    artifacts : sequence of Artifact
        What should be there, down to the last file.

    Raises
    ------
    RemoteError
        When the remote fails.
    """
    found = closure(EitherStore(local, remote), artifacts)
    needed = {*found.trees, *found.blobs, *found.missing}
    there: set[Digest] = set()
    for pack in remote.packs.values():
        there.update(pack.index.places)
    for name in remote.listing(OBJECTS):
        digest = object_digest(name)
        if len(digest) == len(PREFIX) + _DIGITS:
            there.add(digest)
    remote.results()
    scrubbed = Scrubbed(read=len(there))
    scrubbed.objects = damaged_there(remote, there | needed, {}, tally)
    heads: Flight[str, bytes] = Flight(remote.jobs)
    for name, head in heads.run(
        lambda name: remote.files.read(f"{PACKS}/{name}.pack", 0, len(PACK_MARK)), remote.packs
    ):
        if isinstance(head, DataError) or head != PACK_MARK:
            scrubbed.heads.append(name)
            scrubbed.files[f"{PACKS}/{name}.pack"] = "its first bytes are wrong"
    scrubbed.files |= remote.damaged
    return scrubbed


def take_out(remote: RemoteStore, scrubbed: Scrubbed) -> None:
    """Set aside what is damaged on a remote, so that it can be sent again.

    Raises
    ------
    RemoteError
        When the remote fails; what was reachable and whole is still so.
    """
    for name in scrubbed.heads:
        data = remote.files.read(f"{PACKS}/{name}.pack")
        mended = PACK_MARK + data[len(PACK_MARK) :]
        if digest_bytes(mended) == PREFIX + name:
            remote.files.write(f"{PACKS}/{name}.pack", mended)
    absent = remote.missing(scrubbed.objects.keys())
    set_aside(remote, scrubbed.objects.keys() - absent)
