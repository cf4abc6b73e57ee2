"""What `checkout` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.text import files_text

if TYPE_CHECKING:
    from mlops_cli.tracking.agreeing import Brought, CheckoutResult, Kept

_SCHEMA = 1
_MOST = 10


def checkout_text(result: CheckoutResult) -> str:
    """Return a line for each path that changed, or that nothing had to be done."""
    lines = [_line(brought) for brought in result.brought]
    if not lines and result.exit_code == 0:
        lines = [
            "The workspace agrees with the records: nothing to do."
            if result.same
            else "Nothing is recorded yet."
        ]
    return "".join(f"{line}\n" for line in lines)


def _line(brought: Brought) -> str:
    placed = f"placed {files_text(brought.files)}, {size_text(brought.size)}"
    removed = f"removed {files_text(brought.removed)}"
    parts = [placed] if brought.files or not brought.removed else []
    parts += [removed] if brought.removed else []
    return f"{brought.path}: {', '.join(parts)}"


def checkout_trouble(result: CheckoutResult, up: str = "") -> str:
    """Return what was not done, and what to type about it.

    Parameters
    ----------
    up : str
        From where the user stands to the project, with a slash at its end: `../`.
    """
    lines: list[str] = []
    for kept in result.kept:
        lines += [
            f"mlops: {kept.path} is left as it is: this is not in the store, and would be lost",
            *losses_lines(kept),
        ]
    if result.kept:
        names = " ".join(up + kept.path for kept in result.kept[:4])
        lines.append(f"To keep it: mlops add {names}; to drop it: mlops checkout --force {names}")
    for path in result.missing:
        lines.append(f"mlops: {path} is recorded, and its content is not in the store")
    if result.missing:
        names = " ".join(up + path for path in result.missing[:4])
        lines.append(f"Bring it with: mlops pull {names}")
    for error in result.failed:
        lines += [f"mlops: {error.message}", *([error.hint] if error.hint else [])]
    return "".join(f"{line}\n" for line in lines)


def losses_lines(kept: Kept) -> list[str]:
    """Return what would be lost, a line each; of much the first."""
    lines = [f"  {loss.path} ({size_text(loss.size)})" for loss in kept.losses[:_MOST]]
    more = len(kept.losses) - _MOST
    return [*lines, f"  and {more} more"] if more > 0 else lines


def checkout_wire(result: CheckoutResult) -> dict[str, Any]:
    """Return the shape of `checkout --json`."""
    return {
        "schema": _SCHEMA,
        "brought": [
            {"path": b.path, "files": b.files, "bytes": b.size, "removed": b.removed} for b in result.brought
        ],
        "same": result.same,
        "kept": [
            {"path": k.path, "losses": [{"path": loss.path, "size": loss.size} for loss in k.losses]}
            for k in result.kept
        ],
        "missing": list(result.missing),
        "failed": [{"kind": e.kind, "message": e.message, "hint": e.hint} for e in result.failed],
    }
