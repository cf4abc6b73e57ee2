"""Settings, read once: what the environment says over what `.mlops/config.yaml` says.

This is the only module that reads environment variables.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

LinkKind = Literal["reflink", "hardlink", "symlink", "copy"]
# What a remote may say of itself in the committed file, and what only a variable `MLOPS_REMOTE_<NAME>_<OPTION>` may say; such a
# variable also wins over the file.
REMOTE_OPTIONS = ("endpoint_url", "region", "profile", "user", "key_file")
REMOTE_SECRETS = ("password", "key", "secret", "token", "passphrase")


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
    remotes : mapping
        Name to `url`, and whichever of `jobs`, `listing`, `REMOTE_OPTIONS` and `options` are given.
    default_remote : str or None
        The remote that is meant where none is named.
    gc_grace : float or None
        Seconds for which `mlops gc` keeps what nothing leads to; None means two weeks.
    hooks_large : int
        Bytes above which the pre-commit hook lets no new file into Git.
    snapshot_file, snapshot_total : int
        Bytes of an untracked file, and of all together, that a snapshot of uncommitted code takes in.
    metrics : mapping
        Metric to `up` or `down`: which way it is better, where its name does not tell.
    """

    cache_dir: str | None = None
    links: tuple[LinkKind, ...] = ("reflink", "copy")
    jobs: int | None = None
    gpus: int | None = None
    memory: int | None = None
    remotes: Mapping[str, Mapping[str, Any]] = {}
    default_remote: str | None = None
    gc_grace: float | None = None
    hooks_large: int = 10_000_000
    snapshot_file: int = 1 << 20
    snapshot_total: int = 64 << 20
    metrics: Mapping[str, str] = {}


class Remote(NamedTuple):
    """One remote, with everything that the file and the environment say of it.

    Parameters
    ----------
    jobs : int or None
        How many requests may be under way at once; None for what suits its kind.
    options : mapping
        For opening it; may hold secrets.
    listing : bool or None
        Whether a push keeps a list of everything there, for those who cannot list; None for what suits its kind.
    """

    name: str
    url: str
    jobs: int | None
    options: Mapping[str, Any]
    listing: bool | None = None


def remote_variable(name: str, option: str) -> str:
    """Return the environment variable that sets an option of a remote.

    Examples
    --------
    >>> remote_variable("our-nas", "password")
    'MLOPS_REMOTE_OUR_NAS_PASSWORD'
    """
    return f"MLOPS_REMOTE_{name.upper().replace('-', '_')}_{option.upper()}"


def find_remote(config: Config, variables: Mapping[str, str], name: str | None = None) -> Remote:
    """Return a remote by its name; the default one, or the only one, where none is given.

    Raises
    ------
    UsageError
        When there is no such remote, or it is not plain which one is meant.
    """
    names = ", ".join(config.remotes)
    if name is None:
        name = config.default_remote or (next(iter(config.remotes)) if len(config.remotes) == 1 else None)
    if name is None and not config.remotes:
        raise UsageError("this project has no remote", hint="Add one: mlops remote add NAME URL")
    if name is None:
        raise UsageError(
            f"which remote is meant? There are {names}", hint="Name one, or choose: mlops remote default NAME"
        )
    if name not in config.remotes:
        there = (
            f"There {'is' if len(config.remotes) == 1 else 'are'} {names}."
            if names
            else "Add it: mlops remote add NAME URL"
        )
        raise UsageError(f"there is no remote called {name}", hint=there)
    values = dict(config.remotes[name])
    url, jobs, listing = values.pop("url"), values.pop("jobs", None), values.pop("listing", None)
    for option in (*REMOTE_OPTIONS, *REMOTE_SECRETS):
        given = variables.get(remote_variable(name, option))
        if given:
            values[option] = given
    return Remote(name, url, jobs, values, listing)


class Trigger(NamedTuple):
    """What started this process: `cli`, `hook` or `ci`, and the page of the CI job where one is known."""

    kind: Literal["cli", "hook", "ci"]
    url: str | None = None


class FrameworkPush(NamedTuple):
    """What the pre-commit framework tells a hook of a push: of several refs only the first that brings something new.

    Parameters
    ----------
    name : str
        The ref that is pushed.
    tip : str
        Its commit, as Git takes it.
    known : str
        A commit that the remote has; empty where it has none.
    remote : str
        Its name.
    """

    name: str
    tip: str
    known: str
    remote: str


def read_framework_push(variables: Mapping[str, str]) -> FrameworkPush | None:
    """Return what the pre-commit framework says of a push; None where it says nothing."""
    # Where the remote has no commit of the branch, the framework names the branch and no commits.
    ref = variables.get("PRE_COMMIT_LOCAL_BRANCH", "")
    tip = variables.get("PRE_COMMIT_TO_REF") or ref
    known, remote = variables.get("PRE_COMMIT_FROM_REF", ""), variables.get("PRE_COMMIT_REMOTE_NAME", "")
    return FrameworkPush(ref or tip, tip, known, remote) if tip else None


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
