"""`checkout`: make the workspace agree with the records, and lose nothing unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.tracking.agreeing import CheckoutResult, agree
from mlops_cli.tracking.recorded import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.opened import Opened


def checkout(
    opened: Opened,
    paths: Sequence[str] = (),
    *,
    force: bool = False,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> CheckoutResult:
    """Bring tracked data and kept outputs to what their records say.

    Parameters
    ----------
    paths : sequence of str
        Relative to where the user stands: recorded paths, folders that hold some, or paths inside a recorded directory. None
        means everything.
    force : bool
        Take away also content that is nowhere else.
    tell : callable
        Told how many files and bytes were placed, while it happens.

    Raises
    ------
    UsageError
        When nothing is recorded at a path.
    FileError
        When a record or the pipeline file is wrong.
    """
    return agree(opened, choose(opened, paths), force=force, tell=tell)
