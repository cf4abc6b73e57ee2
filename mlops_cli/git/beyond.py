"""Names of commits that lead beyond what a shallow clone has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_cli.errors import HistoryError

if TYPE_CHECKING:
    from mlops_cli.git.command import Git

_STEPS = re.compile(r"(?:[~^]\d*)+$")  # to parents
_ID = re.compile(r"[0-9a-f]{7,64}")


def beyond_border(git: Git, name: str) -> HistoryError | None:
    """Return why a name leads to no commit, where the clone is shallow and the commit may lie beyond its border.

    Parameters
    ----------
    name : str
        What Git does not know: `HEAD~3`, an id; or with a path, as `HEAD~3:data`.
    """
    commit = name.partition(":")[0]
    base = _STEPS.sub("", commit)
    if base == commit and not _ID.fullmatch(base):
        return None
    if (git.ask("rev-parse", "--is-shallow-repository") or b"").strip() != b"true":
        return None
    known = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}") is not None
    if not known and not _ID.fullmatch(base):
        return None
    return HistoryError(
        f"{commit} is not in this clone, which is shallow: older commits are missing",
        hint="Bring the whole history: git fetch --unshallow",
    )
