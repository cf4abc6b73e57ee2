"""Results: from the key of a stage to the digests of its outputs; what makes "never do the same work twice" true."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.formats.canonical import compact, object_field, read_record
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.digest import parse_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlops_cli.store.digest import Digest

_SCHEMA = 1


class Results:
    """One small file a key, in a folder 256 folders wide. A damaged one counts as absent: the stage then runs again.

    Parameters
    ----------
    folder : Path
        Where results lie.
    temporary : Path, optional
        Where files are written before they are whole; beside the result by default.
    settled : callable
        Told the path of each result that was put, for whoever brings it to the disk.
    """

    def __init__(
        self, folder: Path, temporary: Path | None = None, settled: Callable[[str], None] = lambda _: None
    ) -> None:
        self._folder = str(folder)
        self._temporary = temporary
        self._settled = settled

    def get(self, key: Digest) -> dict[str, Artifact] | None:
        """Return the outputs (path to artifact) that this key led to, or None."""
        path = self._path(key)
        try:
            record = read_record(path.read_bytes(), file=str(path), schema=_SCHEMA)
            if record.get("key") != key:
                return None
            return {p: artifact_from_record(a) for p, a in object_field(record, "outs", str(path)).items()}
        except (OSError, FileError, DataError):
            return None

    def listing(self) -> Iterator[tuple[Digest, Path, float]]:
        """Yield key, file and time (s since the epoch) of every result, readable or not."""
        for path in sorted(Path(self._folder).glob("??/*.json")):
            key = f"b3:{path.parent.name}{path.stem}"
            with suppress(FileNotFoundError, DataError):
                yield parse_digest(key), path, path.stat().st_mtime

    def put(self, key: Digest, outs: Mapping[str, Artifact]) -> None:
        """Keep what a key led to; flushed with its group, after the content."""
        value = {
            "schema": _SCHEMA,
            "key": key,
            "outs": {path: artifact.record() for path, artifact in outs.items()},
        }
        path = self._path(key)
        temporary = self._temporary / f"result-{key[5:]}" if self._temporary else None
        write_atomic(path, compact(value), durable=False, temporary=temporary)
        self._settled(str(path))

    def _path(self, key: Digest) -> Path:
        return Path(f"{self._folder}/{key[3:5]}/{key[5:]}.json")


class FirstResults:
    """Results of which none is replaced: what is only repeated must not take the place of what it was to be held against."""

    def __init__(self, results: _Known) -> None:
        self._results = results

    def get(self, key: Digest) -> Mapping[str, Artifact] | None:
        """Return the outputs that this key led to, or None."""
        return self._results.get(key)

    def put(self, key: Digest, outs: Mapping[str, Artifact]) -> None:
        """Keep what a key led to, unless that is known already."""
        if self._results.get(key) is None:
            self._results.put(key, outs)


class _Known(Protocol):
    def get(self, key: Digest) -> Mapping[str, Artifact] | None: ...

    def put(self, key: Digest, outs: Mapping[str, Artifact]) -> None: ...
