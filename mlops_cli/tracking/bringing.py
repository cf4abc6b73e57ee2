"""Bringing recorded content from a remote into the local store: what `fetch`, `pull` and `run --pull` have in common."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import artifact_from_record
from mlops_cli.store.closure import closure
from mlops_cli.store.tracked import holder
from mlops_cli.store.transfer.fetch import fetch as bring_artifacts
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.outcome import Transfer, transfer_outcome
from mlops_cli.store.transfer.read_through import ReadThroughObjects, ReadThroughResults
from mlops_cli.tracking.agreeing import agree
from mlops_cli.tracking.departures import departures, partly_here
from mlops_cli.tracking.elsewhere import remote_store
from mlops_cli.tracking.healing import heal
from mlops_cli.tracking.recorded import Chosen, recorded_artifacts
from mlops_cli.tracking.versions import complete_keys, told_apart, versions_of, with_outs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mlops_cli.opened import Opened, Writing
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.results import Results
    from mlops_cli.store.transfer.remote_store import RemoteStore


def bring(
    opened: Opened,
    chosen: Sequence[Chosen],
    remote: str | None,
    listen: Callable[[Tally], None],
    began: float,
    suspects: Collection[Digest] = (),
) -> Transfer:
    """Bring what was chosen, and the results that it belongs to; lists of files that are damaged here are replaced.

    Parameters
    ----------
    suspects : collection of Digest
        Objects that seemed damaged here: those that are, and that the remote has, are replaced.

    Raises
    ------
    UsageError
        When there is no such remote.
    DataError
        When the remote cannot be listed, or the store here cannot be written.
    """
    name, store = remote_store(opened, remote)
    tally = Tally(listen=listen)
    with opened.writing() as writing:
        writing.commit.begin()
        healed = heal(opened, writing, store, suspects, tally) if suspects else set()
        artifacts = _bring_healing(opened, writing, store, chosen, tally, healed)
        keys = complete_keys(writing.objects, chosen, artifacts) if tally.failed else _keys(chosen)
        wanted = {key for key in keys if writing.results.get(key) is None}
        if wanted:
            results = {key: outs for key, outs in remote_results(store).items() if key in wanted}
            # Outputs that Git keeps have no record of their own, and a result is nothing without their content.
            recorded = {*recorded_artifacts(opened), *(choice.recorded.path for choice in chosen)}
            rest = [out for outs in results.values() for path, out in outs.items() if path not in recorded]
            bring_artifacts(writing.objects, store, rest, tally)
            for key, outs in results.items():
                writing.results.put(key, outs)
            chosen, artifacts = with_outs(chosen, artifacts, results)
        objects = writing.objects
    outcome = transfer_outcome(name, store, tally, objects, artifacts, time.monotonic() - began)
    outcome = told_apart(outcome, objects, store, chosen, artifacts)
    return replace(outcome, healed=tuple(sorted(healed)))


def _keys(chosen: Sequence[Chosen]) -> set[Digest]:
    return {choice.recorded.key for choice in chosen if choice.recorded.key is not None}


def _bring_healing(
    opened: Opened,
    writing: Writing,
    store: RemoteStore,
    chosen: Sequence[Chosen],
    tally: Tally,
    healed: set[Digest],
) -> dict[str, Artifact]:
    """Bring what was chosen; where a list of files is damaged here, take the remote's, and go on. Return what was chosen."""
    through = ReadThroughObjects(writing.objects, store, lambda: tally)
    while True:
        before, tally.skipped = tally.objects, 0
        try:
            artifacts = versions_of(through, chosen)
        except DataError:
            lists = closure(writing.objects, [each.recorded.artifact for each in chosen if each.inside])
            came = heal(opened, writing, store, lists.missing.keys() - healed, tally)
            if not came:
                raise
        else:
            bring_artifacts(writing.objects, store, list(artifacts.values()), tally)
            tally.skipped = max(tally.skipped - before, 0)  # what came a moment ago was not here already
            # Of a list that cannot be read nobody knows what it names.
            came = heal(opened, writing, store, tally.unmoved - healed, tally) if tally.unmoved else set()
            if not came:
                for digest in tally.failed.keys() & (tally.unmoved - writing.objects.missing(tally.unmoved)):
                    tally.failed[digest] += "; look for a good copy with: mlops verify --repair"
                return artifacts
        healed |= came
        tally.unmoved -= came
        for digest in came:
            tally.failed.pop(digest, None)


def remote_results(store: RemoteStore) -> dict[Digest, Mapping[str, Artifact]]:
    """Return every result on a remote; one that cannot be read counts as absent."""
    found: dict[Digest, Mapping[str, Artifact]] = {}
    for key, value in store.results().items():
        try:
            found[key] = {path: artifact_from_record(row) for path, row in value.items()}
        except DataError:
            continue
    return found


class Pulling:
    """The stores of a run that may bring what it needs from a remote: asked once what there is, for the whole run.

    Parameters
    ----------
    listen : callable
        Told how far each bringing is, from any thread.
    """

    def __init__(
        self, opened: Opened, remote: str | None, listen: Callable[[Tally], None] = lambda _: None
    ) -> None:
        self.name, self._store = remote_store(opened, remote)
        self._results = remote_results(self._store)
        self._listen = listen

    def stores(
        self, objects: FolderObjects, results: Results
    ) -> tuple[ReadThroughObjects, ReadThroughResults]:
        """Return the local stores with the remote behind them."""
        through = ReadThroughObjects(objects, self._store, lambda: Tally(listen=self._listen))
        return through, ReadThroughResults(results, self._results)


def check_inputs(opened: Opened, names: Sequence[str], *, complete: bool) -> tuple[str, ...]:
    """Return which tracked inputs of stages are changed; none may be here only in part.

    Parameters
    ----------
    complete : bool
        Bring the rest of what is here only in part.

    Raises
    ------
    DataError
        When a part of a directory would be taken for all of it.
    """
    found = departures(opened, names)
    if found.partial and not complete:
        raise partly_here(found.partial[0])
    if found.partial:
        known = recorded_artifacts(opened)
        tops = {path: holder(known, path) or path for path in found.partial}
        chosen = [Chosen(known[top], path[len(top) + 1 :]) for path, top in tops.items()]
        bring(opened, chosen, None, lambda _: None, time.monotonic())
        agree(opened, chosen)
        found = departures(opened, names)
        if found.partial:
            raise partly_here(found.partial[0])
    return found.changed
