"""Proving that the key of an execution follows from what its records say: recomputed, and all of them held against each other."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import MlopsError
from mlops_cli.execution.builtins import STEPS
from mlops_cli.history.lineage.agreement import Difference, digests, row_and_record
from mlops_cli.history.lineage.statements import Statement
from mlops_cli.history.recipes import Recipes
from mlops_cli.history.run_record import StageRun
from mlops_cli.history.soundness import unsound
from mlops_cli.pipeline.key import recorded_key
from mlops_cli.pipeline.record import StageRecord, load_stage_record
from mlops_cli.project import stage_record_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.history.known import Production
    from mlops_cli.history.lineage.sources import Known
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.definition import Pipeline, Stage
    from mlops_cli.tracking.lineage_copies import Copies, Copy

_SAYS = "its key follows from program, inputs, parameters, variables and outputs"
_REDACTED = "a secret was taken out of the recorded program"


class _Told(NamedTuple):
    """A stage record that has to do with an execution: of its key, or of its bytes."""

    file: str
    copy: Copy
    record: StageRecord

    @property
    def where(self) -> str:
        return f"{self.file} in {self.copy.place}"


class Keys:
    """States of executions whether their keys follow."""

    def __init__(self, opened: Opened, known: Known, copies: Copies) -> None:
        self.opened = opened
        self.known = known
        self.copies = copies
        self._pipelines: dict[str, Pipeline | None] = {}

    def statement(
        self, production: Production, row: StageRun | StageRecord, about: str, tree: str
    ) -> Statement:
        """Return what can be said of the key of an execution.

        Parameters
        ----------
        row : StageRun or StageRecord
            What the record of the execution says, as it was read for the proof.
        tree : str
            The tree of Git that holds the code of the run; empty where it is not known.
        """
        told, problem = self._told_of(production)
        problem = problem or self._contradiction(production, row, told)
        if problem:
            return Statement("key", about, "fails", _SAYS, problem)
        if isinstance(row, StageRecord):
            return self._of_record(production, row, about)
        mine = [each for each in told if each.record.key == production.key]
        shows = self._recomputed(row, mine, tree)
        if shows:
            return Statement("key", about, "holds", _SAYS, shows)
        if "***" in str(row.program):
            return Statement("key", about, "open", _SAYS, _REDACTED)
        definition = self.definition(tree, row.name)
        if definition is not None and not definition.env and not definition.runtime:
            why = f"what {production.file} says of {row.name} does not have its key: somebody altered it"
            return Statement("key", about, "fails", _SAYS, why)
        why = "no stage record with this key is in the history: its program and parameters are as the run's record says"
        return Statement("key", about, "open", _SAYS, why)

    def definition(self, tree: str, stage: str) -> Stage | None:
        """Return a stage as the code of a run defines it; None where that cannot be told."""
        pipeline = self.pipeline(tree)
        return pipeline.stages.get(stage) if pipeline is not None else None

    def pipeline(self, tree: str) -> Pipeline | None:
        """Return the pipeline in the code of a run; None where it cannot be had."""
        if tree and tree not in self._pipelines:
            self._pipelines[tree] = None
            with (
                suppress(MlopsError),
                Recipes(self.opened.project, self.opened.git.variables, (), STEPS) as recipes,
            ):
                self._pipelines[tree] = recipes.of([tree])[0].pipeline if recipes.has(tree) else None
        return self._pipelines.get(tree)

    # Records --------------------------------------------------------------------------------------------------------------

    def _told_of(self, production: Production) -> tuple[list[_Told], str]:
        """Return the stage records of an execution's key, or of its bytes, each in its very version; or what is wrong with one."""
        rows = list(self.known.by_key(str(production.key)))
        for artifact in production.outs.values():
            rows += [other for other in self.known.made(artifact.digest) if other.stage == production.stage]
        found: dict[tuple[str, bytes], _Told] = {}
        for copy, file in self._versions(production, rows):
            if copy.kept.problem:
                if copy.source.kind == "commit" and "do not have" in copy.kept.problem:
                    return [], f"{file} in {copy.place}: {copy.kept.problem}"
                continue
            reason = unsound(file, copy.kept.data, layout=False)
            if reason:
                return [], f"{file} in {copy.place} was altered: {reason}"
            if (file, copy.kept.data) not in found:
                found[file, copy.kept.data] = _Told(file, copy, load_stage_record(copy.kept.data, file))
        return list(found.values()), ""

    def _versions(self, production: Production, rows: Sequence[Production]) -> Iterator[tuple[Copy, str]]:
        """Yield every version of the records, and what the workspace and HEAD have now: that is what is built upon."""
        seen = set()
        for other in rows:
            if other.run is None and other.system == "mlops" and (other.file, other.source) not in seen:
                seen.add((other.file, other.source))
                yield self.copies.read(other.source, other.file), other.file
        file = stage_record_path(production.stage)
        for copy in self.copies.present(file):
            yield copy, file

    def _contradiction(
        self, production: Production, row: StageRun | StageRecord, told: Sequence[_Told]
    ) -> str:
        """Return which stage record says something else of the same key; empty where none does."""
        for each in told:
            if each.record.key != production.key:
                continue
            if isinstance(row, StageRun):
                found = row_and_record(row, each.record)
                if found is not None:
                    return self._differs(production, found, each)
            problem = self._outputs(each)
            if problem:
                return problem
        return ""

    def _differs(self, production: Production, found: Difference, each: _Told) -> str:
        return (
            f"{production.file} says of {production.stage} that {found.field} is {found.one}, and {each.where}, which has the same"
            f" key, that it is {found.other}: one of them was altered"
        )

    def _outputs(self, each: _Told) -> str:
        """Return why what a stage record says of its outputs cannot be; empty where a run says the same, or none has that key."""
        runs = [row for row in self.known.by_key(str(each.record.key)) if row.run is not None and row.outs]
        same = [row for row in runs if digests(row.outs) == digests(each.record.outs)]
        if runs and not same:
            return (
                f"{each.where} says that {_few(digests(each.record.outs))} came of its key, and no run does: that of run"
                f" {runs[0].run} says {_few(digests(runs[0].outs))}"
            )
        if same and not any((row.status == "tainted") == each.record.tainted for row in same):
            what = "tainted" if each.record.tainted else "not tainted"
            return f"{each.where} says that it is {what}, and run {same[0].run} ended as {same[0].status}"
        return ""

    # Recomputing ------------------------------------------------------------------------------------------------------------

    def _of_record(self, production: Production, row: StageRecord, about: str) -> Statement:
        if recorded_key(row) == row.key == production.key:
            return Statement("key", about, "holds", _SAYS, f"{production.file}, the key recomputed from it")
        if "***" in str(row.program):
            return Statement("key", about, "open", _SAYS, _REDACTED)
        return Statement(
            "key", about, "fails", _SAYS, f"{production.file} leads to another key: it was altered"
        )

    def _recomputed(self, row: StageRun, told: Sequence[_Told], tree: str) -> str:
        """Return from what the key of a run's stage was recomputed; empty where it cannot be, or comes out otherwise."""
        plain = _as_record(row)
        for each in told:
            if recorded_key(each.record) == row.key:
                return f"{each.where}, the key recomputed from it"
            rest = each.record
            if recorded_key(replace(plain, wdir=rest.wdir, env=rest.env, runtime=rest.runtime)) == row.key:
                return f"the run's own record with variables of {each.where}, the key recomputed from them"
        if recorded_key(plain) == row.key:
            return "the run's own record, the key recomputed from it"
        definition = self.definition(tree, row.name)
        if definition is not None:
            outs = row.outs or dict.fromkeys([out.path for out in definition.outs])
            if recorded_key(replace(plain, wdir=definition.wdir, outs=outs)) == row.key:  # type: ignore[arg-type]
                return "the run's own record and the code that it ran, the key recomputed from them"
        return ""


def _as_record(row: StageRun) -> StageRecord:
    """Return what a run says of a stage as a stage record: without folder, variables and runtime files."""
    assert row.key is not None  # noqa: S101 - the caller has looked
    return StageRecord(row.name, row.key, row.program, ".", row.deps, row.params, {}, {}, row.outs)


def _few(rows: dict[str, str]) -> str:
    shown = [f"{path} {digest[:15]}" for path, digest in sorted(rows.items())[:3]]
    return ", ".join(shown) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
