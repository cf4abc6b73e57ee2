"""Records of the workspace held against those that are committed: what cannot have come about by work is damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.errors import FileError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.history.soundness import IMMUTABLE, STAGES, inside_project, unsound
from mlops_cli.pipeline.record import load_stage_record

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.git.command import Git
    from mlops_cli.git.records import RecordFile


def cannot_differ(record: RecordFile, committed: RecordFile) -> str:
    """Return why a sound record that differs from the committed one cannot have been written so; empty where it can."""
    if record.data == committed.data or unsound(committed.path, committed.data):
        return ""
    file = inside_project(record.path)
    if file.startswith(IMMUTABLE):
        return "it differs from what is committed, and such a record never changes"
    if file.startswith(STAGES):
        now, then = load_stage_record(record.data, file), load_stage_record(committed.data, file)
        same = now.key == then.key and now.outs == then.outs and now.tainted == then.tainted
        return "it differs from what is committed, although it is about the same work" if same else ""
    return ""


def misled(git: Git, top: Path, path: str) -> bool:
    """Whether a record that names something nobody has differs from a sound committed one of the same work.

    Parameters
    ----------
    top : Path
        The top of the worktree.
    path : str
        The record's, relative to it.
    """
    committed = git.ask("show", f"HEAD:{path}")
    if committed is None or not (top / path).exists() or unsound(path, committed):
        return False
    present = (top / path).read_bytes()
    file = inside_project(path)
    if present == committed or not file.startswith(STAGES):
        return present != committed
    try:
        return load_stage_record(present, file).key == load_stage_record(committed, file).key
    except FileError:
        return False


def restore_record(git: Git, top: Path, path: str) -> None:
    """Bring back a record from the index or from HEAD, whichever has it sound; where neither has, it stays as it is."""
    present = (top / path).read_bytes()
    for revision in ("", "HEAD"):
        data = git.ask("show", f"{revision}:{path}")
        if data is not None and data != present and not unsound(path, data):
            write_atomic(top / path, data)
            return
