"""Whether the sizes that records give are those of the bytes in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact


def wrong_size(opened: Opened, artifact: Artifact, files: int | None = None) -> str:
    """Return how the size that a record gives, or the number of files, is not that of the bytes in the store; empty where it is."""
    from mlops_cli.store.upkeep.referrers import Totals

    objects, _ = opened.open_store()
    total = Totals(objects, objects.sizes({artifact.digest})).of(artifact)
    if total is None or total == (total[0] if files is None else files, artifact.size):
        return ""
    told = f"{artifact.size:,} bytes" if files is None else f"{files:,} files and {artifact.size:,} bytes"
    return f"the record says that it has {told}, and it has {total[0]:,} files and {total[1]:,} bytes: it was altered"
