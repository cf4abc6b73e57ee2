"""Which digests a record mentions, whatever kind of record it is and whoever wrote it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGEST = re.compile(rb"b3:[0-9a-f]{64}")


def mentioned(data: bytes) -> set[Digest]:
    """Return every digest in a file's bytes.

    Examples
    --------
    >>> len(mentioned(b'{"key": "b3:' + b"0" * 64 + b'"} b3:short'))
    1
    """
    return {Digest(found.decode()) for found in _DIGEST.findall(data)}


def named_artifacts(data: bytes) -> Iterator[tuple[str, Artifact]]:
    """Yield the artifacts that a JSON record describes, each with the path that it has there; nothing where it is no JSON."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    yield from _walk(value, "")


def _walk(value: Any, name: str) -> Iterator[tuple[str, Artifact]]:
    stack: list[tuple[Any, str]] = [(value, name)]
    while stack:
        value, name = stack.pop()
        if isinstance(value, list):
            stack.extend((item, name) for item in value)
        elif isinstance(value, dict):
            if isinstance(value.get("digest"), str) and "size" in value:
                path = value.get("path")
                with suppress(DataError):
                    yield path if isinstance(path, str) else name, artifact_from_record(value)
            stack.extend((item, key) for key, item in value.items())
