"""Runs that tried something, as lists know them, made by hand."""

from __future__ import annotations

from typing import Any

from mlops_cli.history.known import KnownRun


def known_run(
    number: int, params: dict[str, Any] | None = None, metrics: Any = None, **fields: Any
) -> KnownRun:
    """Return a run; a larger number is a later run."""
    values: dict[str, Any] = {
        "id": f"20260101T{number:09d}-{number:08x}",
        "status": "ok",
        "started": f"2026-01-01T00:00:00.{number:03d}Z",
        "seconds": 1.0,
        "message": "",
        "author": "Ana",
        "email": "ana@example.org",
        "trigger": "cli",
        "commit": f"{number:040x}",
        "branch": "main",
        "dirty": False,
        "snapshot": None,
        "params": params or {},
        "metrics": metrics or {},
        "stages": ("train",),
    }
    return KnownRun(**values | fields)
