"""An artifact: a file or a directory with a digest, as records write it."""

from __future__ import annotations

from typing import Any, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, parse_digest


class Artifact(NamedTuple):
    """A file's bytes or a directory's tree.

    Parameters
    ----------
    digest : Digest
        Of the bytes, or of the tree object.
    size : int
        Bytes; of a directory the sum over its files.
    tree : bool
        True for a directory.
    executable : bool
        Whether a file's owner may run it; the bits of files inside a directory are part of its tree.
    """

    digest: Digest
    size: int
    tree: bool = False
    executable: bool = False

    def same(self, other: Artifact | None) -> bool:
        """Whether the content is the same."""
        return other is not None and self.digest == other.digest and self.tree == other.tree

    def record(self) -> dict[str, Any]:
        """Return the JSON form: flags stand only where they say something."""
        value: dict[str, Any] = {"digest": self.digest, "size": self.size}
        if self.tree:
            value["tree"] = True
        if self.executable:
            value["executable"] = True
        return value


def artifact_from_record(value: Any) -> Artifact:
    """Return the artifact in a record.

    Raises
    ------
    DataError
        When the value is not one.
    """
    if not isinstance(value, dict):
        raise DataError("an artifact should be an object with digest and size")
    size = value.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise DataError(f"{size!r} is not a size in bytes")
    return Artifact(
        digest=parse_digest(value.get("digest")),
        size=size,
        tree=value.get("tree") is True,
        executable=value.get("executable") is True,
    )
