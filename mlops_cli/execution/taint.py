"""Whether inputs changed while a stage ran: then its outputs belong to no key, and are no result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.canonical import compact
from mlops_cli.formats.problems import Problems
from mlops_cli.pipeline.parameters import ParameterFiles, lookup
from mlops_cli.store.globs import is_glob

if TYPE_CHECKING:
    from mlops_cli.execution.facts import MachineFacts
    from mlops_cli.pipeline.decision import Decision
    from mlops_cli.pipeline.definition import Stage


def changed_inputs(stage: Stage, decision: Decision, facts: MachineFacts) -> list[str]:
    """Return inputs that are no longer what the stage was started with.

    Parameters
    ----------
    decision : Decision
        With what it was started.
    """
    workspace = facts.workspace
    changed = [path for path, before in decision.inputs.deps.items() if workspace.changed(path, before)]
    for dep in stage.deps:
        if is_glob(dep.path):
            own = {out.path for out in stage.outs}
            changed += [
                p for p in workspace.matches(dep.path) if p not in decision.inputs.deps and p not in own
            ]
    for path, digest in decision.inputs.runtime.items():
        artifact = workspace.artifact(path)
        if workspace.changed(path, artifact) or artifact is None or artifact.digest != digest:
            changed.append(path)
    return changed + [file for file in stage.params if _parameters_changed(stage, file, facts)]


def _parameters_changed(stage: Stage, file: str, facts: MachineFacts) -> bool:
    if not facts.workspace.changed(file, facts.parameter_file(file)):
        return False
    files = ParameterFiles(lambda path: _read(facts.workspace.absolute(path)), Problems())
    values = files.values(file)
    try:
        now = {name: lookup(values or {}, name) for name in stage.params[file]}
        return compact(now) != compact(dict(stage.params[file]))
    except (LookupError, ValueError):
        return True


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return None
