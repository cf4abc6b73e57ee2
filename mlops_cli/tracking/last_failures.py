"""Stages that failed when they ran last, told from the newest run records of the workspace: cheap enough for `status`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from mlops_cli.project import Project

# Run records that are looked into: a failure longer ago is old news, and `mlops runs` knows it.
_NEWEST = 5


class Failure(NamedTuple):
    """How a stage failed.

    Parameters
    ----------
    run : str
        The id of the run.
    started : str
        When that began: UTC, ISO 8601.
    message : str
        Why it failed.
    log : str
        Absolute path of its log; empty where that is not on this machine.
    """

    run: str
    started: str
    message: str
    log: str


def last_failures(project: Project, stages: Collection[str]) -> dict[str, Failure]:
    """Return those of some stages that failed when they ran last, as far as the newest run records tell.

    A record that cannot be read is passed over: to tell of damage is for `mlops verify`.
    """
    found: dict[str, Failure] = {}
    wanted = set(stages)
    for record in _newest(project):
        for stage in record["stages"]:
            name, status = stage["name"], stage["status"]
            if name not in wanted or status in ("skipped", "killed"):
                continue
            wanted.discard(name)
            if status == "failed":
                log = project.local / "logs" / record["id"] / f"{name.replace(':', '/')}.log"
                shown = str(log) if log.exists() else ""
                found[name] = Failure(record["id"], record["started"], stage.get("message", ""), shown)
        if not wanted:
            break
    return found


def _newest(project: Project) -> Iterator[dict[str, Any]]:
    """Yield the newest run records, the newest first: names begin with the time."""
    folder = project.root / RECORDS / "runs"
    left = _NEWEST
    for month in sorted(_names(str(folder)), reverse=True):
        for name in sorted(_names(str(folder / month)), reverse=True)[:left]:
            left -= 1
            record = _read(folder / month / name)
            if record is not None:
                yield record
        if not left:
            return


def _read(file: Path) -> dict[str, Any] | None:
    """Return what a run record says, as plain values: to read it as a record would load what only `mlops runs` needs."""
    try:
        record: dict[str, Any] = json.loads(file.read_bytes())
        texts = [record["id"], record["started"]]
        for stage in record["stages"]:
            texts += [stage["name"], stage["status"], stage.get("message", "")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if all(isinstance(text, str) for text in texts) else None


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
