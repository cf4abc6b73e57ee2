"""Which objects files of a workspace are symbolic links to: taking such an object away takes the file away."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.store.digest import PREFIX, Digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# By the form of the path, not by the store's own: a store is known by several paths where file systems are mounted.
_OBJECT = re.compile(r"/objects/([0-9a-f]{2})/([0-9a-f]{62})$")


def linked_objects(folder: Path) -> Iterator[Digest]:
    """Yield the objects that links below a folder lead to; a folder that is not there holds none."""
    stack = [str(folder)]
    while stack:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    found = _OBJECT.search(os.readlink(entry.path))
                    if found:
                        yield Digest(PREFIX + found[1] + found[2])
                elif entry.name != ".git" and entry.is_dir():
                    stack.append(entry.path)
