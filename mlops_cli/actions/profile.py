"""`profile`: the small description of a table that can be committed, added up and compared."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.git.discover import find_project
from mlops_cli.opened.scratch import scratch_folder
from mlops_cli.project import DEFINITION, RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.data.profile.diff import ProfileDiff
    from mlops_cli.data.profile.model import Profile
    from mlops_cli.data.table.kinds import Kind

_EXAMPLE = "For example: --out profiles/now.json"


@dataclass(frozen=True, slots=True)
class ProfileResult:
    """A profile.

    Parameters
    ----------
    name : str
        Of what: the table's path or address, or the profile's own.
    profile : Profile
        The profile.
    out : str
        Where it was written; "" for nowhere.
    """

    name: str
    profile: Profile
    out: str = ""


@dataclass(frozen=True, slots=True)
class ProfileDiffResult:
    """Two profiles, held against each other.

    Parameters
    ----------
    before, after : str
        Their paths.
    diff : ProfileDiff
        What differs.
    """

    before: str
    after: str
    diff: ProfileDiff


def profile(
    folder: Path,
    path: str,
    *,
    against: str = "",
    out: str = "",
    types: Mapping[str, str] | None = None,
    pii: Sequence[str] = (),
    stage: str = "",
) -> ProfileResult:
    """Profile a table.

    Parameters
    ----------
    folder : Path
        What paths are relative to; it need not be in a repository.
    path : str
        The table: a path or an address.
    against : str
        A profile to count on; "" for none.
    out : str
        Where to write the profile; "" for nowhere.
    types : mapping, optional
        Column to kind.
    pii : sequence of str
        Columns whose values may not be told.
    stage : str
        `raw`, `transformed`, `scored` or "".

    Raises
    ------
    UsageError
        When `path` is a profile already, or a column that is named does not exist.
    FileError
        When there is no table, or `against` is no profile.
    DataError
        When the table cannot be read.
    """
    from mlops_cli.data.profile.step import read_settings
    from mlops_cli.data.profile.work import holds_profile, make_profile

    if holds_profile(folder / path):
        raise UsageError(f"{path} is a profile already", hint=f"Show it with: mlops profile show {path}")
    with_ = {
        "data": path,
        "baseline": against or None,
        "pii": list(pii),
        "types": dict(types or {}),
        "stage": stage,
    }
    try:
        settings = read_settings(with_)
    except ValueError as error:
        raise UsageError(str(error)) from error
    target = _target(folder, out)
    with scratch_folder(folder) as scratch:
        made = make_profile(settings, folder, scratch)
    _write(target, out, made)
    return ProfileResult(path, made, out)


def profile_show(folder: Path, path: str) -> ProfileResult:
    """Read a profile.

    Raises
    ------
    FileError
        When it cannot be read.
    """
    from mlops_cli.data.profile.work import read_profile

    return ProfileResult(path, read_profile(folder, path))


def profile_diff(folder: Path, before: str, after: str) -> ProfileDiffResult:
    """Say what differs between two profiles, or tables, which are profiled for it on one layout.

    Raises
    ------
    FileError
        When one cannot be read.
    DataError
        When a table cannot be read.
    """
    from mlops_cli.data.profile.diff import diff
    from mlops_cli.data.profile.work import profiles_of

    with scratch_folder(folder) as scratch:
        first, second = profiles_of(folder, before, after, scratch)
    return ProfileDiffResult(before, after, diff(first, second))


def profile_merge(folder: Path, paths: Sequence[str], out: str = "") -> ProfileResult:
    """Add up profiles that were counted on one baseline.

    Raises
    ------
    FileError
        When one cannot be read.
    DataError
        When they do not add up.
    """
    from mlops_cli.data.profile.merge import merge
    from mlops_cli.data.profile.work import read_profile

    target = _target(folder, out)
    made = merge([read_profile(folder, path) for path in paths], paths)
    _write(target, out, made)
    return ProfileResult(" + ".join(paths), made, out)


def kinds_of(texts: Sequence[str]) -> dict[str, Kind]:
    """Return what `--type COL=KIND` says.

    Raises
    ------
    UsageError
        When there is no `=`, or no such kind.

    Examples
    --------
    >>> kinds_of(["zip=categorical"])
    {'zip': 'categorical'}
    """
    from mlops_cli.data.table.kinds import KINDS

    found: dict[str, Kind] = {}
    for text in texts:
        name, sign, kind = text.rpartition("=")
        if not sign or not name or kind not in KINDS:
            raise UsageError(
                f"--type {text}: a column and its kind were expected",
                hint=f"For example --type zip=categorical. Kinds are {', '.join(KINDS)}.",
            )
        found[name] = kind
    return found


def _target(folder: Path, out: str) -> Path | None:
    """Return where a profile is to be written; None for nowhere.

    Raises
    ------
    UsageError
        When it is a folder, is called like a page, or lies outside of the project that `folder` is in: nothing is written there.
    """
    if not out:
        return None
    if out.lower().endswith((".html", ".htm")):
        raise UsageError(
            f"{out}: --out writes the profile itself, which is JSON and no page",
            hint=f"The page goes to standard output: -o html > {shlex.quote(out)}",
        )
    target = Path(os.path.normpath(folder.resolve() / os.path.expanduser(out)))
    if target.is_dir() or out.endswith(("/", os.sep)):
        raise UsageError(f"{out} is a folder, and a profile is a file", hint=_EXAMPLE)
    try:
        root = find_project(folder).root
    except UsageError:  # no repository, so there is nothing to be outside of
        return target
    is_project = any((root / name).exists() for name in (RECORDS, DEFINITION))
    if is_project and not target.is_relative_to(root):
        raise UsageError(f"{out} does not lie inside the project", hint=_EXAMPLE)
    return target


def _write(target: Path | None, out: str, made: Profile) -> None:
    """Write a profile, if anywhere; folders are made.

    Raises
    ------
    UsageError
        When it cannot be written there.
    """
    from mlops_cli.data.profile.text import profile_to_bytes

    if target is None:
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, profile_to_bytes(made))
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}", hint="Name another file with --out."
        ) from error
