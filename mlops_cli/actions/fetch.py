"""`fetch`: bring recorded content from a remote into the local store; the workspace stays as it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlops_cli.tracking.bringing import bring
from mlops_cli.tracking.versions import choose_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.outcome import Transfer


def fetch(
    opened: Opened,
    paths: Sequence[str] = (),
    remote: str | None = None,
    *,
    revs: Sequence[str] = (),
    history: bool = False,
    listen: Callable[[Tally], None] = lambda _: None,
) -> Transfer:
    """Bring what is recorded and not here yet, and the results that go with it.

    Parameters
    ----------
    paths : sequence of str
        Recorded paths, or paths inside recorded directories; everything that is recorded by default.
    remote : str, optional
        The remote's name; the default one where none is given.
    revs : sequence of str
        Commits, branches or tags whose records count, in place of those of the workspace.
    history : bool
        Every record that anything in the repository leads to.
    listen : callable
        Told how far it is, from any thread.

    Raises
    ------
    UsageError
        When there is no such remote or commit, or nothing is recorded at a path.
    HistoryError
        When the history cannot be read.
    DataError
        When the remote cannot be listed, or the store here cannot be written.
    """
    began = time.monotonic()
    return bring(opened, choose_versions(opened, paths, revs, history=history), remote, listen, began)
