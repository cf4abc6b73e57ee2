"""What became of a transfer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.tree import decode_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.objects import Objects
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.remote_store import RemoteStore


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be moved.

    Parameters
    ----------
    path : str
        Where the records have it; empty where that is not known.
    digest : str
        The object, or a name on the remote.
    hint : str
        What to do about it; empty where nothing is known.
    version : str
        The commit, or another word for when it was that the records had it so; empty for those of the workspace.
    """

    path: str
    digest: str
    why: str
    hint: str = ""
    version: str = ""

    @property
    def name(self) -> str:
        """What to call it: `data/raw/a.csv`, or `data/raw/a.csv@1a2b3c4` in another version than the workspace's."""
        name = self.path or self.digest
        return f"{name}@{self.version}" if self.version else name


@dataclass(frozen=True, slots=True)
class Transfer:
    """What became of a transfer.

    Parameters
    ----------
    transferred, skipped : int
        Objects moved; and those that were there already.
    bytes : int
        Moved.
    requests : int
        Made to the remote.
    repaired : tuple of str
        Names on the remote that were damaged, set aside and replaced.
    healed : tuple of str
        Objects that were damaged here, set aside and replaced by what the remote has.
    gone : tuple of Failure
        What only older versions need and is neither here nor there: it cannot be had, and that is no failure.
    """

    remote: str
    transferred: int
    bytes: int
    requests: int
    skipped: int
    failed: tuple[Failure, ...]
    seconds: float
    repaired: tuple[str, ...] = ()
    healed: tuple[str, ...] = ()
    gone: tuple[Failure, ...] = ()

    @property
    def good(self) -> bool:
        """Whether everything arrived."""
        return not self.failed


def both(first: Transfer, second: Transfer) -> Transfer:
    """Return two transfers of the same, one after the other, as one."""
    return replace(
        second,
        transferred=first.transferred + second.transferred,
        bytes=first.bytes + second.bytes,
        requests=first.requests + second.requests,
        skipped=max(second.skipped - first.transferred, 0),
        repaired=first.repaired + second.repaired,
        healed=first.healed + second.healed,
    )


def transfer_outcome(
    name: str,
    remote: RemoteStore,
    tally: Tally,
    objects: Objects,
    artifacts: Mapping[str, Artifact],
    seconds: float,
    repaired: tuple[str, ...] = (),
) -> Transfer:
    """Return what became of a transfer.

    Parameters
    ----------
    artifacts : mapping
        Path to artifact of what was to be moved: what failed is named by its path.
    """
    paths = _paths(objects, artifacts, set(tally.failed)) if tally.failed else {}
    failed = tuple(
        Failure(paths.get(what, ""), what, why, tally.hints.get(what, ""))
        for what, why in tally.failed.items()
    )
    return Transfer(
        name,
        tally.objects,
        tally.bytes,
        remote.files.requests,
        tally.skipped,
        failed,
        seconds,
        repaired,
    )


def _paths(objects: Objects, artifacts: Mapping[str, Artifact], wanted: set[str]) -> dict[str, str]:
    """Return object to a path of it, for those that failed; each tree is opened once, however often it is named."""
    found: dict[str, str] = {}
    seen: set[Digest] = set()
    stack = [(path, artifact.digest, artifact.tree) for path, artifact in artifacts.items()]
    while stack:
        path, digest, tree = stack.pop()
        if digest in wanted:
            found.setdefault(digest, path)
        if not tree or digest in seen:
            continue
        seen.add(digest)
        try:
            entries = decode_tree(objects.read_blobs([digest])[0])
        except DataError:
            continue  # the directory's own failure tells what is to be told
        stack += [
            (f"{path}/{e.name}", Digest(e.content), e.kind == "tree") for e in entries if e.kind != "link"
        ]
    return found
