"""What each input of a stage is now: its digest where that is known, and who has to run first where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.problems import Problem
from mlops_cli.pipeline.decision import Decision, Inputs
from mlops_cli.store.globs import glob_expression, is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.pipeline.definition import Dependency, Stage
    from mlops_cli.pipeline.facts import Facts
    from mlops_cli.pipeline.graph import Source
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest


class ResolvedInputs:
    """The inputs of one stage.

    Attributes
    ----------
    inputs : Inputs
        What is known.
    blockers : list of str
        Stages that have to run, or be restored, before the rest is known.
    unknown : set of str
        Inputs, as written, that wait for them.
    problems : list of Problem
        Inputs that nothing makes.
    """

    def __init__(
        self,
        stage: Stage,
        sources: Mapping[str, tuple[Source, ...]],
        upstream: Mapping[str, Decision],
        facts: Facts,
    ) -> None:
        self.stage = stage
        self.upstream = upstream
        self.facts = facts
        self.blockers: list[str] = []
        self.unknown: set[str] = set()
        self.problems: list[Problem] = []
        deps: dict[str, Artifact] = {}
        for dep in stage.deps:
            makers = sources.get(dep.path, ())
            found = self._dep(dep, [s for s in makers if s.stage in upstream], makers)
            if found is None:
                self.unknown.add(dep.path)
            else:
                deps.update(found)
        runtime: dict[str, Digest] = {}
        for path in stage.runtime:
            artifact = facts.artifact(path)
            if artifact is None:
                self.problems.append(
                    Problem(*stage.place, f"runtime file {path} of {stage.name} does not exist", "")
                )
            else:
                runtime[path] = artifact.digest
        self.inputs = Inputs(deps, {name: facts.variable(name) for name in stage.env}, runtime)

    def _dep(
        self, dep: Dependency, sources: list[Source], makers: tuple[Source, ...]
    ) -> dict[str, Artifact] | None:
        """Return path to artifact of what one dependency stands for; None while that is not known.

        `sources` are those of its makers that are part of the plan.
        """
        blockers = [s.stage for s in sources if self.upstream[s.stage].state in ("stale", "waiting")]
        if blockers:
            self._block(blockers)
            return None
        restoring = [s for s in sources if self.upstream[s.stage].state == "cached"]
        if is_glob(dep.path):
            return self._pattern(dep, restoring, makers)
        if not restoring:
            artifact = self.facts.artifact(dep.path)
            return self._missing(dep, sources, makers) if artifact is None else {dep.path: artifact}
        if len(restoring) == 1 and len(sources) == 1:
            artifact = self._future(dep.path, restoring[0])
            if artifact is not None:
                return {dep.path: artifact}
        self._block([s.stage for s in restoring])
        return None

    def _future(self, path: str, source: Source) -> Artifact | None:
        """Return what will lie at a path once a cached stage is restored."""
        outs = self.upstream[source.stage].outs or {}
        whole = outs.get(source.path)
        if whole is None or path == source.path:
            return whole
        return (
            self.facts.inside(whole, path[len(source.path) + 1 :])
            if path.startswith(source.path + "/")
            else None
        )

    def _pattern(
        self, dep: Dependency, restoring: list[Source], makers: tuple[Source, ...]
    ) -> dict[str, Artifact] | None:
        expression = glob_expression(dep.path)
        future: dict[str, Artifact] = {}
        for source in restoring:
            artifact = self._future(source.path, source)
            if artifact is None or artifact.tree or not expression.fullmatch(source.path):
                self._block([source.stage])
                return None
            future[source.path] = artifact
        own = {out.path for out in self.stage.outs}
        paths = [p for p in self.facts.matches(dep.path) if p not in future and p not in own]
        found = {p: artifact for p in paths if (artifact := self.facts.artifact(p)) is not None} | future
        if not found:
            return self._missing(dep, [], makers)
        return dict(sorted(found.items()))

    def _missing(
        self, dep: Dependency, sources: list[Source], makers: tuple[Source, ...]
    ) -> dict[str, Artifact] | None:
        if makers and not sources:
            message = (
                f"{dep.path} is not there, and {makers[0].stage}, which makes it, is not part of this run"
            )
            record = self.facts.record(makers[0].stage)
            known = record is not None and makers[0].path in record.outs
            bring = f", or bring it with: mlops pull {makers[0].path}" if known else ""
            hint = f"run {makers[0].stage} first, or leave --only out{bring}"
            self.problems.append(Problem(*dep.place, message, hint))
        elif sources:
            maker = f"{sources[0].stage} makes {sources[0].path}, but there is no {dep.path} in it"
            self.problems.append(Problem(*dep.place, maker, "correct the path"))
        elif is_glob(dep.path):
            self.problems.append(
                Problem(
                    *dep.place,
                    f"nothing matches {dep.path}, and no stage makes a match",
                    "correct the pattern",
                )
            )
        else:
            hint = "correct the path, or add a stage with this output"
            self.problems.append(
                Problem(*dep.place, f"{dep.path} does not exist, and no stage makes it", hint)
            )
        return None

    def _block(self, stages: Iterable[str]) -> None:
        self.blockers += [name for name in dict.fromkeys(stages) if name not in self.blockers]
