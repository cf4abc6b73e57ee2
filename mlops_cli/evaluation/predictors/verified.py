"""A model's bytes, read once and held against what a record promises: nothing is loaded that nobody vouches for."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping


def verified_bytes(path: str, recorded: Mapping[str, str]) -> tuple[bytes, str]:
    """Return the bytes of a model's file and their digest.

    Loading a model can run anything that is in it. So its bytes are read once, and loaded only when they are those that a record
    promises: of the stage that made it, of `mlops add`, or the file as Git has it committed.

    Parameters
    ----------
    recorded : mapping
        Path to the promised digest.

    Raises
    ------
    DataError
        When nothing promises anything, when the bytes are others, or when they cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise DataError(f"the model {path} cannot be read: {error.strerror}") from error
    digest = digest_bytes(data)
    _hold(path, digest, recorded.get(path))
    return data, digest


def verify(path: str, inputs: Mapping[str, str], recorded: Mapping[str, str]) -> str:
    """Hold a model that its own class reads against its record; return its digest. It may be a directory.

    Parameters
    ----------
    inputs : mapping
        Path to digest, as whoever started this found it.

    Raises
    ------
    DataError
        As `verified_bytes`.
    """
    if os.path.isdir(path):
        digest = inputs.get(path, "")
        _hold(path, digest, recorded.get(path))
        return digest
    return verified_bytes(path, recorded)[1]


def _hold(path: str, digest: str, promised: str | None) -> None:
    place = shlex.quote(path)
    if promised is None:
        raise DataError(
            f"no record says what the model {path} should be, and loading a model can run anything that is in it",
            hint=f"If you trust it, record it: mlops add {place}",
        )
    if digest != promised:
        raise DataError(
            f"the model {path} is not what its record says: it is {_short(digest)}, and should be {_short(promised)}",
            hint=f"Bring it back with mlops checkout {place} or mlops run, or record what is there: mlops add {place}",
        )


def _short(digest: str) -> str:
    return digest[:15] if digest else "unknown"
