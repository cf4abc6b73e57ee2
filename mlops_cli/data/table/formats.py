"""Which format a file has, and how it is compressed: by its name, then by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, Self, cast

from mlops_cli.errors import DataError, FileError

if TYPE_CHECKING:
    from pathlib import Path

Format = Literal["delimited", "parquet", "json"]
Compression = Literal["", "gzip", "bz2", "xz", "zstd"]

_COMPRESSED: dict[str, Compression] = {
    "gz": "gzip", "gzip": "gzip", "bz2": "bz2", "xz": "xz", "zst": "zstd", "zstd": "zstd",
}  # fmt: skip
_FORMATS: dict[str, tuple[Format, str]] = {
    "csv": ("delimited", ","), "tsv": ("delimited", "\t"), "tab": ("delimited", "\t"), "psv": ("delimited", "|"),
    "txt": ("delimited", ","),
    "parquet": ("parquet", ""), "parq": ("parquet", ""), "pq": ("parquet", ""),
    "jsonl": ("json", ""), "ndjson": ("json", ""), "jsonlines": ("json", ""), "json": ("json", ""),
}  # fmt: skip
_BEGINNINGS: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"),
)  # fmt: skip
_NO_TABLES = {
    b"PK\x03\x04": "a zip archive or an Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"ARROW1": "an Arrow or Feather file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF file",
    b"ORC": "an ORC file",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
}
KNOWN = "csv, tsv, parquet and jsonl, and the texts also compressed: .gz, .bz2, .xz, .zst"


@dataclass(frozen=True, slots=True)
class Written:
    """How a file is written.

    Parameters
    ----------
    format : Format
        What its content is.
    compression : Compression
        What is around that; empty for nothing.
    separator : str
        Of delimited text: what its name promises.
    """

    format: Format
    compression: Compression = ""
    separator: str = ""


def by_name(name: str) -> Written | None:
    r"""Return what a name promises, or None where it promises no table.

    Examples
    --------
    >>> by_name("a/train.tsv.gz")
    Written(format='delimited', compression='gzip', separator='\t')
    """
    *_, last = name.rsplit("/", 1)
    parts = last.lower().split(".")
    compression: Compression = ""
    if len(parts) > 1 and parts[-1] in _COMPRESSED:
        compression = _COMPRESSED[parts.pop()]
    if len(parts) < 2 or parts[-1] not in _FORMATS:
        return None
    content, separator = _FORMATS[parts[-1]]
    return Written(content, compression, separator)


def find_format(path: Path, name: str) -> Written:
    """Return how a file is written.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What messages call it, and what its ending is taken from.

    Raises
    ------
    DataError
        When it is empty, or its content is certainly no table.
    """
    with path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        raise DataError(f"{name} is empty", hint="A table has columns and rows.")
    promised = by_name(name)
    compression: Compression = next((found for begin, found in _BEGINNINGS if start.startswith(begin)), "")
    if promised and promised.compression and compression != promised.compression:
        raise DataError(
            f"{name} is not compressed as its name says ({promised.compression})",
            hint="Give it its right name.",
        )
    if compression:
        with decompressed(path, compression) as stream:
            start = _first_bytes(stream, name)
    if start.startswith(b"PAR1") and not compression:
        return Written("parquet")
    if promised and promised.format == "parquet":
        raise DataError(
            f"{name} is no Parquet file: it does not begin with PAR1",
            hint="Make it again, or give it its right name.",
        )
    for begin, what in _NO_TABLES.items():
        if start.startswith(begin):
            raise FileError(f"{name} is {what}, which is not read", hint=f"Save it as one of {KNOWN}.")
    if promised:
        return Written(promised.format, compression, promised.separator)
    if start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"["):
        return Written("json", compression)
    return Written("delimited", compression, ",")


def decompressed(path: Path, compression: Compression) -> BinaryIO:
    """Return the uncompressed bytes of a file."""
    if compression == "gzip":
        return cast("BinaryIO", gzip.open(path, "rb"))
    if compression == "bz2":
        return cast("BinaryIO", bz2.open(path, "rb"))
    if compression == "xz":
        return cast("BinaryIO", lzma.open(path, "rb"))
    if compression == "zstd":
        import pyarrow as pa

        return cast("BinaryIO", pa.input_stream(str(path), compression="zstd"))
    return path.open("rb", buffering=0)


class Guarded:
    """A file whose reading fails with an error of ours: compressed files may be cut off or damaged."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer only at the end."""
        parts: list[bytes] = []
        while size > 0 and (data := self._some(size)):
            parts.append(data)
            size -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _some(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except EOFError as error:
            raise DataError(
                f"{self._name} is cut off: its compressed data ends too early", hint="Bring it again."
            ) from error
        except (OSError, lzma.LZMAError, ValueError, zlib.error) as error:
            raise DataError(
                f"{self._name} cannot be read: {error}", hint="It is damaged. Bring it again."
            ) from error


def _first_bytes(stream: BinaryIO, name: str) -> bytes:
    return Guarded(stream, name).read(16)
