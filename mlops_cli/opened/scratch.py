"""A folder for temporary files of a command that reads tables: inside the store, else where the system has such files."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import MlopsError
from mlops_cli.git.discover import find_repository

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def scratch_folder(start: Path) -> Iterator[Path]:
    """Give a folder that is gone afterwards.

    In a repository it lies in Git's folder, where there is room for data; tables can be looked at outside of one, too.

    Parameters
    ----------
    start : Path
        Where the command works.
    """
    place: Path | None = None
    try:
        place = find_repository(start).local / "tables"
        place.mkdir(parents=True, exist_ok=True)
    except (MlopsError, OSError):  # no repository, or one that only others write to
        place = None
    with tempfile.TemporaryDirectory(prefix="mlops-", dir=place) as name:
        yield Path(name)
