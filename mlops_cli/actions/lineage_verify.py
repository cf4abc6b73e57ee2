"""`lineage --verify`: what of a lineage can be proven from Git and digests, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.git.witness import Witness
from mlops_cli.git.worktrees import repository_at
from mlops_cli.history.lineage.start import final
from mlops_cli.history.lineage.statements import Proof
from mlops_cli.history.lineage.up import what_made
from mlops_cli.tracking.elsewhere import remote_store
from mlops_cli.tracking.lineage_content import Contents
from mlops_cli.tracking.lineage_departed import departed, departures_stated
from mlops_cli.tracking.lineage_proof import Prover
from mlops_cli.tracking.lineage_starts import begin, remembered

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.opened import Opened


def lineage_verify(
    opened: Opened,
    ref: str,
    *,
    at: str | None = None,
    remote: str | None = None,
    listen: Callable[[int, int], None] = lambda _files, _bytes: None,
) -> Proof:
    """Prove a lineage: each statement with what it rests on.

    Parameters
    ----------
    remote : str, optional
        Ask this remote, by its listing, for what is not here.
    listen : callable
        Told how many objects and bytes were read.

    Raises
    ------
    UsageError
        When there is no such thing, or no such remote.
    """
    known = remembered(opened, at)
    begun = begin(opened, known, ref)
    asked = remote_store(opened, remote) if remote is not None else None
    starts = begun.artifacts or final(begun.productions)
    graph = what_made(known, starts, begun.productions, None, begun.preferred)
    repository = repository_at(opened.project.common_dir, opened.environment.variables)
    with Witness(repository) as witness:
        prover = Prover(opened, known, witness)
        others = departures_stated(departed(opened, begun)) if known.at is None else []
        statements = [
            *others,
            *Contents(opened, prover, asked, listen).statements(graph),
            *prover.statements(graph),
        ]
    return Proof(ref, tuple(statements), opened.history.trouble)
