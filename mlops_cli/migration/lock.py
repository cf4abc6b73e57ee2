"""`dvc.lock`: what each stage read and made when DVC last ran it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.yaml_text import parse_yaml
from mlops_cli.migration.md5 import Hash, checked_listing, hash_listing, parse_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.problems import Problems
    from mlops_cli.formats.yaml_text import Node


class Locked(NamedTuple):
    """A file or a directory as DVC last saw it.

    Parameters
    ----------
    hash : Hash or None
        None where DVC did not keep one of a kind that is known here.
    listing : mapping or None
        Of a directory whose files stand in the lock itself: path to hash.
    """

    hash: Hash | None
    executable: bool = False
    listing: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class LockedStage:
    """One stage of a `dvc.lock`; paths as they are written there."""

    commands: str | tuple[str, ...]
    deps: Mapping[str, Locked] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outs: Mapping[str, Locked] = field(default_factory=dict)


def parse_lock(data: bytes, file: str, problems: Problems) -> dict[str, LockedStage]:
    """Return the stages in a `dvc.lock`; what is wrong is kept in `problems`, and the stage left out."""
    root = parse_yaml(data, file, problems)
    if root is None or not isinstance(root.value, dict):
        return {}
    schema = root.value["schema"].value if "schema" in root.value else "1.0"
    if str(schema).partition(".")[0] not in ("1", "2"):
        problems.add(
            file, *root.keys["schema"], f"a dvc.lock of schema {schema} is not known here", "upgrade mlops"
        )
        return {}
    # DVC 1 had the stages at the top.
    stages: Node = root.value.get("stages", root)
    if not isinstance(stages.value, dict):
        return {}
    found = {}
    for name, node in stages.value.items():
        if isinstance(node.value, dict) and "cmd" in node.value:
            found[name] = _stage(node.plain())
        elif name != "schema":
            problems.add(file, *stages.keys[name], f"{name} is no stage of a dvc.lock")
    return found


def _stage(value: Any) -> LockedStage:
    commands = value["cmd"]
    params = value.get("params")
    return LockedStage(
        commands if isinstance(commands, str) else tuple(map(str, commands or ())),
        parse_locked(value.get("deps")),
        {f: v for f, v in params.items() if isinstance(v, dict)} if isinstance(params, dict) else {},
        parse_locked(value.get("outs")),
    )


def parse_locked(rows: Any) -> dict[str, Locked]:
    """Return path to what DVC kept of it."""
    found: dict[str, Locked] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("path"), str):
            found[row["path"]] = parse_entry(row)
    return found


def parse_entry(row: Mapping[str, Any]) -> Locked:
    """Return what stands beside a path.

    Raises
    ------
    DataError
        When a directory's files leave it.
    """
    listing = None
    files = row.get("files")
    if isinstance(files, list):
        rows = [(each.get("relpath"), each.get("md5")) for each in files if isinstance(each, dict)]
        listing = checked_listing(rows, str(row.get("path")))
    found = parse_hash(row.get("md5"), row.get("hash"))
    if found is None and listing is not None:
        found = Hash(hash_listing(listing))
    return Locked(found, row.get("isexec") is True, listing)


def place_in(folder: str, path: str) -> str:
    """Return a path that is written relative to a folder as one relative to the project."""
    return posixpath.normpath(posixpath.join(folder, path))
