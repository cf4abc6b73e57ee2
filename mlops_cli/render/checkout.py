"""What `checkout` says."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.plain import plain
from mlops_cli.render.text import files_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.tracking.agreeing import Away, Brought, CheckoutResult, Kept, Left

_SCHEMA = 1
_MOST = 10
_NAMED = 4  # as many paths as a hint can hold


def checkout_text(result: CheckoutResult) -> str:
    """Return a line for each path that changed, or that nothing had to be done."""
    lines = [away_line(away) for away in result.away]
    lines += [_line(brought) for brought in result.brought]
    lines += [".gitignore: wrote the rules for tracked data anew"] if result.rules else []
    if not lines and result.exit_code == 0:
        lines = [
            "The workspace agrees with the records: nothing to do."
            if result.same
            else "Nothing is recorded yet."
        ]
    return "".join(f"{line}\n" for line in lines)


def away_line(away: Away) -> str:
    """Return what to know of a path that was taken away."""
    what = f"removed {files_text(away.files)}, {size_text(away.size)}"
    return f"{plain(away.path)}: {what}, no longer recorded here; commit {away.commit[:12]} has it"


def left_lines(left: Sequence[Left], up: str = "", prefix: str = "") -> list[str]:
    """Return what to know of paths that are no longer tracked and stay, and what to type.

    Parameters
    ----------
    up : str
        As for `checkout_trouble`.
    prefix : str
        The folder of the project from where the user stands, with a slash at its end, where that is above it.
    """
    said = "was tracked as data, and nothing records it here; it stays"
    lines = [f"mlops: {plain(prefix + each.path)} {said}: {plain(each.why)}" for each in left[:_MOST]]
    if len(left) > _MOST:
        lines.append(f"mlops: and {len(left) - _MOST} more of that kind")
    if left:
        names = " ".join(shlex.quote(up + each.path) for each in left[:_NAMED])
        command = f"mlops -C {shlex.quote(prefix.rstrip('/'))}" if prefix else "mlops"
        todo = f"To track it here, too: {command} add {names}; to keep it and track it no more: {command} remove {names}"
        lines.append(todo)
    return lines


def _line(brought: Brought) -> str:
    placed = f"placed {files_text(brought.files)}, {size_text(brought.size)}"
    removed = f"removed {files_text(brought.removed)}"
    parts = [placed] if brought.files or not brought.removed else []
    parts += [removed] if brought.removed else []
    return f"{plain(brought.path)}: {', '.join(parts)}"


def checkout_trouble(result: CheckoutResult, up: str = "", *, asked: bool = False) -> str:
    """Return what was not done, and what to type about it.

    Parameters
    ----------
    asked : bool
        The remote was asked a moment ago: what is missing it does not have, and asking again does not help.
    up : str
        From where the user stands to the project, with a slash at its end: `../`.
    """
    lines: list[str] = []
    for kept in result.kept:
        lines += [
            f"mlops: {kept.path} is left as it is: this is not in the store, and would be lost",
            *losses_lines(kept),
        ]
    lines += _ways_out(result.kept, up)
    for path in result.missing:
        lines.append(f"mlops: {path} is recorded, and its content is not in the store")
    for part in result.partial:
        lines.append(f"mlops: {part.path} is here only in part; what is missing:")
        lines += _some(part.lacking)
    if result.missing and not asked:
        names = " ".join(up + path for path in result.missing[:4])
        lines.append(f"Bring it with: mlops pull {names}")
    lines += left_lines(result.left, up)
    for error in result.failed:
        lines += [f"mlops: {error.message}", *([error.hint] if error.hint else [])]
    return "".join(f"{line}\n" for line in lines)


def _ways_out(kept: Sequence[Kept], up: str) -> list[str]:
    """Return what to type about what was left: data is added; an output cannot be, since its stage makes it."""
    lines = []
    for outputs in (False, True):
        some = [each for each in kept if (each.stage is not None) is outputs][:4]
        names = " ".join(shlex.quote(up + each.path) for each in some)
        stages = " ".join(dict.fromkeys(shlex.quote(each.stage) for each in some if each.stage))
        keep = f"copy it elsewhere; to make it again: mlops run {stages}" if outputs else f"mlops add {names}"
        lines += [f"To keep it: {keep}; to drop it: mlops checkout --force {names}"] if some else []
    return lines


def losses_lines(kept: Kept) -> list[str]:
    """Return what would be lost, a line each; of much the first."""
    return _some([f"{loss.path} ({size_text(loss.size)})" for loss in kept.losses])


def _some(texts: Sequence[str]) -> list[str]:
    """Return a line for each text; of many the first, and how many more there are."""
    lines = [f"  {text}" for text in texts[:_MOST]]
    more = len(texts) - _MOST
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
        "partial": [{"path": part.path, "missing": list(part.lacking)} for part in result.partial],
        "away": [
            {"path": a.path, "files": a.files, "bytes": a.size, "commit": a.commit} for a in result.away
        ],
        "left": [{"path": each.path, "why": each.why} for each in result.left],
        "rules": result.rules,
        "failed": [{"kind": e.kind, "message": e.message, "hint": e.hint} for e in result.failed],
    }
