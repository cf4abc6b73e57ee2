"""What a metric is for one of Git's trees: its pipeline run in an isolated worktree, as far as results are not known already."""

from __future__ import annotations

from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self

from mlops_cli.errors import MlopsError, UsageError
from mlops_cli.experiments.inputs import place_inputs
from mlops_cli.experiments.isolated import worktrees
from mlops_cli.experiments.repeating import run_stoppable
from mlops_cli.history.directions import value_of
from mlops_cli.history.tree_recipe import needed_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.experiments.isolated import Isolated
    from mlops_cli.history.tree_recipe import Recipe
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact


class Measured(NamedTuple):
    """What came of a measurement.

    Parameters
    ----------
    value : float or None
        None where there is none; `trouble` says why.
    run : str or None
        The run's id.
    executed : bool
        Whether any stage ran; else everything was known already.
    """

    value: float | None
    run: str | None
    executed: bool
    trouble: str = ""


class Measuring:
    """Measures a metric in isolated worktrees; a context manager.

    Parameters
    ----------
    opened : Opened
        The project, opened at its own folder.
    metric : str
        As in a run record: a name, with its stage before it where several report it.
    targets : sequence of str
        Stages that report it; none means all.
    jobs : int or None
        Cores to use.
    most : int or None
        How many runs may be executed.
    """

    def __init__(
        self,
        opened: Opened,
        metric: str,
        targets: Sequence[str],
        *,
        jobs: int | None = None,
        most: int | None = None,
        listen: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.opened = opened
        self.metric = metric
        self.targets = targets
        self.executed = 0
        self.restored = 0
        self._jobs = jobs
        self._most = most
        self._listen = listen
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Return itself, ready to make worktrees."""
        self._pool = self._stack.enter_context(worktrees(self.opened))
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of everything."""
        self._stack.close()

    @property
    def exhausted(self) -> bool:
        """Whether nothing more may be executed."""
        return self._most is not None and self.executed >= self._most

    def present(self, path: str) -> Artifact | None:
        """Return what lies at a path of the user's workspace, or what its record says of tracked data that is not there."""
        return self.opened.facts.artifact(path)

    def measure(
        self,
        tree: str,
        commit: str,
        recipe: Recipe,
        *,
        again: bool,
        what: str = "",
        loose: Mapping[str, Artifact] = MappingProxyType({}),
    ) -> Measured:
        """Return the metric for a tree.

        Parameters
        ----------
        commit : str
            What HEAD is to be.
        recipe : Recipe
            Of the tree.
        again : bool
            Execute everything, for another value of what is known already.
        what : str
            Of a hybrid: which factor it is about; kept in the run's record.
        loose : mapping
            Inputs that no tree has, where they are not to be those in the workspace.
        """
        if recipe.problem:
            return Measured(None, None, False, recipe.problem)
        experiment = {"bisect": self.metric} | ({"factor": what} if what else {})
        with self._pool.worktree(tree, commit) as elsewhere:
            try:
                self._place(elsewhere, recipe, loose)
                assert recipe.pipeline is not None, "a recipe without a problem has one"  # noqa: S101 - tells the type checker
                names = needed_stages(recipe.pipeline, self.targets)
                ran = run_stoppable(
                    elsewhere, names, experiment=experiment, force=again, jobs=self._jobs, listen=self._listen
                )
            except MlopsError as error:
                return Measured(None, None, False, error.message)
        executed = any(row["status"] in ("ran", "failed") for row in ran.stages)
        self.executed += executed
        self.restored += not executed
        if ran.code:
            return Measured(None, ran.run, executed, ran.trouble)
        value = metric_among({row["name"]: row.get("metrics", {}) for row in ran.stages}, self.metric)
        trouble = "" if value is not None else f"it reports no {self.metric}"
        return Measured(value, ran.run, executed, trouble)

    def _place(self, elsewhere: Isolated, recipe: Recipe, loose: Mapping[str, Artifact]) -> None:
        """Place inputs that are in no tree: for all commits alike they are what lies in the user's workspace."""
        source = elsewhere.source
        source.workspace.look(recipe.loose)
        found = {path: loose.get(path) or source.facts.artifact(path) for path in recipe.loose}
        if place_inputs(elsewhere, {path: artifact for path, artifact in found.items() if artifact}):
            elsewhere.refresh()


def metric_among(stages: Mapping[str, Mapping[str, object]], name: str) -> float | None:
    """Return a metric's number out of what stages report; None where none reports it.

    Parameters
    ----------
    stages : mapping
        Stage to metrics.
    name : str
        `auc`, or `train@forest:auc` where several stages report one.

    Raises
    ------
    UsageError
        When several stages report it.

    Examples
    --------
    >>> metric_among({"a": {"auc": 0.9}, "b": {"auc": 0.8, "f1": 0.7}}, "b:auc")
    0.8
    """
    alone = {
        stage: value
        for stage, metrics in stages.items()
        if (value := value_of(metrics.get(name))) is not None
    }
    if len(alone) > 1:
        first = next(iter(alone))
        raise UsageError(
            f"{len(alone)} stages report {name}",
            hint=f"Say whose is meant, for example: --metric {first}:{name}",
        )
    if alone:
        return next(iter(alone.values()))
    for stage, metrics in stages.items():
        value = value_of(metrics.get(name.removeprefix(f"{stage}:")))
        if name.startswith(f"{stage}:") and value is not None:
            return value
    return None
