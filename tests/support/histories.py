"""Records as runs write them, made by hand, and the history of a repository opened as commands open it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.canonical import pretty
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_project
from mlops_cli.history.index.history import History
from mlops_cli.history.journal import Journal, journal_path
from mlops_cli.store.digest import Digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def d(name: str) -> Digest:
    """Return the digest of some content."""
    return digest_bytes(name.encode())


def run_id(number: int) -> str:
    """Return the id of a run; later ones have larger numbers."""
    return f"20260102T03{number // 60000:02d}{number // 1000 % 60:02d}{number % 1000:03d}-{number:08x}"


def stage_row(
    name: str,
    deps: Mapping[str, str],
    outs: Mapping[str, str],
    *,
    key: str | None = None,
    status: str = "ran",
    **more: Any,
) -> dict[str, Any]:
    """Return a stage of a run record; content is given by name."""
    return {
        "name": name,
        "status": status,
        "key": d(key or f"{name} {sorted(deps.items())}"),
        "program": [f"python {name}.py"],
        "deps": {path: {"digest": d(content), "size": len(content)} for path, content in deps.items()},
        "outs": {path: {"digest": d(content), "size": len(content)} for path, content in outs.items()},
        **more,
    }


def run_record(number: int, *stages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a run record."""
    moment = run_id(number)
    return {
        "schema": 1,
        "id": run_id(number),
        "message": f"trial {number}",
        "status": "ok",
        "started": f"2026-01-02T{moment[9:11]}:{moment[11:13]}:{moment[13:15]}.{moment[15:18]}Z",
        "seconds": 1.5,
        "actor": {"name": "Ana", "email": "ana@example.org"},
        "trigger": {"kind": "cli", "url": None},
        "code": {"commit": None, "tree": None, "snapshot": None, "dirty": False, "branch": "main"},
        "pipeline": {"file": "mlops.yaml", "digest": d("pipeline")},
        "stages": list(stages),
        "params": {"train.depth": number},
        "metrics": {"auc": number / 1000},
        "parents": [],
        "runtime": {
            "python": "3.12.1",
            "packages": {"digest": d("packages"), "names": {}},
            "platform": "Linux",
            "cpus": 2,
            "gpu": [],
            "threads": {},
        },
        **changes,
    }


def run_path(number: int) -> str:
    """Return where a run's record lies in the workspace."""
    return f".mlops/runs/2026-01/{run_id(number)}.json"


def run_file(number: int, *stages: dict[str, Any], **changes: Any) -> tuple[str, bytes]:
    """Return path and bytes of a run's record."""
    return run_path(number), pretty(run_record(number, *stages, **changes))


def stage_file(name: str, deps: Mapping[str, str], outs: Mapping[str, str]) -> tuple[str, bytes]:
    """Return path and bytes of a stage record."""
    row = stage_row(name, deps, outs)
    del row["name"], row["status"]
    value = {"schema": 1, "stage": name, "wdir": ".", "params": {}, "env": {}, "runtime": {}, **row}
    return f".mlops/stages/{name}.json", pretty(value)


def data_file(path: str, content: str, url: str | None = None) -> tuple[str, bytes]:
    """Return path and bytes of a data record."""
    value: dict[str, Any] = {"schema": 1, "path": path, "digest": d(content), "size": len(content)}
    if url:
        value["source"] = {"url": url}
    return f".mlops/data/{path}.json", pretty(value)


def note_file(number: int, name: str, text: str = "", outcome: str | None = None) -> tuple[str, bytes]:
    """Return path and bytes of a note on a run; those with later names are later."""
    value = {
        "schema": 1,
        "id": f"20260103T000000000-{name}",
        "run": run_id(number),
        "kind": "note",
        "at": f"2026-01-03T00:00:00.{int(name[:3], 16) % 1000:03d}Z",
        "actor": None,
        "text": text,
        "outcome": outcome,
    }
    return run_path(number).replace(".json", f".note-{name}.json"), pretty(value)


def put(folder: Path, *files: tuple[str, bytes]) -> None:
    """Write records into a workspace."""
    for path, data in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def into_journal(folder: Path, *files: tuple[str, bytes]) -> None:
    """Add run records or notes to the journal of the clone that a project lies in."""
    project = find_project(folder)
    there = {}
    for path, data in files:
        run, _, event = path.rpartition("/")[2].removesuffix(".json").partition(".")
        there[journal_path(project.prefix, run, event)] = data
    Journal(Git(folder, os.environ), project).append(there)


def history(folder: Path) -> History:
    """Open the history of the project that a folder belongs to."""
    return History(find_project(folder), os.environ)
