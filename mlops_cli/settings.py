"""Settings, read once: what the environment says over what `.mlops/config.yaml` says.

This is the only module that reads environment variables.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

LinkKind = Literal["reflink", "hardlink", "symlink", "copy"]


class Config(NamedTuple):
    """What `.mlops/config.yaml` says.

    Parameters
    ----------
    cache_dir : str or None
        Where objects and results lie instead of `.git/mlops`; relative to the project.
    links : tuple of str
        Ways to place a stored file in the workspace, tried in this order.
    jobs, gpus, memory : int or None
        What `mlops run` may use: cores, GPUs, bytes; None means what the machine has.
    """

    cache_dir: str | None = None
    links: tuple[LinkKind, ...] = ("reflink", "copy")
    jobs: int | None = None
    gpus: int | None = None
    memory: int | None = None


class Trigger(NamedTuple):
    """What started this process: `cli`, `hook` or `ci`, and the page of the CI job where one is known."""

    kind: Literal["cli", "hook", "ci"]
    url: str | None = None


class Environment(NamedTuple):
    """What the environment of this process says.

    Parameters
    ----------
    variables : mapping
        All variables, for the stages' programs and for the `env:` of the pipeline file.
    cache_dir : Path or None
        `MLOPS_CACHE_DIR`, made absolute.
    """

    variables: Mapping[str, str]
    trigger: Trigger
    cache_dir: Path | None = None
    plain: bool = False

    @property
    def python_prefix(self) -> Path:
        """The virtual environment in whose name stages run, else the one of this interpreter."""
        return Path(self.variables.get("VIRTUAL_ENV") or sys.prefix)


def read_environment(variables: Mapping[str, str] | None = None) -> Environment:
    """Read the environment once.

    Parameters
    ----------
    variables : mapping, optional
        The variables; those of this process by default.
    """
    values = dict(os.environ if variables is None else variables)
    cache = values.get("MLOPS_CACHE_DIR")
    return Environment(
        variables=values,
        trigger=_trigger(values),
        cache_dir=Path(cache).expanduser().absolute() if cache else None,
        plain=bool(values.get("NO_COLOR")) or values.get("TERM") == "dumb" or bool(values.get("CI")),
    )


def _trigger(values: Mapping[str, str]) -> Trigger:
    if values.get("GITHUB_ACTIONS"):
        parts = [values.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
        return Trigger("ci", f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else None)
    if values.get("CI"):
        return Trigger("ci", values.get("CI_JOB_URL") or values.get("BUILD_URL") or None)
    # Git sets these two for the programs that its hooks start, and for little else.
    if "GIT_INDEX_FILE" in values or "GIT_DIR" in values:
        return Trigger("hook")
    return Trigger("cli")
