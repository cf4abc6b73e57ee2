"""What the planner may ask of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mlops_cli.pipeline.record import StageRecord
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest


class Facts(Protocol):
    """What the planner may ask of the world."""

    def artifact(self, path: str) -> Artifact | None:
        """Return what lies at a path of the workspace."""
        ...

    def matches(self, pattern: str) -> Iterable[str]:
        """Return the paths of the workspace that a pattern matches."""
        ...

    def record(self, stage: str) -> StageRecord | None:
        """Return a stage's record."""
        ...

    def result(self, key: Digest) -> Mapping[str, Artifact] | None:
        """Return the outputs that a key led to, where all of their content is in the store."""
        ...

    def restorable(self, artifacts: Collection[Artifact]) -> bool:
        """Whether all content of these artifacts is in the store."""
        ...

    def inside(self, artifact: Artifact, path: str) -> Artifact | None:
        """Return what lies at a path inside a stored directory."""
        ...

    def variable(self, name: str) -> str | None:
        """Return the value of an environment variable."""
        ...
