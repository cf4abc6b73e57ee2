"""From an address to a table: a file, a folder of parts, or an address of any file system."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from mlops_cli.data.table.formats import KNOWN, Guarded, Written, by_name, decompressed, find_format
from mlops_cli.data.table.naming import shown
from mlops_cli.data.table.table import Table
from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import digest_bytes, digest_file
from mlops_cli.store.remotes.opening import scheme_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.data.table.stored import Stored


def open_table(address: str | Path, *, kinds: Mapping[str, Kind] | None = None, scratch: Path) -> Table:
    r"""Return the table at an address. Parquet is opened at once; a text file is read once, into temporary files.

    Parameters
    ----------
    address : str or Path
        A file, a folder of parts of one format, or an address of any file system, such as `s3://bucket/table.parquet`, whose
        files are brought first. Credentials come from the environment, or from where the libraries of these look.
    kinds : mapping, optional
        Column to kind, where the user knows better. Of a column that is `categorical` or `text` the values stay as written.
    scratch : Path
        A folder for temporary files, about as large as the table; made if it is not there.

    Raises
    ------
    FileError
        When there is nothing, or nothing that is a table.
    DataError
        When a table is empty, damaged, or its rows do not fit its columns; it names the file, and the line where there is one.
    UsageError
        When `kinds` names a column that is not there.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "people.csv").write_text("age,city\n40,Oslo\n,Bern\n")
    >>> with open_table(folder / "people.csv", scratch=folder / "tmp") as table:
    ...     table.rows, table.numbers("age").tolist()
    (2, [40.0, nan])
    """
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="table-", dir=scratch))
    try:
        return _open(str(address), dict(kinds or {}), folder)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            # What a file of the table says is an error of ours already: this is the temporary folder's.
            raise DataError(
                f"{shown(str(address))}: the temporary files cannot be written to {scratch}: {error.strerror or error}",
                hint="Is there room, about as much as the table takes?",
            ) from error
        raise


def _open(address: str, kinds: dict[str, Kind], folder: Path) -> Table:
    name = address
    if scheme_of(address):
        from mlops_cli.data.table.bringing import bring

        name = shown(address)
        path = bring(address, name, folder / "brought")
    else:
        path = Path(address.partition("://")[2] or address).expanduser()
    files, warnings = _files(path, name)
    written = _one_format(files)
    stored, told = _stored(files, written, folder, kinds)
    return Table(
        name,
        _Temporary(stored, folder),
        kinds=kinds,
        digest=partial(_digest, files, path),
        warnings=(*warnings, *told),
    )


def _files(path: Path, name: str) -> tuple[list[tuple[Path, str]], list[str]]:
    """Return the files of a table in the order of their names, and warnings about those that are left out."""
    try:
        if path.is_dir():
            return _parts(path, name)
        with path.open("rb"):
            return [(path, name)], []
    except FileNotFoundError as error:
        raise FileError(
            f"{name} is not there", hint="Is its path right? Data that others added comes with: mlops pull"
        ) from error
    except OSError as error:
        raise FileError(f"{name} cannot be read: {error.strerror}") from error


def _parts(path: Path, name: str) -> tuple[list[tuple[Path, str]], list[str]]:
    found: list[tuple[Path, str]] = []
    empty: list[tuple[Path, str]] = []
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if (
            any(part.startswith((".", "_")) for part in inside.parts)
            or file.is_dir()
            or by_name(file.name) is None
        ):
            continue
        keyed = next((part for part in inside.parts[:-1] if "=" in part), None)
        if keyed is not None:
            raise FileError(
                f"{name} is partitioned by folders such as {keyed}, which is not read",
                hint="Name one of these folders, or write the table in one file.",
            )
        (found if file.stat().st_size else empty).append((file, f"{name.rstrip('/')}/{inside}"))
    if not found:
        what = f"only empty files, such as {empty[0][1]}" if empty else "no table in it"
        raise FileError(f"{name} is a folder with {what}", hint=f"Tables are {KNOWN}.")
    return found, [
        f"{called} has no bytes, and is left out; was it written to its end?" for _, called in empty
    ]


def _one_format(files: list[tuple[Path, str]]) -> list[Written]:
    written = [find_format(path, name) for path, name in files]
    for (_, name), one in zip(files, written, strict=True):
        if one.format != written[0].format:
            raise FileError(
                f"{name} is {one.format}, and {files[0][1]} is {written[0].format}",
                hint="All parts of a table have one format.",
            )
    return written


def _stored(
    files: list[tuple[Path, str]], written: list[Written], folder: Path, kinds: dict[str, Kind]
) -> tuple[Stored, list[str]]:
    if written[0].format == "parquet":
        from mlops_cli.data.table.parquet import ParquetColumns

        columns = ParquetColumns(files)
        return columns, columns.warnings
    from mlops_cli.data.table.streaming import TextFile

    texts = [
        TextFile(name, partial(_opened, path, name, one))
        for (path, name), one in zip(files, written, strict=True)
    ]
    if written[0].format == "json":
        from mlops_cli.data.table.json_lines import read_json_lines

        return read_json_lines(texts, folder, kinds=kinds)
    from mlops_cli.data.table.delimited import read_delimited

    return read_delimited(texts, folder, usual=written[0].separator, kinds=kinds)


def _opened(path: Path, name: str, written: Written) -> BinaryIO:
    return cast("BinaryIO", Guarded(decompressed(path, written.compression), name))


def _digest(files: list[tuple[Path, str]], path: Path) -> str | None:
    """Return the digest of a file; of a folder, that of the list of its parts with theirs."""
    digests = [(file, digest_file(str(file))) for file, _ in files]
    if any(digest is None for _, digest in digests):
        return None
    if len(files) == 1 and files[0][0] == path:
        return digests[0][1]
    return digest_bytes(
        compact({"parts": [[file.relative_to(path).as_posix(), digest] for file, digest in digests]})
    )


class _Temporary:
    """Columns whose folder goes with them."""

    def __init__(self, stored: Stored, folder: Path) -> None:
        self._stored = stored
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stored, name)

    def close(self) -> None:
        """Close the columns, and remove the folder."""
        self._stored.close()
        shutil.rmtree(self._folder, ignore_errors=True)
