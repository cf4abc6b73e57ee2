"""A local store with a remote behind it: what is not here is brought from there when it is asked for, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.transfer.fetch import fetch_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mlops_cli.helper.process import Helper
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.folder import FolderIntake, FolderObjects
    from mlops_cli.store.objects import Placement, Stored
    from mlops_cli.store.results import Results
    from mlops_cli.store.stat_cache import Identity
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.remote_store import RemoteStore


class ReadThroughObjects:
    """Objects of the local store and of a remote as if they lay in one place; what is put stays here.

    Parameters
    ----------
    tally : callable
        Returns what counts one bringing.
    """

    def __init__(self, local: FolderObjects, remote: RemoteStore, tally: Callable[[], Tally]) -> None:
        self.local = local
        self.remote = remote
        self._tally = tally
        # What the remote turned out not to have after all, or only damaged: whoever asks again makes it anew.
        self._gone: set[Digest] = set()

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are neither here nor there."""
        absent = self.local.missing(digests)
        return self.remote.missing(absent) | (absent & self._gone) if absent else absent

    def put_files(self, paths: Sequence[str]) -> list[Stored]:
        """Store files here."""
        return self.local.put_files(paths)

    def put_blobs(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Store bytes here."""
        return self.local.put_blobs(blobs)

    def intake(self) -> FolderIntake:
        """Return what takes files in here."""
        return self.local.intake()

    def bring(self, digests: Collection[Digest]) -> None:
        """Bring those that are not here.

        Raises
        ------
        DataError
            When one cannot be brought.
        """
        absent = self.local.missing(digests)
        if not absent:
            return
        failed = fetch_objects(self.local, self.remote, absent, self._tally())
        for digest, error in failed.items():
            if isinstance(error, RemoteError) and error.transient:
                raise error
            self._gone.add(digest)
        if failed:
            raise next(iter(failed.values()))

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified, brought first where they are not here."""
        self.bring(digests)
        return self.local.read_blobs(digests)

    def place(self, placements: Sequence[Placement], helper: Helper | None = None) -> list[Identity]:
        """Make files out of objects, brought first where they are not here."""
        self.bring({placement.digest for placement in placements})
        return self.local.place(placements, helper)

    def damaged(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are damaged here; what is only there is verified when it is brought."""
        return self.local.damaged(
            digests - self.local.missing(digests) if isinstance(digests, set) else digests
        )

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove objects here that were found damaged."""
        self.local.remove(digests)


class ReadThroughResults:
    """Results known here, and behind them those that a remote knows; what is found there is kept here.

    Parameters
    ----------
    there : mapping
        Key to outputs.
    """

    def __init__(self, local: Results, there: Mapping[Digest, Mapping[str, Artifact]]) -> None:
        self._local = local
        self._there = there

    def get(self, key: Digest) -> Mapping[str, Artifact] | None:
        """Return the outputs that a key led to, or None."""
        outs = self._local.get(key)
        if outs is None and key in self._there:
            outs = dict(self._there[key])
            self._local.put(key, outs)
        return outs

    def put(self, key: Digest, outs: Mapping[str, Artifact]) -> None:
        """Keep what a key led to, here."""
        self._local.put(key, outs)
