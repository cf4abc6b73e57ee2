"""What lies in the workspace where lineage was asked about a path, and is not what is recorded there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import MlopsError
from mlops_cli.history.lineage.statements import Statement
from mlops_cli.store.digest import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.history.lineage.graph import Named
    from mlops_cli.opened import Opened
    from mlops_cli.tracking.lineage_starts import Begun


class Departed(NamedTuple):
    """A path at which other bytes lie than the lineage is about.

    Parameters
    ----------
    here, recorded : str
        Digests: of what lies there, and of what the lineage is about.
    now : bool
        Whether the workspace's own records tell of `recorded`; else it is what was recorded there last, by any run.
    """

    path: str
    here: str
    recorded: str
    now: bool


def departed(opened: Opened, begun: Begun, versions: Sequence[Named] = ()) -> tuple[Departed, ...]:
    """Return where something lies in the workspace that differs from what was asked about; nothing where nothing lies there.

    Parameters
    ----------
    versions : sequence of Named
        What counts as well: every version, where all of them were asked about.
    """
    if begun.path is None or begun.commit is not None or not begun.artifacts:
        return ()
    named = begun.artifacts[0]
    if not named.artifact.digest.startswith(PREFIX):  # what only DVC recorded has another kind of digest
        return ()
    try:
        lies = opened.workspace.artifact(named.path)
    except MlopsError:  # a pipe, or nothing that may be read: it cannot be told
        return ()
    known = {each.artifact.digest for each in (named, *versions)}
    if lies is None or lies.digest in known:
        return ()
    return (Departed(named.path, lies.digest, named.artifact.digest, begun.now),)


def departures_stated(found: Sequence[Departed]) -> list[Statement]:
    """Return what a proof says of them: that a record of the workspace is contradicted, or that nothing records these bytes."""
    return [
        Statement(
            "artifact",
            row.path,
            "fails" if row.now else "open",
            "what lies here is what is recorded",
            f"it has the digest {row.here[:15]} and not {row.recorded[:15]}; the rest is about the recorded one",
        )
        for row in found
    ]
