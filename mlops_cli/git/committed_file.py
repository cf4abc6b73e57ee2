"""A file as Git has it committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_cli.git.command import Git


def committed_bytes(git: Git, path: str) -> bytes | None:
    """Return the bytes of a file in HEAD; None where HEAD has no such file.

    Parameters
    ----------
    path : str
        Relative to the folder in which Git is asked.
    """
    return git.ask("cat-file", "blob", f"HEAD:./{path}")
