"""What editing one value in YAML, JSON and TOML has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_cli.formats.canonical import Json

# Keys, and positions in lists, from the top of a file down to a value.
Path = tuple[str | int, ...]


class CannotEditError(Exception):
    """A file is not written so that a value in it can be changed alone."""


def nested(path: Path, value: Json) -> Json:
    """Return the mappings that hold a value at a path.

    Examples
    --------
    >>> nested(("a", "b"), 1)
    {'a': {'b': 1}}
    """
    for part in reversed(path):
        value = {str(part): value}
    return value
