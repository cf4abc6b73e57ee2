"""Data records: which artifact a tracked path has. One committed file a path, below `.mlops/data/`.

A record holds nothing but what follows from content, and for imported data where it came from, so the same data added on two
clones gives the same bytes.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.atomic import flush_folder
from mlops_cli.formats.canonical import pretty, read_record, text_field
from mlops_cli.project import DATA_RECORDS, data_record_path
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.tree import OBEYED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DATA_SCHEMA = 1
# Git's ignore files are lines, and records are UTF-8.
_UNSPEAKABLE = re.compile("[\n\r\ud800-\udfff]")


class DataRecord(NamedTuple):
    """What a tracked path should hold.

    Parameters
    ----------
    path : str
        Relative to the project, with slashes.
    artifact : Artifact
        The file or directory.
    files : int
        How many files it has; 1 for a file.
    source : mapping or None
        Where it was imported from: `url`, and what tells a new version there (`etag`, `version`, `modified`, `size`).
    """

    path: str
    artifact: Artifact
    files: int = 1
    source: Mapping[str, Any] | None = None


def dump_data_record(record: DataRecord) -> bytes:
    """Return the bytes of a record's file."""
    value = {"schema": DATA_SCHEMA, "path": record.path, **record.artifact.record()}
    if record.artifact.tree:
        value["files"] = record.files
    if record.source is not None:
        value["source"] = dict(record.source)
    return pretty(value)


def load_data_record(data: bytes, file: str) -> DataRecord:
    """Return the record in a file's bytes.

    Parameters
    ----------
    file : str
        Its path, relative to the project: a record must lie where its path says.

    Raises
    ------
    FileError
        When the bytes are not a record, or name a path that the file does not stand for.
    """
    value = read_record(data, file=file, schema=DATA_SCHEMA)
    hint = f"Bring it back with: git checkout -- {file}"
    path = text_field(value, "path", file)
    if not (is_plain_path(path) and is_speakable(path)) or data_record_path(path) != file:
        raise FileError(f"{file} names the path {path!r}, which its place does not stand for", hint=hint)
    if any(part.casefold() in OBEYED for part in path.split("/")):
        raise FileError(
            f"{file} names the path {path!r}, which belongs to Git or to mlops itself",
            hint="Nothing was placed. Whoever wrote that record meant no good: remove it.",
        )
    try:
        artifact = artifact_from_record(value)
    except DataError as error:
        raise FileError(f"{file}: {error.message}", hint=hint) from error
    files = value.get("files", 1)
    source = value.get("source")
    if type(files) is not int or files < 0:
        raise FileError(f'{file}: "files" should be a number of files', hint=hint)
    if source is not None and not (isinstance(source, dict) and isinstance(source.get("url"), str)):
        raise FileError(f'{file}: "source" should be an object with a url', hint=hint)
    return DataRecord(path, artifact, files, source)


def read_data_records(root: str | os.PathLike[str]) -> dict[str, DataRecord]:
    """Return all data records of a project by path, sorted.

    Parameters
    ----------
    root : path
        The project's folder.

    Raises
    ------
    FileError
        When one is damaged, of a newer version, or lies where it should not.
    DataError
        When one cannot be read.
    """
    root = os.fspath(root)
    found: dict[str, DataRecord] = {}
    for file in _record_files(root):
        try:
            with open(f"{root}/{file}", "rb", buffering=0) as stream:
                data = stream.read()
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror}") from error
        if data:  # an empty file is what a power cut leaves of a write that never was reported
            record = load_data_record(data, file)
            found[record.path] = record
    return dict(sorted(found.items()))


def _record_files(root: str) -> Iterator[str]:
    stack = [DATA_RECORDS]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(path)
                    elif entry.name.endswith(".json"):
                        yield path
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise DataError(f"{folder} cannot be read: {error.strerror}") from error


def remove_data_record(root: str | os.PathLike[str], path: str) -> None:
    """Remove the record of a path, and folders of records that hold nothing then; it stays removed after a power cut.

    Raises
    ------
    DataError
        When it cannot be removed.
    """
    file = Path(root) / data_record_path(path)
    try:
        file.unlink(missing_ok=True)
    except NotADirectoryError:
        return  # a file lies where its folder would be, so there is no record
    except OSError as error:
        raise DataError(f"{data_record_path(path)} cannot be removed: {error.strerror}") from error
    folder, top = file.parent, Path(root) / DATA_RECORDS
    with suppress(OSError):  # folders that still hold something stay
        while folder != top:
            folder.rmdir()
            folder = folder.parent
    flush_folder(folder)


def is_plain_path(path: str) -> bool:
    """Whether a path is relative, inside the project, and written in its one shortest form.

    Examples
    --------
    >>> is_plain_path("data/raw"), is_plain_path("../raw"), is_plain_path("/raw"), is_plain_path("a//b")
    (True, False, False, False)
    """
    parts = path.split("/")
    return "\0" not in path and all(part not in ("", ".", "..") for part in parts)


def is_speakable(path: str) -> bool:
    r"""Whether a path can stand in a record and in one line of an ignore rule.

    Examples
    --------
    >>> is_speakable("data/raw"), is_speakable("two\nlines"), is_speakable("half a \ud800")
    (True, False, False)
    """
    return not _UNSPEAKABLE.search(path)


def holder(paths: Iterable[str] | Mapping[str, object], path: str) -> str | None:
    """Return the one of these tracked paths that a path is or lies inside; None where there is none.

    Examples
    --------
    >>> holder({"data/raw"}, "data/raw/2024/a.csv"), holder({"data/raw"}, "data")
    ('data/raw', None)
    """
    known = paths if isinstance(paths, (dict, set, frozenset)) else set(paths)
    while path:
        if path in known:
            return path
        path = path.rpartition("/")[0]
    return None


def overlapping(paths: Iterable[str], path: str) -> list[str]:
    """Return the tracked paths that are a path, hold it, or lie in it; sorted.

    Examples
    --------
    >>> overlapping(["data/raw", "data/rawer", "models"], "data/raw/a.csv"), overlapping(["data/raw", "data/b"], "data")
    (['data/raw'], ['data/b', 'data/raw'])
    """
    return sorted(
        other
        for other in paths
        if other == path or path.startswith(f"{other}/") or other.startswith(f"{path}/")
    )
