"""Records of runs held against their copies in journals: such a record never changes, so where two differ, one was altered."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError
from mlops_cli.git.batch import Reader
from mlops_cli.git.journal import JOURNALS, OTHERS, list_refs, walk
from mlops_cli.history.index.working import blob_id
from mlops_cli.history.journal import journal_path
from mlops_cli.history.lineage.agreement import first_difference
from mlops_cli.history.soundness import RUNS, inside_project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlops_cli.git.command import Git
    from mlops_cli.git.records import RecordFile

_WIDE = 64  # digits of an object's name in a repository that names them by SHA-256


def differing_copies(git: Git, common_dir: Path, records: Sequence[RecordFile]) -> dict[tuple[str, str], str]:
    """Return, by path and place, which records of runs and events do not say what another copy says.

    Parameters
    ----------
    records : sequence of RecordFile
        Versions from the workspace and from commits; others than those of runs are passed over.
    """
    runs = [record for record in records if _kept_at(record.path)]
    kept = _journaled(git, common_dir, runs)
    found: dict[tuple[str, str], str] = {}
    first: dict[str, RecordFile] = {}
    for record in runs:
        others = [*kept.get(record.path, ())]
        before = first.setdefault(record.path, record)
        if before is not record:
            others.append((_place(before.where), before.data))
        reason = next((text for place, data in others if (text := _differs(record.data, data, place))), "")
        if reason:
            found[record.path, record.where] = reason
    return found


def _kept_at(path: str) -> str:
    """Return where a journal keeps the record that a path of a worktree stands for; empty for what is none of a run."""
    file = inside_project(path)
    if not (file.startswith(RUNS) and path.endswith(".json")):
        return ""
    prefix = path.removesuffix(file)
    run, _, event = file.rpartition("/")[2].removesuffix(".json").partition(".")
    try:
        return journal_path(prefix, run, event)
    except ValueError:
        return ""


def _journaled(
    git: Git, common_dir: Path, records: Sequence[RecordFile]
) -> dict[str, list[tuple[str, bytes]]]:
    """Return of each path what journals have, with the journal in words, where that is not the same bytes."""
    asked: dict[str, list[RecordFile]] = {}
    for record in records:
        asked.setdefault(_kept_at(record.path), []).append(record)
    found: dict[str, list[tuple[str, bytes]]] = {}
    if not asked:
        return found
    # Of a damaged journal `sync` tells.
    with suppress(DataError), Reader(common_dir, git.variables) as reader:
        for ref in list_refs(git, JOURNALS, OTHERS):
            place = f"the journal {ref.name.rpartition('/')[2]}"
            for path, row in walk(reader, ref.tree):
                wide = len(row.id) == _WIDE
                if all(blob_id(record.data, wide=wide) == row.id for record in asked.get(path, ())):
                    continue
                found.setdefault(asked[path][0].path, []).append((place, reader.find(row.id).data))
    return found


def _differs(data: bytes, other: bytes, place: str) -> str:
    if data == other:
        return ""
    one, two = _value(data), _value(other)
    if one is None or two is None:
        return f"it differs from {place}, and such a record never changes"
    found = first_difference(one, two)
    if found is None:
        return ""
    return f"{found.field} is {found.one} here and {found.other} in {place}, and such a record never changes"


def _place(where: str) -> str:
    return f"the {where}" if where in ("workspace", "index") else f"commit {where[:7]}"


def _value(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
