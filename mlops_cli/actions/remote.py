"""`remote`: the remotes of a project, as `.mlops/config.yaml` names them, and what they can do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import UsageError
from mlops_cli.settings import find_remote, remote_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.opened import Opened
    from mlops_cli.store.remotes.check import Findings

# Whoever checks wants to know what is wrong now.
_LITTLE_PATIENCE = (0.3,)
FILE = ".mlops/config.yaml"


@dataclass(frozen=True, slots=True)
class RemoteRow:
    """One remote as the file has it; no secrets.

    Parameters
    ----------
    options : mapping
        Everything but the address.
    """

    name: str
    url: str
    default: bool
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RemotesResult:
    """The remotes after what was done.

    Parameters
    ----------
    done : str
        What was done, as a sentence; empty for a listing.
    """

    remotes: tuple[RemoteRow, ...]
    done: str = ""


@dataclass(frozen=True, slots=True)
class RemoteCheck:
    """What a check found out."""

    name: str
    url: str
    findings: Findings


def remotes(opened: Opened) -> RemotesResult:
    """Return the remotes, in the order of the file."""
    return _result(opened.config.remotes, opened.config.default_remote)


def add(
    opened: Opened, name: str, url: str, values: Mapping[str, str | int | None], *, default: bool = False
) -> RemotesResult:
    """Write a remote into the settings. Nothing is asked of it.

    Parameters
    ----------
    values : mapping
        `jobs` and `REMOTE_OPTIONS`; None where not given.
    default : bool
        Make it the one that is meant where none is named.

    Raises
    ------
    UsageError
        When the name is taken or cannot be one, or the address is none, or holds a password.
    DataError
        When a package is missing that the address needs.
    FileError
        When the file is wrong, or cannot be changed line by line.
    """
    from mlops_cli.formats.config_edit import add_remote, set_default
    from mlops_cli.formats.config_file import NAME_HINT, REMOTE_NAME, password_in
    from mlops_cli.store.remotes.opening import open_remote_files

    if not re.fullmatch(REMOTE_NAME, name):
        raise UsageError(f'a remote cannot be called "{name}"', hint=f"A name has {NAME_HINT}.")
    if name in opened.config.remotes:
        raise UsageError(
            f"there is a remote called {name} already", hint=f"Remove it first: mlops remote remove {name}"
        )
    if password_in(url):
        variable = remote_variable(name, "password")
        raise UsageError(
            "the address has a password in it, and the settings are committed",
            hint=f"Leave it out, and set the variable {variable} on each machine.",
        )
    given = {key: value for key, value in values.items() if value is not None}
    open_remote_files(url, given, root=opened.project.root)  # says what is wrong with the address, or missing
    entry: dict[str, str | int] = {"url": url, **given}

    def change(data: bytes) -> bytes:
        data = add_remote(data, FILE, name, entry)
        return set_default(data, FILE, name) if default else data

    return _change(opened, change, f"Added the remote {name}{', the default' if default else ''}.")


def remove(opened: Opened, name: str) -> RemotesResult:
    """Take a remote out of the settings; what lies there stays.

    Raises
    ------
    UsageError
        When there is no such remote.
    FileError
        When the file is wrong, or cannot be changed line by line.
    """
    from mlops_cli.formats.config_edit import remove_remote

    url = find_remote(opened.config, {}, name).url
    done = f"Removed the remote {name}; what lies at {url} stays."
    return _change(opened, lambda data: remove_remote(data, FILE, name), done)


def make_default(opened: Opened, name: str | None, *, unset: bool = False) -> RemotesResult:
    """Say which remote is meant where none is named; with neither a name nor `unset`, change nothing.

    Raises
    ------
    UsageError
        When there is no such remote.
    FileError
        When the file is wrong, or cannot be changed line by line.
    """
    from mlops_cli.formats.config_edit import set_default

    if unset:
        return _change(opened, lambda data: set_default(data, FILE, None), "No remote is the default now.")
    if name is None:
        return remotes(opened)
    find_remote(opened.config, {}, name)
    return _change(opened, lambda data: set_default(data, FILE, name), f"The default remote is {name} now.")


def check(opened: Opened, name: str | None = None) -> RemoteCheck:
    """Try a remote with a probe that is gone afterwards.

    Raises
    ------
    UsageError
        When there is no such remote.
    DataError
        When a package is missing that it needs, or it is a folder that was there once and is not now.
    """
    from mlops_cli.store.remotes.check import check_remote
    from mlops_cli.store.remotes.opening import open_remote_files
    from mlops_cli.tracking.elsewhere import check_folder

    remote = find_remote(opened.config, opened.environment.variables, name)
    check_folder(opened, remote, writing=True)
    root = opened.project.root
    files = open_remote_files(
        remote.url, remote.options, root=root, jobs=remote.jobs, pauses=_LITTLE_PATIENCE
    )
    return RemoteCheck(remote.name, remote.url, check_remote(files))


def _change(opened: Opened, change: Callable[[bytes], bytes], done: str) -> RemotesResult:
    from mlops_cli.formats.atomic import write_atomic
    from mlops_cli.formats.config_file import parse_config

    data = change(opened.read(FILE) or b"")
    write_atomic(opened.project.config_file, data)
    config = parse_config(data, FILE)
    return _result(config.remotes, config.default_remote, done)


def _result(found: Mapping[str, Mapping[str, Any]], default: str | None, done: str = "") -> RemotesResult:
    default = default or (next(iter(found)) if len(found) == 1 else None)
    rows = (
        RemoteRow(
            name,
            values["url"],
            name == default,
            {key: value for key, value in values.items() if key != "url"},
        )
        for name, values in found.items()
    )
    return RemotesResult(tuple(rows), done)
