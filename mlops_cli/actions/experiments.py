"""`run -S`: try many parameters, each combination in a worktree of its own, and touch nothing of the user's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.execution.events import Notice
from mlops_cli.execution.machine import read_capacity
from mlops_cli.experiments.base import read_base, tree_of
from mlops_cli.experiments.inputs import source_inputs
from mlops_cli.experiments.overrides import parse_overrides
from mlops_cli.experiments.sweep import combinations, settings_of
from mlops_cli.experiments.sweeping import Sweeping
from mlops_cli.experiments.trial import Order, Past, Trial, new_trials
from mlops_cli.experiments.usual import usual_file
from mlops_cli.formats.canonical import compact
from mlops_cli.formats.problems import Problems
from mlops_cli.history.named import alike
from mlops_cli.pipeline.parameters import ParameterFiles
from mlops_cli.pipeline.select import select_stages
from mlops_cli.store.digest import digest_bytes
from mlops_cli.tracking.bringing import check_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.experiments.base import Base
    from mlops_cli.experiments.overrides import Override
    from mlops_cli.experiments.sweep import Combination
    from mlops_cli.opened import Opened


@dataclass(frozen=True, slots=True)
class ExperimentOptions:
    """How to try.

    Parameters
    ----------
    sample : int or None
        Draw so many combinations instead of trying all.
    seed : int or None
        To draw others than are usually drawn.
    parallel : int or None
        Experiments at a time; as many as the cores are enough for by default.
    jobs : int or None
        Cores for all of them together.
    most : int or None
        Leave the rest after so many have run.
    force, keep_going, only, downstream, message
        As for a run in place; with `keep_going` other experiments go on after one has failed, too.
    dry : bool
        Only say what would be tried.
    """

    sample: int | None = None
    seed: int | None = None
    parallel: int | None = None
    jobs: int | None = None
    most: int | None = None
    force: bool = False
    keep_going: bool = False
    only: bool = False
    downstream: bool = False
    message: str = ""
    dry: bool = False


@dataclass(frozen=True, slots=True)
class ExperimentsResult:
    """What became of a sweep.

    Parameters
    ----------
    sweep : str
        Its id: the same command on the same code has the same.
    trials : tuple of Trial
        In the order of the sweep.
    """

    sweep: str
    trials: tuple[Trial, ...]
    interrupted: bool = False
    dry: bool = False

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, 4 when something did, 130 when it was stopped."""
        if self.interrupted:
            return 130
        return 4 if any(trial.status in ("failed", "stopped") for trial in self.trials) else 0


def experiments(
    opened: Opened,
    texts: Sequence[str],
    targets: Sequence[str] = (),
    options: ExperimentOptions = ExperimentOptions(),
    listen: Callable[[Trial | Notice], None] = lambda _: None,
) -> ExperimentsResult:
    """Run the pipeline once for each combination of parameters, in isolation.

    Parameters
    ----------
    texts : sequence of str
        As `-S` takes them: `train.lr=0.1,0.01`.
    targets : sequence of str
        Stages, as `find_stages` takes them; none means all.
    listen : callable
        Told what becomes of each experiment, from the thread in which it happens.

    Raises
    ------
    UsageError
        When a text cannot be understood, or something asks for what cannot be; nothing has run then.
    DefinitionError
        When files are wrong.
    """
    _check(options)
    overrides = _overrides(opened, texts, sampled=options.sample is not None)
    wanted = combinations(overrides, texts, sample=options.sample, seed=options.seed)
    pipeline = opened.pipeline
    names = select_stages(
        pipeline,
        opened.graph,
        targets,
        folder=opened.folder,
        only=options.only,
        downstream=options.downstream,
    )
    _tell_unused(opened, names, wanted, listen)
    base = read_base(opened)
    choice = [list(texts), options.sample, options.seed, base.tree, list(names)]
    sweep = digest_bytes(compact(choice))[3:15]
    if options.dry:
        return ExperimentsResult(sweep, tuple(new_trials(wanted)), dry=True)
    for path in check_inputs(opened, names, complete=False):
        listen(Notice(f"{path} is not what its record says; the experiments read it as it lies here"))
    parallel, jobs = _share(opened, names, options, len(wanted))
    sweeping = Sweeping(
        opened,
        _order(opened, sweep, base, names, targets, wanted, jobs, options),
        wanted,
        parallel=parallel,
        most=options.most,
        keep_going=options.keep_going,
        tell=listen,
    )
    trials = sweeping.carry_out()
    # What was run earlier may have had more stages than what ran now.
    metrics = alike([trial.metrics for trial in trials])
    named = tuple(replace(trial, metrics=each) for trial, each in zip(trials, metrics, strict=True))
    return ExperimentsResult(sweep, named, sweeping.interrupted)


def _check(options: ExperimentOptions) -> None:
    for name, value in (("-j", options.jobs), ("--parallel", options.parallel), ("--max", options.most)):
        if value is not None and value < 1:
            raise UsageError(f"{name} takes a number of 1 or more")
    if options.seed is not None and options.sample is None:
        raise UsageError("--seed is for what is drawn", hint="Say how many to draw: --sample N")


def _overrides(opened: Opened, texts: Sequence[str], *, sampled: bool) -> tuple[Override, ...]:
    problems = Problems()
    files = ParameterFiles(opened.read, problems)
    found = parse_overrides(texts, usual_file(opened), files.values, sampled=sampled)
    problems.raise_if_any()
    return found


def _tell_unused(
    opened: Opened,
    names: Sequence[str],
    wanted: Sequence[Combination],
    listen: Callable[[Trial | Notice], None],
) -> None:
    """Say which parameters no stage uses: then every experiment is the same."""
    stages = [opened.pipeline.stages[name] for name in names]
    used = {
        (file, name)
        for stage in stages
        for params in (stage.params, stage.filled)
        for file, values in params.items()
        for name in values
    }
    whole = {path for stage in stages for path in [dep.path for dep in stage.deps]}
    for setting in wanted[0] if wanted else ():
        parts = setting.name.split(".")
        around = {(setting.file, ".".join(parts[:count])) for count in range(len(parts) + 1)}
        inside = any(f == setting.file and name.startswith(f"{setting.name}.") for f, name in used)
        if not around & used and not inside and setting.file not in whole:
            listen(Notice(f"no stage of this run names {setting.label} under params, or has it in a ${{…}}"))


def _share(opened: Opened, names: Sequence[str], options: ExperimentOptions, count: int) -> tuple[int, int]:
    """Return how many experiments run at a time, and how many cores each of them has."""
    config, stages = opened.config, [opened.pipeline.stages[name] for name in names]
    capacity = read_capacity(
        opened.environment.variables,
        cores=options.jobs or config.jobs,
        gpus=config.gpus,
        memory=config.memory,
    )
    widest = max((stage.cores for stage in stages), default=1)
    room = capacity.cores // widest
    memory = max((stage.memory or 0 for stage in stages), default=0)
    if memory:
        room = min(room, capacity.memory // memory)
    # Experiments do not know of each other: what has to be alone, or has a GPU for itself, is so only when one runs at a time.
    if any(stage.mutex or stage.gpu for stage in stages):
        room = 1
    parallel = min(options.parallel or max(1, room), max(1, count))
    return parallel, max(1, capacity.cores // parallel)


def _order(
    opened: Opened,
    sweep: str,
    base: Base,
    names: Sequence[str],
    targets: Sequence[str],
    wanted: Sequence[Combination],
    jobs: int,
    options: ExperimentOptions,
) -> Order:
    """Return what every experiment of a sweep is told."""
    return Order(
        sweep,
        base,
        source_inputs(opened, names),
        opened.read(".gitignore"),
        () if options.force else _past(opened, base, wanted),
        targets,
        options.force,
        options.keep_going,
        options.only,
        options.downstream,
        jobs,
        options.message,
        bool(base.left_out) or base.tree != tree_of(opened, base.commit or ""),
    )


def _past(opened: Opened, base: Base, wanted: Sequence[Combination]) -> tuple[Past, ...]:
    """Return the runs that ended well and may be one of these experiments."""
    settings = [settings_of(each) for each in wanted]
    found = []
    head = tree_of(opened, base.commit) if base.commit else ""
    for run in opened.history.runs():
        made_for = (run.experiment or {}).get("set")
        if run.status != "ok" or run.commit != base.commit or (run.experiment and made_for not in settings):
            continue
        record = opened.history.record(run.id)
        keys = {stage.name: stage.key for stage in record.stages}
        found.append(Past(run.id, run.snapshot or head, keys, run.metrics))
    return tuple(found)
