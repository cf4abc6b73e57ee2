"""Whether a committed record is what was written: every byte of it that follows from others is compared with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import FileError
from mlops_cli.formats.canonical import compact, pretty
from mlops_cli.history.run_event import dump_run_event, event_name, event_path, load_run_event
from mlops_cli.history.run_record import dump_run_record, load_run_record
from mlops_cli.pipeline.key import KEY_SCHEMA
from mlops_cli.pipeline.record import StageRecord, dump_stage_record, load_stage_record
from mlops_cli.project import DATA_RECORDS, RECORDS, stage_record_path
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import dump_data_record, load_data_record

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES, RUNS, MODELS = f"{RECORDS}/stages/", f"{RECORDS}/runs/", f"{RECORDS}/models/"
# What never changes once it is written, so that a difference from what is committed is damage.
IMMUTABLE = (RUNS, MODELS)
_LAYOUT = "it is not laid out as it was written"


def inside_project(path: str) -> str:
    """Return the path of a record relative to its project, out of its path relative to the worktree.

    Examples
    --------
    >>> inside_project("models/churn/.mlops/stages/train.json")
    '.mlops/stages/train.json'
    """
    return f"{RECORDS}/" + f"/{path}".partition(f"/{RECORDS}/")[2]


def is_told(path: str) -> bool:
    """Whether a file below a `.mlops` folder is a record that the tool wrote, and not a file of people's.

    Examples
    --------
    >>> is_told(".mlops/data/raw.json"), is_told(".mlops/config.yaml")
    (True, False)
    """
    return inside_project(path).startswith((STAGES, f"{DATA_RECORDS}/", RUNS, MODELS)) and path.endswith(
        ".json"
    )


def unsound(path: str, data: bytes, *, layout: bool = True) -> str:
    """Return why a record is not what was written; empty for one that is, and for files that are no records.

    Parameters
    ----------
    path : str
        Relative to the top of the worktree.
    layout : bool
        Whether it must also be laid out as this version writes it; what people have committed need not.
    """
    file = inside_project(path)
    if not file.endswith(".json"):
        return ""
    if not data:
        return "it is empty"
    checks: dict[str, Callable[[bytes, str], str]] = {
        STAGES: _stage,
        f"{DATA_RECORDS}/": _data,
        RUNS: _run,
    }
    check = next((check for start, check in checks.items() if file.startswith(start)), _any)
    try:
        reason = check(data, file)
    except FileError as error:
        return error.message.removeprefix(f"{file}: ").removeprefix(f"{file} ")
    return reason if layout or reason != _LAYOUT else ""


def _stage(data: bytes, file: str) -> str:
    record = load_stage_record(data, file)
    if stage_record_path(record.stage) != file:
        return f"it names the stage {record.stage!r}, which its place does not stand for"
    if not _hides_secrets(record.program) and _key_of(record) != record.key:
        return "what it says of the stage does not have its key"
    return "" if dump_stage_record(record) == data else _LAYOUT


def _key_of(record: StageRecord) -> str:
    """Return the key that a record's own content comes to; see `pipeline.key`."""
    return digest_bytes(
        compact(
            {
                "schema": KEY_SCHEMA,
                "program": record.program,
                "wdir": record.wdir,
                "deps": {path: artifact.digest for path, artifact in record.deps.items()},
                "params": {file: dict(values) for file, values in record.params.items()},
                "env": dict(record.env),
                "runtime": dict(record.runtime),
                "outs": sorted(record.outs),
            }
        )
    )


def _hides_secrets(program: Any) -> bool:
    """Whether something may have been taken out of a program before it was written down."""
    text = json.dumps(program)
    return "***" in text or "://" in text


def _data(data: bytes, file: str) -> str:
    return "" if dump_data_record(load_data_record(data, file)) == data else _LAYOUT


def _run(data: bytes, file: str) -> str:
    if event_name(file):
        event = load_run_event(data, file)
        if event_path(event) != file:
            return f"it names an event of the run {event.run!r}, which its place does not stand for"
        return "" if dump_run_event(event) == data else _LAYOUT
    record = load_run_record(data, file)
    if not file.endswith(f"/{record.id[:4]}-{record.id[4:6]}/{record.id}.json"):
        return f"it names the run {record.id!r}, which its place does not stand for"
    return "" if dump_run_record(record) == data else _LAYOUT


def _any(data: bytes, file: str) -> str:  # noqa: ARG001 - one shape for all kinds
    try:
        return "" if pretty(json.loads(data)) == data else _LAYOUT
    except (ValueError, RecursionError):
        return "it is not valid JSON"
