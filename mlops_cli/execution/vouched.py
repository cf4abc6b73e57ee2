"""What records say of the inputs that a built-in step loads as programs: which digest they must have to be trusted."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlops_cli.execution.facts import MachineFacts
    from mlops_cli.pipeline.graph import Source
    from mlops_cli.store.digest import Digest


def vouched(
    paths: Iterable[str],
    sources: Mapping[str, tuple[Source, ...]],
    facts: MachineFacts,
    committed: Callable[[str], bytes | None],
) -> dict[str, Digest]:
    """Return path to the digest that a record promises; what nothing promises is left out.

    The stage that makes it is asked first, then the record of tracked data, then Git.

    Parameters
    ----------
    paths : iterable of str
        Files or directories, relative to the project.
    sources : mapping
        Path to the stages that make it, as a graph has them.
    committed : callable
        Returns the bytes that Git has committed at a path, or None.
    """
    found: dict[str, Digest] = {}
    for path in paths:
        digest = _made(path, sources.get(path, ()), facts) or _tracked(path, facts)
        if digest is None and (data := committed(path)) is not None:
            digest = digest_bytes(data)
        if digest is not None:
            found[path] = digest
    return found


def relative(path: str, folder: str) -> str:
    """Return a path of the project as it is written in a stage's folder.

    Examples
    --------
    >>> relative("models/best.joblib", "models"), relative("data", "."), relative("data/a.csv", "models")
    ('best.joblib', 'data', '../data/a.csv')
    """
    return posixpath.relpath(path, folder)


def _made(path: str, makers: tuple[Source, ...], facts: MachineFacts) -> Digest | None:
    for source in makers:
        record = facts.record(source.stage)
        artifact = record.outs.get(source.path) if record else None
        if artifact is not None and path != source.path:
            artifact = facts.inside(artifact, path[len(source.path) + 1 :])
        if artifact is not None:
            return artifact.digest
    return None


def _tracked(path: str, facts: MachineFacts) -> Digest | None:
    artifact = facts.promised(path)
    return None if artifact is None else artifact.digest
