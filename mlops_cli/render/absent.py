"""Data that is needed and not here, and what brings it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 4


def absent_text(absent: Sequence[str], *, asked: bool) -> str:
    r"""Return the tracked data that stages need and that is not here; empty where all is.

    Parameters
    ----------
    asked : bool
        The remote was asked already.

    Examples
    --------
    >>> absent_text(["data/raw"], asked=False)
    'Not here, and needed: data/raw. Bring it with: mlops pull data/raw\n'
    """
    if not absent:
        return ""
    few = len(absent) <= _MOST
    shown = ", ".join(absent if few else [*absent[:_MOST], f"{len(absent) - _MOST} more"])
    command = " ".join(["mlops pull", *(map(shlex.quote, absent) if few else ())])
    way = f"Bring it with: {command}"
    if asked:
        way = "The remote does not have it either. Whoever has it can send it: mlops push"
    return f"Not here, and needed: {shown}. {way}\n"
