"""What `hooks` says, and what the hooks themselves say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.render.checkout import away_line, checkout_wire, left_lines
from mlops_cli.render.transfer import transfer_wire
from mlops_cli.render.wire import error_wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.hooks import Agreed, HooksResult, Objection
    from mlops_cli.store.transfer.outcome import Transfer

_SCHEMA = 1
_MOST = 4
_WORDS = {"written": "wrote", "unchanged": "unchanged", "removed": "removed from", "absent": ""}


def hooks_text(result: HooksResult) -> str:
    """Return a line a hook."""
    lines = [f"{_WORDS[hook.state]} {hook.path}" for hook in result.hooks if hook.state != "absent"]
    return "".join(f"{line}\n" for line in lines) or "There were no hooks of ours.\n"


def hooks_wire(result: HooksResult) -> dict[str, Any]:
    """Return the shape of `hooks install --json`."""
    return {
        "schema": _SCHEMA,
        "folder": str(result.folder),
        "hooks": [{"name": hook.name, "path": str(hook.path), "state": hook.state} for hook in result.hooks],
    }


def agreed_wire(name: str, found: Sequence[Agreed]) -> dict[str, Any]:
    """Return the shape of `hooks run post-checkout --json` and `hooks run post-merge --json`."""
    projects = [
        {
            "project": _project(each.prefix),
            "checkout": None if each.result is None else checkout_wire(each.result),
            "error": None if each.error is None else error_wire(each.error)["error"],
        }
        for each in found
    ]
    good = all(each.result is not None and each.result.exit_code == 0 for each in found)
    return {"schema": _SCHEMA, "hook": name, "ok": good, "projects": projects}


def objections_wire(objections: Sequence[Objection]) -> dict[str, Any]:
    """Return the shape of `hooks run pre-commit --json`."""
    return {
        "schema": _SCHEMA,
        "hook": "pre-commit",
        "ok": not objections,
        "objections": [{"message": each.message, "hint": each.hint} for each in objections],
    }


def pushed_wire(pushed: Sequence[tuple[str, Transfer]]) -> dict[str, Any]:
    """Return the shape of `hooks run pre-push --json`."""
    projects = [{"project": _project(prefix), "push": transfer_wire(result)} for prefix, result in pushed]
    good = all(result.good for _, result in pushed)
    return {"schema": _SCHEMA, "hook": "pre-push", "ok": good, "projects": projects}


def _project(prefix: str) -> str:
    return prefix.rstrip("/") or "."


def agreed_text(found: Sequence[Agreed]) -> str:
    """Return what did not go well after HEAD moved, in a few lines; empty where all did."""
    lines: list[str] = []
    for each in found:
        where = f" -C {each.prefix.rstrip('/')}" if each.prefix else ""
        if each.error is not None:
            lines += [f"mlops: {each.error.message}", each.error.hint]
        if each.result is None:
            continue
        lines += [f"mlops: {each.prefix}{away_line(away)}" for away in each.result.away[:_MOST]]
        if len(each.result.away) > _MOST:
            lines.append(f"mlops: and {len(each.result.away) - _MOST} more that are no longer recorded")
        lines += left_lines(each.result.left, prefix=each.prefix)
        kept = [each.prefix + k.path for k in each.result.kept]
        if kept:
            lines += [
                f"mlops: {_few(kept)}: left as it is, for it holds what is not in the store",
                f"See it with: mlops{where} status; then: mlops{where} add PATH, or mlops{where} checkout --force PATH",
            ]
        missing = [each.prefix + path for path in each.result.missing]
        if missing:
            lines += [f"mlops: {_few(missing)}: not in the store. Bring it with: mlops{where} pull"]
        for error in each.result.failed[:_MOST]:
            lines += [f"mlops: {error.message}", error.hint]
    return "".join(f"{line}\n" for line in lines if line)


def objections_text(objections: Sequence[Objection]) -> str:
    """Return what should not be committed as it is."""
    lines = []
    for objection in objections:
        lines += [f"mlops: {objection.message}", f"  {objection.hint}"]
    if objections:
        lines.append("Nothing was committed. To commit all the same: git commit --no-verify")
    return "".join(f"{line}\n" for line in lines)


def stopped_push_text() -> str:
    """Return what to know when data of the commits could not be sent."""
    return (
        "mlops: not all data that the commits record is on the remote for data, so Git was told to push nothing\n"
        "Push the commits all the same with: git push --no-verify; their data later with: mlops push --rev BRANCH\n"
    )


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST])
    return shown if len(names) <= _MOST else f"{shown} and {len(names) - _MOST} more"
