"""In what a stage differs from its record: every reason, with the value before and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.canonical import compact
from mlops_cli.pipeline.decision import Reason
from mlops_cli.pipeline.parameters import leaves
from mlops_cli.pipeline.record import StageRecord, shown_program
from mlops_cli.store.globs import glob_expression, is_glob

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.pipeline.decision import Inputs
    from mlops_cli.pipeline.definition import Stage


def differences(record: StageRecord, stage: Stage, inputs: Inputs, unknown: Collection[str]) -> list[Reason]:
    """Return everything in which a stage differs from its record; inputs that are not known yet are left out."""
    reasons: list[Reason] = []
    program = shown_program(stage)
    if record.program != program:
        reasons += _step_changes(record.program, program) or [
            Reason("program-changed", stage.name, record.program, program)
        ]
    if record.wdir != stage.wdir:
        reasons.append(Reason("wdir-changed", stage.name, record.wdir, stage.wdir))
    before: dict[str, Any] = {path: artifact.digest for path, artifact in record.deps.items()}
    now: dict[str, Any] = {path: artifact.digest for path, artifact in inputs.deps.items()}
    for path in [p for p in before if p not in now and _unknown(p, unknown)]:
        del before[path]
    reasons += _changes("dep", before, now)
    reasons += _parameter_changes(leaves(record.params), leaves(stage.params))
    reasons += _changes("env", dict(record.env), dict(inputs.env), one_kind=True)
    reasons += _changes("runtime", dict(record.runtime), dict(inputs.runtime), one_kind=True)
    paths = sorted(out.path for out in stage.outs)
    if sorted(record.outs) != paths:
        reasons.append(Reason("outs-changed", stage.name, sorted(record.outs), paths))
    return reasons


def _step_changes(old: Json, new: Json) -> list[Reason]:
    """Return in what a built-in step differs from itself, setting by setting; nothing where another program runs."""
    if not (isinstance(old, dict) and isinstance(new, dict) and old.get("uses") == new.get("uses")):
        return []
    reasons = []
    if old.get("version") != new.get("version"):
        reasons.append(Reason("step-changed", str(new["uses"]), old.get("version"), new.get("version")))
    return reasons + _changes("setting", _settings(old), _settings(new))


def _settings(program: Mapping[str, Json]) -> dict[str, Any]:
    settings = program.get("with")
    return {
        name: value
        for (_, name), value in leaves({"": settings if isinstance(settings, dict) else {}}).items()
    }


def _unknown(path: str, unknown: Collection[str]) -> bool:
    return path in unknown or any(is_glob(p) and glob_expression(p).fullmatch(path) for p in unknown)


def _parameter_changes(
    old: Mapping[tuple[str, str], Any], new: Mapping[tuple[str, str], Any]
) -> list[Reason]:
    reasons = []
    for file in sorted({file for file, _ in (*old, *new)}):
        before = {name: value for (f, name), value in old.items() if f == file}
        after = {name: value for (f, name), value in new.items() if f == file}
        reasons += _changes("param", before, after, file=file)
    return reasons


def _changes(
    what: str, old: Mapping[str, Any], new: Mapping[str, Any], *, file: str = "", one_kind: bool = False
) -> list[Reason]:
    reasons = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if name in old and name in new and _equal(before, after):
            continue
        kind = (
            "changed" if one_kind or (name in old and name in new) else "added" if name in new else "removed"
        )
        reasons.append(Reason(f"{what}-{kind}", name, before, after, file))  # type: ignore[arg-type]
    return reasons


def _equal(a: Any, b: Any) -> bool:
    """Equal as the key sees it: 1, 1.0 and true are three values."""
    return a is b or compact(a) == compact(b)
