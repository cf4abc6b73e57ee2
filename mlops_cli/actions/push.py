"""`push`: send recorded data, outputs and results to a remote."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from mlops_cli.store.closure import closure
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.transfer.claims import claim
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.outcome import Transfer, transfer_outcome
from mlops_cli.store.transfer.push import push as send
from mlops_cli.store.transfer.push import write_listing
from mlops_cli.store.transfer.repair import damaged_there, set_aside
from mlops_cli.tracking.elsewhere import remote_store
from mlops_cli.tracking.storing_anew import with_advice
from mlops_cli.tracking.versions import (
    choose_versions,
    pushed_versions,
    told_apart,
    versions_of,
    with_outs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.closure import Closure
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.results import Results
    from mlops_cli.store.stat_cache import StatCache
    from mlops_cli.store.transfer.remote_store import RemoteStore
    from mlops_cli.tracking.recorded import Chosen
    from mlops_cli.tracking.versions import Pushed

# Of how many objects that lie alone it is remembered that they were sent.
_MOST_ALONE = 5000


def push(
    opened: Opened,
    paths: Sequence[str] = (),
    remote: str | None = None,
    *,
    repair: bool = False,
    revs: Sequence[str] = (),
    history: bool = False,
    pushed: Pushed | None = None,
    listen: Callable[[Tally], None] = lambda _: None,
) -> Transfer:
    """Send what is recorded and not there yet.

    Parameters
    ----------
    paths : sequence of str
        Recorded paths, or paths inside recorded directories; everything that is recorded by default.
    remote : str, optional
        The remote's name; the default one where none is given.
    repair : bool
        Read back what is there already, and replace what is damaged.
    revs : sequence of str
        Commits, branches or tags whose records count, in place of those of the workspace.
    history : bool
        Every record that anything in the repository leads to.
    pushed : Pushed, optional
        What Git is about to push: then what those commits record, whatever the workspace has.
    listen : callable
        Told how far it is, from any thread.

    Raises
    ------
    UsageError
        When there is no such remote or commit, or nothing is recorded at a path.
    HistoryError
        When the history cannot be read.
    DataError
        When the remote fails, or an object here is damaged.
    """
    began = time.monotonic()
    chosen = _choose(opened, paths, revs, pushed, history=history)
    name, store = remote_store(opened, remote, trusting=not repair, writing=True)
    tally = Tally(listen=listen)
    objects, results = opened.open_store()
    artifacts = versions_of(objects, chosen)
    outs = _results(chosen, results)
    wanted = [*artifacts.values(), *(artifact for made in outs.values() for artifact in made.values())]
    memory = _Memory(opened.cache, store, wanted, outs)
    known = None if repair else memory.recall()
    if known is not None:
        tally.skipped = known
        return transfer_outcome(name, store, tally, objects, artifacts, time.monotonic() - began)
    aside = _set_aside(objects, store, wanted, Tally(listen=listen)) if repair else ()
    found = _send(opened, objects, store, wanted, outs, tally)
    if not tally.failed:
        memory.keep(found, tally.objects + tally.skipped)
    chosen, artifacts = with_outs(chosen, artifacts, outs)
    outcome = transfer_outcome(name, store, tally, objects, artifacts, time.monotonic() - began, aside)
    return with_advice(opened, told_apart(outcome, objects, store, chosen, artifacts))


def _choose(
    opened: Opened, paths: Sequence[str], revs: Sequence[str], pushed: Pushed | None, *, history: bool
) -> list[Chosen]:
    if pushed is not None:
        return pushed_versions(opened, pushed)
    return choose_versions(opened, paths, revs, history=history)


def _send(
    opened: Opened,
    objects: FolderObjects,
    store: RemoteStore,
    wanted: Sequence[Artifact],
    outs: Mapping[Digest, Mapping[str, Artifact]],
    tally: Tally,
) -> Closure:
    """Send what is not there, after this project has said there that it keeps something."""
    claim(store, opened.cache, lambda: _first_commit(opened), opened.project.worktree.name)
    found = send(objects, store, wanted, outs, tally)
    if store.publishes:  # also where nothing was sent: the last command may have ended before it wrote it
        write_listing(store)
    return found


def _first_commit(opened: Opened) -> str:
    from mlops_cli.git.history import first_commit
    from mlops_cli.git.worktrees import repository_at

    return first_commit(repository_at(opened.project.common_dir, opened.environment.variables))


def _results(chosen: Sequence[Chosen], results: Results) -> dict[Digest, Mapping[str, Artifact]]:
    """Return the results to which outputs that were chosen whole belong."""
    keys = {c.recorded.key: None for c in chosen if c.recorded.key is not None and not c.inside}
    return {key: outs for key in keys if (outs := results.get(key)) is not None}


def _set_aside(
    objects: FolderObjects, store: RemoteStore, wanted: Sequence[Artifact], tally: Tally
) -> tuple[str, ...]:
    found = closure(objects, wanted)
    sizes = {**found.trees, **found.blobs}
    there = sizes.keys() - store.missing(sizes.keys())
    damaged = damaged_there(store, there, sizes, tally)
    store.results()  # finds damaged segments
    return tuple(set_aside(store, damaged.keys())) if damaged or store.damaged else ()


class _Memory:
    """Remembers that everything was there at one state of the remote, so that nothing is asked object by object again.

    What lies in packs is there while the listing of packs is what it was; what lies alone is looked for in a listing each time,
    with its size.
    """

    def __init__(
        self,
        cache: StatCache,
        store: RemoteStore,
        wanted: Sequence[Artifact],
        outs: Mapping[Digest, Mapping[str, Artifact]],
    ) -> None:
        self._cache = cache
        self._store = store
        what = json.dumps([sorted(artifact.digest for artifact in wanted), sorted(outs)])
        self._name = f"pushed {store.identity} {digest_bytes(what.encode())}"

    def recall(self) -> int | None:
        """Return how many objects are there, where all are; None where that has to be found out."""
        memo = self._cache.memo(self._name)
        if memo is None:
            return None
        value = json.loads(memo)
        if (
            value["generation"] != self._store.generation
            or self._store.alone(value["alone"]) != value["alone"]
        ):
            return None
        return int(value["count"])

    def keep(self, found: Closure, count: int) -> None:
        """Remember that everything is there now."""
        if found.missing:
            return
        everything = {**found.trees, **found.blobs}
        packed = self._store.packed(everything.keys())
        alone = {digest: size for digest, size in everything.items() if digest not in packed}
        if len(alone) <= _MOST_ALONE:
            value = {"generation": self._store.generation, "alone": alone, "count": count}
            self._cache.keep_memo(self._name, json.dumps(value).encode())
