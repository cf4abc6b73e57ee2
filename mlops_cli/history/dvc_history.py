"""What DVC's files tell of history: `dvc.lock` of who made what, `.dvc` files of data.

History is full of versions that somebody broke: what cannot be read says nothing, and nobody is told.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.redact import redact
from mlops_cli.history.known import WORKSPACE, KnownData, Production
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MD5 = "md5:"
_LOCK = "dvc.lock"
_HASH = re.compile(r"[0-9a-f]{32}(\.dir)?")
_SCHEMAS = ("1", "2")
# A stage in the layout that DVC writes: its name two columns in, all else further in.
_BLOCK = re.compile(r"^  (?=\S)", re.MULTILINE)
_HEAD = re.compile(
    r"\A(?:schema: '([\d.]+)'\n)?stages:\n(.*?)^(?:schema: '([\d.]+)'\n)?\Z", re.DOTALL | re.MULTILINE
)
_FROM_SOURCE = {"etag": "etag", "checksum": "etag", "version_id": "version", "size": "size"}


def is_dvc_file(path: str) -> bool:
    """Whether a path is that of a file of DVC's which tells of history.

    Examples
    --------
    >>> is_dvc_file("a/dvc.lock"), is_dvc_file("data/raw.dvc"), is_dvc_file(".dvc/config"), is_dvc_file("dvc.yaml")
    (True, True, False, False)
    """
    name = path.rpartition("/")[2]
    return name == _LOCK or (name.endswith(".dvc") and name != ".dvc")


def productions_of(path: str, data: bytes) -> list[Production | KnownData]:
    r"""Return what a file of DVC's tells; nothing for one that is broken, foreign or of a version that is not known.

    Digests are DVC's own (`md5:<hex>`, with `.dir` at the end for a directory); where DVC kept no size it is 0. A lock
    file does not tell which folder a stage works in, so paths count from the file's own folder.

    Parameters
    ----------
    path : str
        The file's, relative to the top of the repository; so are the paths of the artifacts.

    Examples
    --------
    >>> lock = b"stages:\n  fit:\n    cmd: python fit.py\n    outs:\n    - {path: m, md5: 0cc175b9c0f1b6a831c399e269772661}\n"
    >>> productions_of("a/dvc.lock", lock)[0].outs
    {'a/m': Artifact(digest='md5:0cc175b9c0f1b6a831c399e269772661', size=0, tree=False, executable=False)}
    """
    if path.rpartition("/")[2] == _LOCK:
        return [*_locked(data, path)]
    value = _parsed(data)
    if not isinstance(value, dict):
        return []
    if _is_stage(value):  # as DVC before 1.0 had every stage in a file of its own
        name = path.rpartition("/")[2].removesuffix(".dvc")
        return [_production(name, value, _work_folder(value, path), path)]
    return list(_data(value, path))


def _is_stage(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("cmd"), str | list)


def _work_folder(value: Mapping[str, Any], path: str) -> str:
    folder, below = posixpath.dirname(path), value.get("wdir")
    return posixpath.join(folder, below) if isinstance(below, str) else folder


# Stages -------------------------------------------------------------------------------------------------------------


def _production(name: str, body: Mapping[str, Any], folder: str, file: str) -> Production:
    commands = body["cmd"] if isinstance(body["cmd"], list) else [body["cmd"]]
    params = body.get("params")
    return Production(
        stage=name,
        key=None,
        status="recorded",
        run=None,
        deps=dict(_artifacts(body.get("deps"), folder)),
        outs=dict(_artifacts(body.get("outs"), folder)),
        params=_params(params, folder) if isinstance(params, dict) else {},
        metrics={},
        program=[redact(str(command)) for command in commands],
        started=None,
        source=WORKSPACE,
        file=file,
        system="dvc",
    )


def _params(params: Mapping[str, Any], folder: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for written, values in params.items():
        path = _place(folder, written)
        if path is not None and isinstance(values, dict):
            found[path] = values
    return found


def _artifacts(rows: Any, folder: str) -> Iterator[tuple[str, Artifact]]:
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            path, artifact = _place(folder, row.get("path")), _artifact(row)
            if path is not None and artifact is not None:
                yield path, artifact


def _artifact(row: Mapping[str, Any]) -> Artifact | None:
    value, size = row.get("md5"), row.get("size")
    known = isinstance(value, str) and _HASH.fullmatch(value)
    if not known or row.get("hash") not in (None, "md5", "md5-dos2unix"):
        return None
    size = size if type(size) is int and size >= 0 else 0
    return Artifact(Digest(f"{MD5}{value}"), size, str(value).endswith(".dir"), row.get("isexec") is True)


def _place(folder: str, written: Any) -> str | None:
    """Return a path relative to the top of the repository; None for what lies elsewhere."""
    if not isinstance(written, str) or not written or "://" in written or written.startswith(("/", "~")):
        return None
    path = posixpath.normpath(posixpath.join(folder, written))
    return None if path == "." or path.split("/")[0] == ".." or "\0" in path else path


# Data ---------------------------------------------------------------------------------------------------------------


def _data(value: Mapping[str, Any], file: str) -> Iterator[KnownData]:
    origin = _origin(value.get("deps"), posixpath.dirname(file))
    rows = value.get("outs")
    folder = _work_folder(value, file)
    for row in rows if isinstance(rows, list) else []:
        for path, artifact in _artifacts([row], folder):
            count = row.get("nfiles")
            files = count if type(count) is int and count >= 0 else 1
            yield KnownData(path, artifact, files, origin, WORKSPACE, file)


def _origin(deps: Any, folder: str) -> dict[str, Any] | None:
    """Return where data was imported from, as data records have it."""
    row = deps[0] if isinstance(deps, list) and deps else None
    if not isinstance(row, dict):
        return None
    repo, url = row.get("repo"), row.get("path")
    if isinstance(repo, dict) and isinstance(repo.get("url"), str):
        found = {"url": redact(repo["url"]), "path": url, "version": repo.get("rev_lock") or repo.get("rev")}
        return {name: value for name, value in found.items() if isinstance(value, str)}
    if not isinstance(url, str):
        return None
    if "://" not in url and not url.startswith("/"):
        url = posixpath.normpath(posixpath.join(folder, url))
    origin: dict[str, Any] = {"url": redact(url)}
    for theirs, ours in _FROM_SOURCE.items():
        if row.get(theirs) is not None:
            origin.setdefault(ours, row[theirs] if type(row[theirs]) is int else str(row[theirs]))
    return origin


# YAML ---------------------------------------------------------------------------------------------------------------


def _locked(data: bytes, file: str) -> Iterable[Production]:
    """Return the stages in a lock file.

    A pipeline of a thousand stages writes all of them anew when one has run. What stands in the layout that DVC writes is
    therefore read stage by stage, and a stage that was seen before is not read again.
    """
    quick = _quickly(data, file)
    if quick is not None:
        return quick
    value = _parsed(data)
    if not isinstance(value, dict) or str(value.get("schema", "1.0")).partition(".")[0] not in _SCHEMAS:
        return ()
    stages = value.get("stages", value)  # DVC 1 had the stages at the top
    if not isinstance(stages, dict):
        return ()
    folder = posixpath.dirname(file)
    return [_production(name, body, folder, file) for name, body in stages.items() if _is_stage(body)]


def _quickly(data: bytes, file: str) -> Iterable[Production] | None:
    """Return the stages in a lock file of the usual layout; None for any other."""
    try:
        found = _HEAD.match(data.decode())
    except UnicodeDecodeError:
        return None
    schema = found and (found[1] or found[3])
    if not found or not schema or schema.partition(".")[0] not in _SCHEMAS:
        return None
    before, *blocks = _BLOCK.split(found[2])
    made = [_block(block, file) for block in blocks]
    names = {name for name, _ in filter(None, made)}
    if before or len(names) < len(blocks):
        return None
    return [production for _, production in filter(None, made) if production is not None]


@lru_cache(maxsize=8192)
def _block(text: str, file: str) -> tuple[str, Production | None] | None:
    """Return name and content of one stage; None for what is no whole value on its own."""
    value = _parsed(f"  {text}".encode())
    if not isinstance(value, dict) or len(value) != 1:
        return None
    [(name, body)] = value.items()
    return name, _production(name, body, posixpath.dirname(file), file) if _is_stage(body) else None


def _parsed(data: bytes) -> Any:
    """Return the value of a YAML document; None for one with mistakes."""
    from mlops_cli.formats.problems import Problems
    from mlops_cli.formats.yaml_text import parse_yaml

    problems = Problems()
    root = parse_yaml(data, "", problems)
    return None if root is None or problems.found else root.plain()
