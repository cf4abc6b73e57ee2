"""One experiment: its parameters written into an isolated worktree, and run there, unless that was done before."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from mlops_cli.errors import MlopsError
from mlops_cli.experiments.base import read_base
from mlops_cli.experiments.inputs import place_inputs
from mlops_cli.experiments.running import run_in
from mlops_cli.experiments.sweep import settings_of
from mlops_cli.formats.canonical import compact
from mlops_cli.formats.value_edit import Change, change_values
from mlops_cli.history.named import metrics_by_stage
from mlops_cli.history.run_record import StageRun, flat_metrics
from mlops_cli.pipeline.select import select_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.execution.children import Children
    from mlops_cli.experiments.base import Base
    from mlops_cli.experiments.isolated import Isolated
    from mlops_cli.experiments.sweep import Combination
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact

Status = Literal["waiting", "running", "ok", "failed", "stopped", "left"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One experiment, and what became of it.

    Parameters
    ----------
    number : int
        Its place in the sweep, from 0.
    settings : mapping
        Parameter to value.
    status : str
        `waiting`, `running`, `ok`, `failed`, `stopped`; `left` where it was not begun.
    run : str or None
        The id of its run.
    before : bool
        That run was made earlier, and nothing ran now.
    metrics : mapping
        As in the run record.
    trouble : str
        Why it failed.
    doing : str
        The last thing that was heard of it while it runs.
    varies : tuple of str
        The parameters that are not the same in the whole sweep; empty where nobody has said.
    """

    number: int
    settings: Mapping[str, Any]
    status: Status = "waiting"
    run: str | None = None
    before: bool = False
    metrics: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""
    seconds: float = 0.0
    doing: str = ""
    varies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """A run that ended well, as far as it has to be known to tell whether an experiment is the same.

    Parameters
    ----------
    tree : str
        Id of the tree that holds its code.
    keys : mapping
        Stage to key.
    """

    run: str
    tree: str
    keys: Mapping[str, str | None]
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What all experiments of a sweep have in common.

    Parameters
    ----------
    inputs : mapping
        What stages read and none of them makes: path to artifact.
    rules : bytes or None
        The user's ignore rules, which the base has as they were committed.
    past : tuple of Past
        Runs that ended well.
    jobs : int
        Cores for each experiment.
    dirty : bool
        The base is not what was committed.
    """

    sweep: str
    base: Base
    inputs: Mapping[str, Artifact]
    rules: bytes | None = None
    past: tuple[Past, ...] = ()
    targets: Sequence[str] = ()
    force: bool = False
    keep_going: bool = False
    only: bool = False
    downstream: bool = False
    jobs: int = 1
    message: str = ""
    dirty: bool = True


class Bench:
    """An isolated worktree in which one experiment runs after the other."""

    def __init__(self, isolated: Isolated, order: Order) -> None:
        self._isolated = isolated
        self._order = order
        self._placed: dict[str, None] = {}
        self._used = False

    def perform(
        self, trial: Trial, combination: Combination, children: Children, tell: Callable[[Trial], None]
    ) -> Trial:
        """Carry out one experiment; whatever goes wrong with it is in what is returned.

        Parameters
        ----------
        tell : callable
            Told what becomes of it meanwhile.
        """
        begin = time.monotonic()
        try:
            self._prepare(combination)
            past = None if self._order.force else self._done_before()
            if past is not None:
                return replace(trial, status="ok", run=past.run, before=True, metrics=past.metrics)
            return self._run(replace(trial, status="running"), begin, children, tell)
        except MlopsError as error:
            hint = f". {error.hint}" if error.hint else ""
            return replace(
                trial,
                status="failed",
                trouble=f"{error.message}{hint}",
                seconds=time.monotonic() - begin,
            )

    def _prepare(self, combination: Combination) -> None:
        isolated, order = self._isolated, self._order
        if self._used:
            isolated.fill(order.base.tree, self._placed)
        self._used = True
        root = isolated.opened.project.root
        if order.rules is not None:
            (root / ".gitignore").write_bytes(order.rules)
        self._placed.update(dict.fromkeys(place_inputs(isolated, order.inputs)))
        write_parameters(isolated.opened, combination)
        isolated.refresh().update_ignore()

    def _done_before(self) -> Past | None:
        """Return an earlier run of the same code, with the same keys as far as they can be told before anything runs."""
        order, opened = self._order, self._isolated.opened
        tree = read_base(opened).tree if order.past else ""
        candidates = [past for past in order.past if past.tree == tree]
        if not candidates:
            return None
        names = select_stages(
            opened.pipeline,
            opened.graph,
            order.targets,
            folder=opened.folder,
            only=order.only,
            downstream=order.downstream,
        )
        decisions = opened.plan(names).decisions
        keys = {name: decision.key for name, decision in decisions.items()}
        for past in candidates:
            if all(name in past.keys and key in (None, past.keys[name]) for name, key in keys.items()):
                return past
        return None

    def _run(self, trial: Trial, begin: float, children: Children, tell: Callable[[Trial], None]) -> Trial:
        order = self._order
        tell(trial)
        experiment = {
            "sweep": order.sweep,
            "set": dict(trial.settings),
            "branch": order.base.branch,
            "dirty": order.dirty,
        }
        ran = run_in(
            self._isolated,
            order.targets,
            force=order.force,
            keep_going=order.keep_going,
            only=order.only,
            downstream=order.downstream,
            jobs=order.jobs,
            message=order.message,
            experiment=experiment,
            listen=lambda line: tell(replace(trial, doing=line)),
            children=children,
        )
        rows = [StageRun(row["name"], row["status"], metrics=row.get("metrics", {})) for row in ran.stages]
        return replace(
            trial,
            status=ran.status,  # type: ignore[arg-type] # one of these
            run=ran.run,
            metrics=metrics_by_stage(flat_metrics(rows), rows),
            trouble="" if ran.status == "ok" else ran.trouble + (f". {ran.hint}" if ran.hint else ""),
            seconds=time.monotonic() - begin,
        )


def write_parameters(opened: Opened, combination: Combination) -> None:
    """Write values into the parameter files of a project, comments and layout kept.

    Raises
    ------
    FileError
        When a file is not written so that this can be done.
    """
    changes: dict[str, list[Change]] = {}
    for setting in combination:
        changes.setdefault(setting.file, []).append(Change(setting.name, setting.value))
    for file, wanted in changes.items():
        data = opened.read(file) or b""
        changed = change_values(data, file, wanted)
        if changed != data:
            with open(opened.workspace_path(file), "wb") as stream:
                stream.write(changed)


def new_trials(combinations: Sequence[Combination]) -> list[Trial]:
    """Return the experiments of a sweep, none of them begun."""
    trials = [Trial(number, settings_of(each)) for number, each in enumerate(combinations)]
    names = dict.fromkeys(name for trial in trials for name in trial.settings)
    varies = tuple(name for name in names if len({compact(trial.settings.get(name)) for trial in trials}) > 1)
    return [replace(trial, varies=varies) for trial in trials]
