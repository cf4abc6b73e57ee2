"""Files from addresses elsewhere, brought into a temporary folder through the sources that imports use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlops_cli.data.table.formats import by_name
from mlops_cli.errors import DataError, FileError
from mlops_cli.store.remotes.port import NotThere
from mlops_cli.store.remotes.source import check_names
from mlops_cli.store.remotes.source_kinds import open_source

if TYPE_CHECKING:
    from mlops_cli.store.remotes.source import Fact, Source


def bring(url: str, name: str, folder: Path) -> Path:
    """Return the path of a file, or of a folder of parts, brought from an address.

    Parameters
    ----------
    url : str
        Where it lies. Credentials are found in the environment by the libraries of the file systems.
    name : str
        The same without anything secret, for messages.
    folder : Path
        Where it is put.

    Raises
    ------
    FileError
        When there is nothing.
    DataError
        When it cannot be brought.
    """
    source = open_source(url, {}, Path())
    try:
        seen = source.look()
    except NotThere as error:
        raise FileError(f"{name} is not there", hint="Is the address right?") from error
    if seen.page:
        raise DataError(
            f"{name} is a page for people, not a file", hint="Does it ask for a login? Name the file itself."
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not seen.tree:
        path = folder / (urlsplit(url).path.rstrip("/").rpartition("/")[2] or "table")
        _write(source, "", seen.files[""], path)
        return path
    check_names(name, seen.files)
    for inside, fact in seen.files.items():
        # What is no part of a table is left where it is.
        if by_name(inside) is not None:
            _write(source, inside, fact, folder / inside)
    return folder


def _write(source: Source, inside: str, fact: Fact, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        for data in source.chunks(inside, fact):
            stream.write(data)
