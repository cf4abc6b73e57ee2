"""Runs as lists know them, made by hand."""

from __future__ import annotations

from typing import Any

from mlops_cli.history.known import KnownRun

RUN = KnownRun(
    id="20260131T175900123-1f2e3d4c",
    status="ok",
    started="2026-01-31T17:59:00.123Z",
    seconds=12.5,
    message="deeper trees",
    author="Ana López",
    email="ana@example.org",
    trigger="cli",
    commit="3f2a1b9c" * 5,
    branch="main",
    dirty=False,
    snapshot=None,
    params={"train.depth": 4, "train.lr": 0.1, "name": "4"},
    metrics={"roc_auc": {"value": 0.91, "low": 0.89, "high": 0.93}, "loss": 0.4},
    stages=("prepare", "train@forest"),
)


def known(number: int = 0, **fields: Any) -> KnownRun:
    """Return a run; the higher its number, the later it began."""
    second = f"{number // 60 % 60:02d}:{number % 60:02d}"
    times = {
        "id": f"20260131T17{second.replace(':', '')}000-{number:08x}",
        "started": f"2026-01-31T17:{second}.000Z",
    }
    return RUN._replace(**(times | fields))
