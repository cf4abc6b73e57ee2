"""What `verify` finds: things that are not what they should be, and what needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlops_cli.store.upkeep.referrers import Need

Kind = Literal["object", "pack", "index", "result", "record", "database", "file"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not what it should be.

    Parameters
    ----------
    name : str
        A digest, or a path.
    reason : str
        What is wrong with it.
    needed : tuple of Need
        What needs it: path, record and commit.
    repaired : str
        Where a good copy came from; empty while it is as it was.
    altered : bool
        Whether copies say different things, and only people can tell which one is right.
    """

    kind: Kind
    name: str
    reason: str
    needed: tuple[Need, ...] = ()
    repaired: str = ""
    altered: bool = False


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What was read, and what is wrong.

    Parameters
    ----------
    dangling : int
        Results whose outputs are not here: they count as absent.
    notices : tuple of str
        What could not be tried, and why.
    """

    troubles: tuple[Trouble, ...]
    objects: int
    bytes: int
    records: int
    results: int
    dangling: int = 0
    notices: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether everything is what it should be now."""
        return all(trouble.repaired for trouble in self.troubles)
