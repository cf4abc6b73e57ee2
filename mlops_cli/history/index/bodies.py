"""The bytes of records, read when a question needs them: out of Git, or from the workspace where only that has them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.git.batch import Reader
    from mlops_cli.git.worktrees import Repository
    from mlops_cli.project import Project

_KEPT = 4096


class Bodies:
    """One process that hands out files by Git's ids, started when first asked."""

    def __init__(self, repository: Repository, project: Project) -> None:
        self._repository = repository
        self._project = project
        self._reader: Reader | None = None
        self._kept: dict[str, bytes] = {}

    def read(self, wanted: Sequence[tuple[str, str]]) -> list[bytes | None]:
        """Return contents by id and path, in the order asked for; None for what nobody has any more."""
        from mlops_cli.git.batch import Reader

        unknown = list(dict.fromkeys(blob for blob, _ in wanted if blob not in self._kept))
        found: dict[str, bytes] = {}
        if unknown:
            if self._reader is None:
                self._reader = Reader(self._repository.git_dir, self._repository.variables)
            found = {thing.id: thing.data for thing in self._reader.read(unknown) if thing.kind}
            if len(self._kept) + len(found) > _KEPT:
                self._kept.clear()
        answer = [self._kept.get(blob) or found.get(blob) or self._lying(blob, path) for blob, path in wanted]
        self._kept |= found
        return answer

    def _lying(self, blob: str, path: str) -> bytes | None:
        """Return what lies at a path of the workspace, if it is what was asked for."""
        from mlops_cli.history.index.working import blob_id

        with suppress(OSError):
            data = (self._project.root / path).read_bytes()
            if blob_id(data, wide=len(blob) == 64) == blob:
                return data
        return None

    def close(self) -> None:
        """End the process."""
        if self._reader is not None:
            self._reader.__exit__()
            self._reader = None
