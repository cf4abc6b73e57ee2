"""One opened repository: which folder is the project, and where everything in it lies."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - dataclass fields are read at run time by typing tools
from typing import NamedTuple

DEFINITION = "mlops.yaml"
RECORDS = ".mlops"
DATA_RECORDS = f"{RECORDS}/data"
# In Git's folder of a worktree: a line `held`, a number and a path for each path that was tracked as data there.
HELD = "mlops/held"


class Project(NamedTuple):
    """The places of one project.

    Parameters
    ----------
    root : Path
        The folder that holds `mlops.yaml` and `.mlops/`; every path in a record is relative to it.
    worktree : Path
        The top folder of the Git worktree; `root` or a folder above it.
    git_dir, common_dir : Path
        Git's folder of this worktree, and the one that all worktrees share.
    """

    root: Path
    worktree: Path
    git_dir: Path
    common_dir: Path

    @property
    def depth(self) -> int:
        """How many folders the project lies below the top of the worktree."""
        return len(self.root.relative_to(self.worktree).parts)

    @property
    def prefix(self) -> str:
        """The project's folder relative to the top of the worktree, with a slash at its end; empty for the top itself."""
        path = self.root.relative_to(self.worktree).as_posix()
        return "" if path == "." else f"{path}/"

    @property
    def config_file(self) -> Path:
        """Settings that people commit."""
        return self.root / RECORDS / "config.yaml"

    @property
    def local(self) -> Path:
        """The machine-local folder, inside Git's common folder, so that it can never be committed."""
        return self.common_dir / "mlops"

    def stage_record(self, stage: str) -> Path:
        """Where the record of one stage lies; `models/churn:train` is `stages/models/churn/train.json`."""
        return self.root / stage_record_path(stage)

    def run_record(self, run: str) -> Path:
        """Where the record of one run lies; its id begins with the year and month."""
        return self.root / RECORDS / "runs" / f"{run[:4]}-{run[4:6]}" / f"{run}.json"


def stage_record_path(stage: str) -> str:
    """Return the path of a stage's record, relative to the project."""
    return f"{RECORDS}/stages/{stage.replace(':', '/')}.json"


def data_record_path(path: str) -> str:
    """Return the path of the record of tracked data, relative to the project."""
    return f"{DATA_RECORDS}/{path}.json"
