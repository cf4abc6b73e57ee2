"""What `apply` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.experiments.parameters import ABSENT
from mlops_cli.formats.quantities import size_text
from mlops_cli.render.checkout import losses_lines
from mlops_cli.render.experiments import value_text
from mlops_cli.render.text import files_text, reasons_text

if TYPE_CHECKING:
    from mlops_cli.actions.apply import ApplyResult


def apply_text(result: ApplyResult) -> str:
    """Return what was brought: parameters, outputs, and a sentence."""
    if result.refused:
        return ""
    lines = [
        f"{each.file}: {each.name} {'is new:' if each.old == ABSENT else value_text(each.old) + ' ->'} {value_text(each.new)}"
        for each in result.parameters
    ]
    lines += [
        f"{brought.path}: placed {files_text(brought.files)}, {size_text(brought.size)}"
        for brought in result.outputs.brought
    ]
    if result.params_only:
        lines.append(
            f"Parameters are as in {result.run} now; outputs and records stay as they are."
            f" Bring them with: mlops apply {result.run}"
        )
    elif not lines and result.exit_code == 0:
        lines = ["The workspace is as in that run: nothing to do."]
    elif result.stages and result.exit_code == 0:
        lines.append(f"The workspace is as in {result.run} now. See it with: mlops status")
    return "".join(f"{line}\n" for line in lines)


def apply_trouble(result: ApplyResult) -> str:
    """Return what was not brought, and why."""
    lines: list[str] = []
    for kept in result.outputs.kept:
        lines += [f"mlops: {kept.path} is not in the store, and would be lost:", *losses_lines(kept)]
    lines += [f"mlops: the content of {path} is not in the store" for path in result.outputs.missing]
    for error in result.outputs.failed:
        lines += [f"mlops: {error.message}", *([error.hint] if error.hint else [])]
    if result.refused:
        lines.append("Nothing was changed.")
        if result.outputs.kept:
            lines.append(f"Move it away, or drop it: mlops apply --force {result.run}")
        elif result.outputs.missing:
            lines.append(f"Take the parameters alone: mlops apply --params-only {result.run}")
        return "".join(f"{line}\n" for line in lines)
    for stage in result.stages:
        if stage.state == "differs":
            lines.append(f"mlops: {stage.name} is not what it was in that run: {reasons_text(stage.reasons)}")
        elif stage.state == "gone":
            lines.append(f"mlops: there is no stage {stage.name} any more")
        elif stage.state == "unfinished":
            lines.append(f"mlops: that run did not finish {stage.name}")
    if any(stage.state == "differs" for stage in result.stages):
        lines.append("Its outputs stay as they are. Make them with: mlops run")
    if result.unfinished:
        ended = (
            "did not run every stage to its end"
            if result.status == "ok"
            else f"did not end well ({result.status})"
        )
        lines.append(
            f"The workspace is not all as in {result.run}, which {ended}. Run the rest with: mlops run"
        )
    return "".join(f"{line}\n" for line in lines)


def apply_wire(result: ApplyResult) -> dict[str, Any]:
    """Return the shape of `apply --json`."""
    return {
        "schema": 1,
        "run": result.run,
        "applied": not result.refused,
        "params": [
            {"file": p.file, "name": p.name, "old": None if p.old == ABSENT else p.old, "new": p.new}
            for p in result.parameters
        ],
        "stages": [
            {"name": s.name, "state": s.state} | ({"why": reasons_text(s.reasons)} if s.reasons else {})
            for s in result.stages
        ],
        "brought": [{"path": b.path, "files": b.files, "bytes": b.size} for b in result.outputs.brought],
        "kept": [
            {"path": k.path, "losses": [{"path": loss.path, "size": loss.size} for loss in k.losses]}
            for k in result.outputs.kept
        ],
        "missing": list(result.outputs.missing),
        "written": list(result.written),
    }
