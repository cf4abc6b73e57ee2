"""`.dvc` files: data that no stage makes, and what was imported."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError
from mlops_cli.formats.redact import redact
from mlops_cli.formats.yaml_text import parse_yaml
from mlops_cli.migration.lock import Locked, parse_entry, place_in
from mlops_cli.store.tracked import is_plain_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.problems import Problems
    from mlops_cli.formats.yaml_text import Node
    from mlops_cli.migration.notes import Notes

_FROM_SOURCE = {"etag": "etag", "checksum": "etag", "version_id": "version", "size": "size"}


@dataclass(frozen=True, slots=True)
class Pointer:
    """One tracked path.

    Parameters
    ----------
    file, line : str, int
        Where DVC says so.
    path : str
        Relative to the project.
    source : mapping or None
        Where it was imported from, as our data records have it.
    """

    file: str
    line: int
    path: str
    locked: Locked
    source: Mapping[str, Any] | None = None


def read_pointer(
    data: bytes, file: str, remotes: Mapping[str, str], problems: Problems, notes: Notes
) -> list[Pointer]:
    """Return what a `.dvc` file tracks.

    Parameters
    ----------
    remotes : mapping
        Name to address of DVC's remotes, which addresses (`remote://name/path`) may stand on.
    """
    root = parse_yaml(data, file, problems)
    if root is None or not isinstance(root.value, dict):
        return []
    if "cmd" in root.value:
        line = root.keys["cmd"][0]
        notes.lost(
            file,
            line,
            "a stage in a .dvc file, as DVC before 1.0 wrote them",
            "write it into mlops.yaml by hand",
        )
        return []
    folder = posixpath.dirname(file)
    if "wdir" in root.value and isinstance(root.value["wdir"].value, str):
        folder = place_in(folder, root.value["wdir"].value)
    source = _source(root, file, remotes, notes)
    outs = root.value["outs"].value if "outs" in root.value else None
    found = []
    for node in outs if isinstance(outs, list) else []:
        pointer = _pointer(node, file, folder, source, notes)
        if pointer is not None:
            found.append(pointer)
    return found


def _pointer(
    node: Node, file: str, folder: str, source: Mapping[str, Any] | None, notes: Notes
) -> Pointer | None:
    row = node.plain()
    if not isinstance(row, dict) or not isinstance(row.get("path"), str) or not row["path"]:
        notes.lost(file, node.line, "an output without a path", "DVC could not read it either")
        return None
    written = row["path"]
    if "://" in written or written.startswith(("/", "~")):
        what = f"{redact(written)}, which lies outside the project"
        notes.lost(
            file, node.line, what, "only files of the project are tracked; import it: mlops import URL PATH"
        )
        return None
    path = place_in(folder, written)
    if not is_plain_path(path) or path.split("/")[0] in (".git", ".mlops", ".dvc"):
        notes.lost(file, node.line, f"the path {written}", "it leaves the project, or belongs to a tool")
        return None
    if row.get("cache") is False:
        notes.lost(file, node.line, f"{path} (cache: false)", "Git keeps it, so there is nothing to track")
        return None
    _say_ignored(row, path, file, node.line, notes)
    try:
        return Pointer(file, node.line, path, parse_entry(row), source)
    except DataError as error:
        notes.lost(file, node.line, path, error.message)
        return None


def _say_ignored(row: Mapping[str, Any], path: str, file: str, line: int, notes: Notes) -> None:
    told = [key for key in ("desc", "type", "labels", "meta") if row.get(key)]
    if told:
        notes.lost(
            file,
            line,
            f"{', '.join(told)} of {path}",
            "data records hold nothing but what follows from content",
        )
    for key in ("remote", "push"):
        if key in row:
            notes.lost(file, line, f"{key} of {path}", "every path goes to the remote that push is told")


def _source(root: Node, file: str, remotes: Mapping[str, str], notes: Notes) -> dict[str, Any] | None:
    deps = root.value["deps"].value if "deps" in root.value else None
    if not isinstance(deps, list) or not deps:
        return None
    line, row = deps[0].line, deps[0].plain()
    if not isinstance(row, dict):
        return None
    if "repo" in row:
        repo = row["repo"] if isinstance(row["repo"], dict) else {}
        what = f"the import from {redact(str(repo.get('url')))}"
        rev = repo.get("rev_lock") or repo.get("rev")
        why = f"mlops imports from addresses, not from repositories; what came from there (at {rev}) is tracked as your own data"
        notes.lost(file, line, what, why)
        return None
    url = row.get("path")
    if "db" in row or not isinstance(url, str):
        notes.lost(file, line, "the import from a database", "what was imported is tracked as your own data")
        return None
    name, found, rest = url.removeprefix("remote://").partition("/")
    if url.startswith("remote://"):
        if name not in remotes:
            notes.lost(
                file,
                line,
                f"the import from {url}",
                f"there is no remote {name}; the data is tracked as your own",
            )
            return None
        url = f"{remotes[name].rstrip('/')}{found}{rest}"
    if "://" not in url and not url.startswith("/"):
        url = place_in(posixpath.dirname(file), url)
    source: dict[str, Any] = {"url": redact(url)}
    if source["url"] != url:
        why = "credentials are never written; the library that opens the address finds them in its own places"
        notes.lost(file, line, f"the credentials in the address {source['url']}", why)
    for theirs, ours in _FROM_SOURCE.items():
        value = row.get(theirs)
        if value is not None:
            source.setdefault(ours, value if ours == "size" else str(value))
    if url.startswith("s3://") and not str(source.get("etag", '"')).startswith('"'):
        source["etag"] = f'"{source["etag"]}"'  # as S3 itself writes it, which DVC does not
    return source
