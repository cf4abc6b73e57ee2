"""What `mlops remote` says: lists of remotes, and what a check found out; as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_cli.actions.remote import RemoteCheck, RemoteRow, RemotesResult

_SCHEMA = 1
HEAD = ("remote", "address", "default", "options")


def remotes_rows(result: RemotesResult) -> list[list[str]]:
    """Return the cells of the list of remotes, below `HEAD`."""
    return [[row.name, row.url, "yes" if row.default else "", _options(row)] for row in result.remotes]


def _options(row: RemoteRow) -> str:
    return ", ".join(f"{key}={value}" for key, value in row.options.items())


def remotes_wire(result: RemotesResult) -> dict[str, Any]:
    """Return the shape of `remote list --json`, which adding, removing and choosing print, too."""
    rows = [
        {"name": row.name, "url": row.url, "default": row.default, "options": dict(row.options)}
        for row in result.remotes
    ]
    return {"schema": _SCHEMA, "remotes": rows}


def check_text(result: RemoteCheck) -> str:
    """Return what a check found out, a line for each thing that was tried, and the verdict."""
    found = result.findings
    lines = [f"{'ok ' if step.ok else 'FAILED'} {step.name}: {step.detail}" for step in found.steps]
    wrong = [step for step in found.steps if not step.ok]
    hints = dict.fromkeys(step.hint for step in wrong if step.hint)
    if wrong:
        verdict = (
            f"{result.name} ({result.url}) cannot be used: {', '.join(step.name for step in wrong)} failed."
        )
    elif found.read_only:
        verdict = f"{result.name} ({result.url}) works, for reading only."
    else:
        verdict = f"{result.name} ({result.url}) works."
    return "\n".join([*lines, verdict, *hints]) + "\n"


def check_wire(result: RemoteCheck) -> dict[str, Any]:
    """Return the shape of `remote check --json`."""
    found = result.findings
    return {
        "schema": _SCHEMA,
        "name": result.name,
        "url": result.url,
        "ok": found.ok,
        "read_only": found.read_only,
        "latency": None if found.latency is None else round(found.latency, 6),
        "conditional": {"create_only": found.create_only},
        "steps": [
            {"name": step.name, "ok": step.ok, "detail": step.detail, "hint": step.hint}
            for step in found.steps
        ],
    }
