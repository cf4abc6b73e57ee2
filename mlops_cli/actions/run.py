"""`run`: do what is needed, in parallel, and keep a record of it. It lies in `tracking/`, because others do it, too."""

from __future__ import annotations

from mlops_cli.tracking.in_place import RunOptions, RunResult, run

__all__ = ["RunOptions", "RunResult", "run"]
