"""Making a profile from an address, and what `uses: profile` does in its child process."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.step import PAGE, PROFILE, ProfileSettings, read_settings
from mlops_cli.data.profile.text import is_profile, profile_to_bytes
from mlops_cli.data.table.formats import by_name
from mlops_cli.data.table.opening import open_table
from mlops_cli.errors import FileError, UsageError
from mlops_cli.formats.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.data.profile.model import Profile
    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.data.table.table import Table
    from mlops_cli.pipeline.builtin import StepCall

_HEAD = 4096
_FOLLOWED = ("categorical", "text")  # kinds that a table's own values cannot tell, such as postal codes


def run(call: StepCall) -> None:
    """Profile a table, and write `profile.json` and the page."""
    profile = make_profile(read_settings(call.settings), Path(), Path(call.scratch))
    folder = Path(call.report or ".")
    write_atomic(folder / PROFILE, profile_to_bytes(profile), durable=False)
    if call.page is not None:
        write_atomic(folder / PAGE, call.page(profile).encode(), durable=False)


def make_profile(settings: ProfileSettings, folder: Path, scratch: Path) -> Profile:
    """Return the profile of a table.

    Parameters
    ----------
    folder : Path
        What paths are relative to.
    scratch : Path
        For temporary files.

    Raises
    ------
    FileError
        When there is no table, or the baseline is no profile.
    DataError
        When the table cannot be read.
    UsageError
        When a column that is named does not exist.
    """
    baseline = read_profile(folder, settings.baseline) if settings.baseline else None
    address = settings.data if "://" in settings.data else str(folder / settings.data)
    with _open(address, settings.types, baseline, scratch) as table:
        return profile_table(table, baseline=baseline, stage=settings.stage, pii=settings.pii)


def _open(address: str, types: Mapping[str, Kind], baseline: Profile | None, scratch: Path) -> Table:
    """Open a table; texts of the baseline are read as texts, also where they look like numbers, as postal codes do."""
    columns = baseline.columns if baseline else ()
    followed: dict[str, Kind] = {column.name: column.kind for column in columns if column.kind in _FOLLOWED}
    try:
        return open_table(address, kinds={**followed, **types}, scratch=scratch)
    except UsageError:
        # A column may be gone, which is no mistake of who asks; which ones there are is known only now.
        with open_table(address, kinds=types, scratch=scratch) as table:
            names = table.names
        followed = {name: kind for name, kind in followed.items() if name in names}
        return open_table(address, kinds={**followed, **types}, scratch=scratch)


def read_profile(folder: Path, path: str) -> Profile:
    """Return the profile in a file.

    Raises
    ------
    FileError
        When it cannot be read, or is no profile.
    """
    data = read_bytes(folder, path)
    if not is_profile(data[:_HEAD]) and may_be_table(path):
        raise FileError(
            f"{path} is a table, not a profile of one",
            hint=f"Profile it with: mlops profile {shlex.quote(path)} --out {shlex.quote(_named_after(path))}",
        )
    return profile_from_bytes(data, path)


def may_be_table(path: str) -> bool:
    """Return whether a file's name promises a table; `.json` may be either, so that is taken for a profile.

    Examples
    --------
    >>> may_be_table("a/2012.csv.gz"), may_be_table("a/profile.json"), may_be_table("s3://bucket/parts")
    (True, False, True)
    """
    return "://" in path or (by_name(path) is not None and not path.lower().endswith(".json"))


def _named_after(path: str) -> str:
    """Return a name for the profile of a table, in the folder where one stands.

    Examples
    --------
    >>> _named_after("data/2012.csv.gz")
    '2012.profile.json'
    """
    return f"{path.rstrip('/').rpartition('/')[2].partition('.')[0] or 'table'}.profile.json"


def profiles_of(folder: Path, before: str, after: str, scratch: Path) -> tuple[Profile, Profile]:
    """Return the profiles of two things, each a profile or a table; a table is counted on the other's layout.

    Parameters
    ----------
    folder : Path
        What paths are relative to.
    before, after : str
        Their paths, or addresses of tables.
    scratch : Path
        For temporary files.

    Raises
    ------
    FileError
        When one is not there, or is a damaged profile.
    DataError
        When a table cannot be read.
    """
    first = None if _is_table(folder, before) else read_profile(folder, before)
    second = None if _is_table(folder, after) else read_profile(folder, after)
    if first is None:
        first = _profile_on(second, folder, before, scratch)
    if second is None:
        second = _profile_on(first, folder, after, scratch)
    return first, second


def _is_table(folder: Path, path: str) -> bool:
    return (may_be_table(path) and not holds_profile(folder / path)) or (folder / path).is_dir()


def _profile_on(baseline: Profile | None, folder: Path, path: str, scratch: Path) -> Profile:
    address = path if "://" in path else str(folder / path)
    with _open(address, {}, baseline, scratch) as table:
        return profile_table(table, baseline=baseline)


def read_bytes(folder: Path, path: str) -> bytes:
    """Return the bytes of a file that should be there.

    Raises
    ------
    FileError
        When it is not.
    """
    try:
        return (folder / path).read_bytes()
    except IsADirectoryError as error:
        raise FileError(
            f"{path} is a folder, and a profile is a file",
            hint="Make one with: mlops profile PATH --out FILE",
        ) from error
    except OSError as error:
        raise FileError(
            f"{path} cannot be read: {error.strerror}", hint="Make one with: mlops profile PATH --out FILE"
        ) from error


def holds_profile(path: Path) -> bool:
    """Return whether there is a file here that is a profile."""
    try:
        with path.open("rb") as stream:
            return is_profile(stream.read(_HEAD))
    except OSError:
        return False
