"""What experiments start from: the code as the user has it now, uncommitted changes included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.git.facts import read_status
from mlops_cli.git.snapshot import LeftOut, Limits, take_snapshot
from mlops_cli.tracking.recording import kept_in_git

if TYPE_CHECKING:
    from mlops_cli.opened import Opened


class Base(NamedTuple):
    """The code as it is now.

    Parameters
    ----------
    tree : str
        Id of the tree that holds it.
    commit, branch : str or None
        Where HEAD stands; None before the first commit, and where it is detached.
    left_out : tuple of LeftOut
        What is not committed and too large, or looks like a secret: the tree does not hold it.
    """

    tree: str
    commit: str | None
    branch: str | None
    left_out: tuple[LeftOut, ...] = ()


def read_base(opened: Opened) -> Base:
    """Return the code of a project as it is now.

    Raises
    ------
    DataError
        When Git cannot keep it.
    """
    project, config = opened.project, opened.config
    status = read_status(opened.git)
    ours = {project.prefix + path for path in kept_in_git(opened)}
    limits = Limits(config.snapshot_file, config.snapshot_total)
    snapshot = take_snapshot(opened.git, project, ours, limits, changes=status.changes)
    return Base(snapshot.tree, status.commit, status.branch, snapshot.left_out)


def tree_of(opened: Opened, commit: str) -> str:
    """Return the id of a commit's tree; empty where there is no such commit."""
    found = opened.git.ask("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
    return found.decode().strip() if found else ""
