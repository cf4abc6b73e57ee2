"""`pull`: bring recorded content from a remote, and make the workspace agree with the records."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_cli.store.transfer.outcome import both
from mlops_cli.tracking.agreeing import CheckoutResult, agree
from mlops_cli.tracking.bringing import bring
from mlops_cli.tracking.held import see
from mlops_cli.tracking.recorded import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.outcome import Transfer


@dataclass(frozen=True, slots=True)
class PullResult:
    """What was brought, and what became of the workspace."""

    transfer: Transfer
    checkout: CheckoutResult

    @property
    def exit_code(self) -> int:
        """0 when everything is here and in place."""
        return self.checkout.exit_code if self.transfer.good else 5


def pull(
    opened: Opened,
    paths: Sequence[str] = (),
    remote: str | None = None,
    *,
    force: bool = False,
    listen: Callable[[Tally], None] = lambda _: None,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> PullResult:
    """Bring what is recorded and not here yet, and place it; what turns out to be damaged here is replaced by what the remote has.

    Parameters
    ----------
    paths : sequence of str
        Recorded paths, or paths inside recorded directories; everything that is recorded by default.
    remote : str, optional
        The remote's name; the default one where none is given.
    force : bool
        Take away also content of the workspace that is nowhere else.
    listen, tell : callable
        Told how far bringing is, and how many files and bytes were placed.

    Raises
    ------
    UsageError
        When there is no such remote, or nothing is recorded at a path.
    DataError
        When the remote cannot be listed, or the store here cannot be written.
    """
    began = time.monotonic()
    chosen = choose(opened, paths)
    transfer = bring(opened, chosen, remote, listen, began)
    checkout = agree(opened, chosen, force=force, in_part=True, tell=tell)
    if checkout.damaged:  # what is here already is read only when it is placed
        more = bring(opened, chosen, remote, listen, began, checkout.damaged)
        transfer = both(transfer, more)
        if more.healed:
            again = agree(opened, chosen, force=force, in_part=True, tell=tell)
            checkout = replace(again, brought=checkout.brought + again.brought, same=checkout.same)
    see(opened)
    return PullResult(transfer, checkout)
