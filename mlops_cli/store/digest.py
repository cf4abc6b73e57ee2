"""Digests: BLAKE3-256, written `b3:` and 64 hexadecimal digits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NewType

from blake3 import blake3

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

Digest = NewType("Digest", str)

PREFIX = "b3:"
_FORM = re.compile(r"b3:[0-9a-f]{64}")
_CHUNK = 1 << 20


def parse_digest(text: Any) -> Digest:
    """Return a digest read from a record.

    Raises
    ------
    DataError
        When it is not `b3:` and 64 hexadecimal digits.
    """
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        raise DataError(f"{text!r} is not a digest: b3: and 64 hexadecimal digits were expected")
    return Digest(text)


def digest_bytes(data: bytes) -> Digest:
    """Return the digest of bytes.

    Examples
    --------
    >>> digest_bytes(b"")[:19]
    'b3:af1349b9f5f9a1a6'
    """
    return Digest(PREFIX + blake3(data).hexdigest())


def digest_stream(stream: FileIO, write: Callable[[memoryview], Any] | None = None) -> tuple[Digest, int]:
    """Return digest and size of what is left in an unbuffered binary file, reading one MiB at a time.

    Parameters
    ----------
    stream : FileIO
        An open file.
    write : callable, optional
        Given each chunk as it passes, so that a copy and its digest come from the same bytes.
    """
    data = stream.read(_CHUNK)
    size = len(data)
    if size < _CHUNK:
        # One read told all of a small file, unless the read was cut short.
        rest = stream.read(_CHUNK) if data else b""
        if not rest:
            if write and data:
                write(memoryview(data))
            return digest_bytes(data), size
        data, size = data + rest, size + len(rest)
    hasher = blake3(data)
    if write:
        write(memoryview(data))
    buffer = memoryview(bytearray(_CHUNK))
    while count := stream.readinto(buffer):
        chunk = buffer[:count]
        hasher.update(chunk)
        if write:
            write(chunk)
        size += count
    return Digest(PREFIX + hasher.hexdigest()), size


def digest_file(path: str) -> Digest | None:
    """Return the digest of a file, or None where it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as stream:
            return digest_stream(stream)[0]
    except OSError:
        return None
