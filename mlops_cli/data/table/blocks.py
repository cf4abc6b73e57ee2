"""A text file as blocks of whole records, each with the line that it begins on; quotes and broken files are seen here."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Small blocks stay in the processor's cache, and bound the memory.
BLOCK = 2 << 20
# The first one, by which types are found, is read slowly and needs more.
FIRST = 1 << 20
# No record is longer than this; what looks longer has lost its closing quote.
LONGEST = 64 << 20
_QUOTE = 0x22
BOM = b"\xef\xbb\xbf"
_NO_SIGNS = bytes(range(0x80, 0xA0))  # control characters in Latin-1; in cp1252 quotes, dashes, the euro sign


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records.

    Parameters
    ----------
    data : bytes
        With the line end of the last record, but at the end of a file that has none there.
    line : int
        The number of its first line in the file, from 1.
    offset : int
        How many bytes of the (uncompressed) file come before it.
    """

    data: bytes
    line: int
    offset: int


def blocks_of(stream: BinaryIO, where: str, separator: str | None, size: int = BLOCK) -> Iterator[Block]:
    """Yield the blocks of a file; a byte order mark is left out.

    Parameters
    ----------
    stream : file
        Uncompressed bytes.
    where : str
        What messages call the file.
    separator : str or None
        Between fields, where quotes may enclose line ends; None where a line always is a record.

    Raises
    ------
    DataError
        When it is not UTF-8 as far as this can be seen cheaply, has NUL bytes, a quote that is never closed, or an endless line.
    """
    rest, line, offset, newline = b"", 1, 0, b""
    while data := stream.read(size if offset or rest else min(size, FIRST)):
        if not offset and not rest:
            _refuse_utf16(data, where)
            if data.startswith(BOM):
                data, offset = data[len(BOM) :], len(BOM)
        data = rest + data if rest else data
        if not newline:
            newline = b"\r" if b"\r" in data[:-1] and b"\n" not in data else b"\n"
        end, opened = _last_end(data, separator, newline)
        if not end:
            if len(data) > LONGEST:
                raise _endless(data, line, opened, where, newline)
            rest = data
            continue
        block = Block(data[:end], line, offset)
        _refuse_nul(block, where)
        yield block
        line, offset, rest = line + _count(data, newline, end), offset + end, data[end:]
    if rest:
        _, opened = _last_end(rest, separator, newline)
        block = Block(rest, line, offset)
        _refuse_nul(block, where)
        if opened is not None:
            raise _endless(rest, line, opened, where, newline)
        yield block


def first_record_end(data: bytes, separator: str) -> int:
    """Return where the first record ends, with its line end; the length of the data where it has no end."""
    newline = b"\r" if b"\n" not in data else b"\n"
    starts, ends = _quoted(data, separator)
    at = -1
    while (at := data.find(newline, at + 1)) >= 0:
        region = bisect_right(starts, at) - 1
        if region < 0 or at > ends[region]:
            return at + 1
    return len(data)


def line_of_record(block: Block, record: int, separator: str | None) -> int:
    """Return the line of the file on which a record of a block begins; empty lines are no records."""
    newline = b"\r" if b"\n" not in block.data else b"\n"
    starts, ends = _quoted(block.data, separator) if separator else ([], [])
    at, line, seen = 0, block.line, -1
    while at < len(block.data):
        end = block.data.find(newline, at)
        region = bisect_right(starts, end) - 1
        while end >= 0 and region >= 0 and end <= ends[region]:
            end = block.data.find(newline, end + 1)
            region = bisect_right(starts, end) - 1
        end = len(block.data) if end < 0 else end
        if block.data[at:end].strip(b"\r"):
            seen += 1
        if seen == record:
            return line
        line += block.data.count(newline, at, end + 1)
        at = end + 1
    return line


def likely_encoding(data: bytes) -> str:
    """Return what bytes that are no UTF-8 most likely are: `cp1252` where there are any that Latin-1 has no signs for.

    Examples
    --------
    >>> likely_encoding("100 €".encode("cp1252")), likely_encoding("Côte".encode("latin-1"))
    ('cp1252', 'latin1')
    """
    return "cp1252" if any(byte in data for byte in _NO_SIGNS) else "latin1"


def convert_hint(encoding: str) -> str:
    """Return what to type where a file is no UTF-8."""
    return f"Convert it, for example: iconv -f {encoding} -t utf-8 OLD > NEW"


def wrong_bytes(block: Block, where: str) -> DataError | None:
    """Return the error that says which bytes of a block are no UTF-8; None where all are."""
    try:
        block.data.decode()
    except UnicodeDecodeError as error:
        line = block.line + block.data.count(b"\n", 0, error.start)
        around = block.data[max(error.start - 12, 0) : error.start + 12]
        likely = likely_encoding(block.data)
        shown = around.decode(likely, "replace").strip().replace("\n", " ")
        return DataError(
            f"{where}: line {line:,} is not UTF-8: byte 0x{block.data[error.start]:02x} at byte"
            f" {block.offset + error.start + 1:,} of the file (read as {likely}: …{shown}…)",
            hint=convert_hint(likely),
        )
    return None


def _last_end(data: bytes, separator: str | None, newline: bytes) -> tuple[int, int | None]:
    """Return where the last whole record ends, and where a quote opens that is not closed."""
    if separator is None or b'"' not in data:
        return data.rfind(newline) + 1, None
    starts, ends = _quoted(data, separator)
    opened = int(starts[-1]) if len(starts) and ends[-1] >= len(data) else None
    at = data.rfind(newline)
    while at >= 0:
        region = bisect_right(starts, at) - 1
        if region < 0 or at > ends[region]:
            break
        at = data.rfind(newline, 0, int(starts[region]))
    return at + 1, opened


def _quoted(data: bytes, separator: str) -> tuple[Any, Any]:
    """Return where quoted parts begin and end; a part that does not end, ends where the data do.

    A quote counts only where a field begins, as the reader has it: of `5" pipe` it is a letter like any other.
    """
    values = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(values == _QUOTE)
    if not len(places):
        return places, places
    starts, ends = places[::2], places[1::2]
    # A block begins after a border, and ends before one.
    before = values[starts[1:] - 1 if starts[0] == 0 else starts - 1]
    after = values[(ends[:-1] if len(ends) and ends[-1] + 1 == len(data) else ends) + 1]
    if _all_borders(before, separator) and _all_borders(after, separator):
        return starts, np.append(ends, len(data)) if len(ends) < len(starts) else ends
    return _quoted_slowly(data, separator, places)


def _count(data: bytes, newline: bytes, end: int) -> int:
    """Return how many line ends there are before a place; several times as fast as bytes count themselves."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8, end) == newline[0]))


def _all_borders(values: Any, separator: str) -> bool:
    found = values == ord(separator)
    for border in (_QUOTE, 0x0A, 0x0D):
        found |= values == border
    return bool(found.all())


def _quoted_slowly(data: bytes, separator: str, places: Any) -> tuple[list[int], list[int]]:
    borders = {ord(separator), 0x0A, 0x0D}
    starts: list[int] = []
    ends: list[int] = []
    inside, skip = False, -1
    for place in places.tolist():
        if place == skip:
            continue
        if not inside:
            if place == 0 or data[place - 1] in borders:
                inside = True
                starts.append(place)
        elif data[place + 1 : place + 2] == b'"':
            skip = place + 1
        else:
            inside = False
            ends.append(place)
    if inside:
        ends.append(len(data))
    return starts, ends


def _refuse_utf16(data: bytes, where: str) -> None:
    pairs = data[:200]
    alternating = len(pairs) >= 8 and (not any(pairs[1::2]) or not any(pairs[0::2])) and any(pairs)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or alternating:
        raise DataError(
            f"{where} is UTF-16, and tables are read as UTF-8",
            hint="Convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW",
        )


def _refuse_nul(block: Block, where: str) -> None:
    at = block.data.find(b"\0")
    if at >= 0:
        line = block.line + block.data.count(b"\n", 0, at)
        raise DataError(
            f"{where}: line {line:,} has a NUL byte (byte {block.offset + at + 1:,} of the file), which no text has",
            hint="The file is damaged, or no text file. Make it again.",
        )


def _endless(data: bytes, line: int, opened: int | None, where: str, newline: bytes) -> DataError:
    if opened is None:
        return DataError(
            f"{where}: line {line:,} is longer than {LONGEST >> 20} MiB",
            hint="Is it a table, with a row on each line?",
        )
    line += data.count(newline, 0, opened)
    shown = data[opened : opened + 40].decode("utf-8", "replace").replace("\n", "⏎")
    return DataError(
        f"{where}: the quote that opens on line {line:,} is never closed: {shown}",
        hint='Close it. A quote inside a quoted field is written twice: "".',
    )
