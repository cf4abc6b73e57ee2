"""`checkout`: make the workspace agree with the records, and lose nothing unasked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.tracking.agreeing import CheckoutResult, agree
from mlops_cli.tracking.recorded import choose
from mlops_cli.tracking.seen_by_git import lacks_rules
from mlops_cli.tracking.taking_away import agree_with_all

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

    Ignore rules that tracked data lacks are written. Without paths, what was tracked here and is not any more is taken away where
    going back brings it again.

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
    if paths:
        result = agree(opened, choose(opened, paths), force=force, tell=tell)
    else:
        result = agree_with_all(opened, force=force, tell=tell)
    return replace(result, rules=lacks_rules(opened) and opened.update_ignore())
