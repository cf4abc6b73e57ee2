"""`bisect`: which commit, or which factor, made a metric worse."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlops_cli.errors import MlopsError, UsageError
from mlops_cli.execution.builtins import STEPS
from mlops_cli.experiments.factors import Swapped, Swapping
from mlops_cli.experiments.found import Found, Terms
from mlops_cli.experiments.hybrids import Origin
from mlops_cli.experiments.known_values import check_metric, reporting_stages
from mlops_cli.experiments.measuring import Measuring
from mlops_cli.experiments.repeating import code_of_run, whole_record
from mlops_cli.experiments.searching import Search, ends_of
from mlops_cli.git.commit_path import read_commit
from mlops_cli.history.directions import direction
from mlops_cli.history.recipes import Recipes
from mlops_cli.history.refs import resolve
from mlops_cli.history.repetition import outside_inputs
from mlops_cli.history.runtime_change import runtime_changes
from mlops_cli.pipeline.select import find_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.history.run_record import RunRecord
    from mlops_cli.opened import Opened

_SHOWN = 6
By = Literal["commit", "factor"]


@dataclass(frozen=True, slots=True)
class BisectOptions:
    """How to search.

    Parameters
    ----------
    by : str
        `commit` or `factor`.
    threshold : float or None
        Where bad begins; half way between both ends by default.
    repeats : int
        At most so many values a commit, for a metric that scatters.
    most : int or None
        How many runs may be executed.
    dry : bool
        Only say what is known, and what would be run.
    jobs : int or None
        Cores to use; all by default.
    """

    by: By = "commit"
    threshold: float | None = None
    repeats: int = 1
    most: int | None = None
    dry: bool = False
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class BisectResult:
    """What came of it.

    Parameters
    ----------
    stages : tuple of str
        The stages that report the metric; none where nobody has recorded it yet, and the whole pipeline is run.
    found : Found or None
        Of a search by commit.
    swapped : Swapped or None
        Of one by factor.
    executed, restored : int
        Runs in which something was executed; and those that only brought back what was known.
    """

    metric: str
    direction: str | None
    good: str
    bad: str
    stages: tuple[str, ...]
    found: Found | None
    swapped: Swapped | None
    executed: int
    restored: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 when it was found, or nothing was to be run; else 1."""
        outcome = self.found.outcome if self.found else self.swapped.outcome if self.swapped else ""
        return 0 if outcome in ("found", "planned") else 1


def bisect(
    opened: Opened,
    metric: str,
    good: str,
    bad: str,
    stages: Sequence[str] = (),
    options: BisectOptions = BisectOptions(),
    listen: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> BisectResult:
    """Find what made a metric worse between two commits or runs.

    Parameters
    ----------
    metric : str
        As runs name it.
    good, bad : str
        Where it was as it should be, and where it no longer is.
    stages : sequence of str
        What to run for it; by default what has reported it before.
    listen, tell : callable
        Told each line of progress; and what is looked at.

    Raises
    ------
    UsageError
        When an end is no commit and no run.
    StageError
        When an end gives no value.
    HistoryError
        When no way leads from one to the other in this clone.
    DataError
        When what a run ran is not here.
    """
    began = time.monotonic()
    _check(options)
    check_metric(opened.history, metric)
    targets = _named(opened, stages, (good, bad)) or reporting_stages(opened.history, metric)
    way = direction(metric, opened.config.metrics)
    with (
        replace(opened, folder="") as source,
        Recipes(opened.project, opened.git.variables, targets, STEPS) as recipes,
        Measuring(source, metric, targets, jobs=options.jobs, most=options.most, listen=listen) as measuring,
    ):
        found, swapped = None, None
        if options.by == "factor":
            ends, notes = _origins(opened, good, bad)
            swapping = Swapping(source, opened.history, recipes, measuring, way, options.repeats, tell)
            swapped = swapping.run(*ends, dry=options.dry)
            swapped.notes += notes
            names = ends[0].commit, ends[1].commit
        else:
            terms = Terms(metric, targets, way, options.threshold, options.repeats, options.dry)
            search = Search(
                opened.git, opened.history, recipes, measuring, terms, opened.project.prefix, tell
            )
            names = _commit(opened, good), _commit(opened, bad)
            found = _search(opened, search, *names)
    return BisectResult(
        metric,
        way,
        *names,
        targets,
        found,
        swapped,
        measuring.executed,
        measuring.restored,
        time.monotonic() - began,
    )


def _named(opened: Opened, stages: Sequence[str], ends: Sequence[str]) -> tuple[str, ...]:
    """Return stages by their whole names, from wherever the user stands; one that only older commits have as it was typed."""
    found: dict[str, None] = {}
    for typed in stages:
        try:
            found.update(dict.fromkeys(find_stages(opened.pipeline, [typed], opened.folder)))
        except UsageError:
            if not _was_known(opened, typed, ends):
                raise
            found[typed] = None
        except MlopsError:  # the pipeline of the workspace is wrong, and nobody asked about it
            found[typed] = None
    return tuple(found)


def _was_known(opened: Opened, stage: str, ends: Sequence[str]) -> bool:
    """Whether a recorded run had a stage, or one of both ends has it."""
    if any(stage in known.stages for known in opened.history.runs()):
        return True
    with Recipes(opened.project, opened.git.variables, (), STEPS) as recipes:
        for pipeline in [
            recipe.pipeline for recipe in recipes.of([_origin(opened, end)[0].tree for end in ends])
        ]:
            with suppress(UsageError):
                if pipeline is not None and find_stages(pipeline, [stage], opened.folder):
                    return True
    return False


def _check(options: BisectOptions) -> None:
    if options.repeats < 1:
        raise UsageError("--repeats takes a number of 1 or more")
    if options.most is not None and options.most < 0:
        raise UsageError("--max takes a number of 0 or more")
    if options.threshold is not None and not math.isfinite(options.threshold):
        raise UsageError("--threshold takes a plain number")


def _search(opened: Opened, search: Search, good: str, bad: str) -> Found:
    if good == bad:
        raise UsageError(
            f"good and bad are the same commit, {good[:12]}",
            hint="Name an older commit as the good one (git log shows them), or two runs with: --by factor",
        )
    start, end, note = ends_of(opened.git, good, bad)
    if note == "backwards":
        raise UsageError(
            f"{bad[:12]} is in the history of {good[:12]}: from there on the metric became good, and not worse",
            hint="Name a bad commit that comes after the good one.",
        )
    found = search.run(start, end)
    if note:
        found.notes.insert(0, note)
    return found


def _commit(opened: Opened, text: str) -> str:
    """Return the commit that an end means: of a run from uncommitted code the one that its record came with."""
    ref = resolve(opened.history, opened.git, opened.project, text, opened.folder, said=opened.config.metrics)
    if ref.kind == "commit" and ref.commit:
        return ref.commit
    known = opened.history.run(ref.run) if ref.run else None
    if known is None:
        raise UsageError(f"{text} is no commit and no run", hint="See runs with: mlops runs --all")
    if not known.dirty and known.commit:
        return known.commit
    came = [source.name for source in known.sources if source.kind == "commit"]
    if came:
        return came[0]
    raise UsageError(
        f"{known.id} ran code that was not committed, so it is no commit to start from",
        hint="Ask for the factor instead, which works with any run: --by factor",
    )


def _origins(opened: Opened, good: str, bad: str) -> tuple[tuple[Origin, Origin], list[str]]:
    """Return both ends as recipes; and what cannot be swapped: the machines, where both are runs."""
    (one, first), (other, second) = _origin(opened, good), _origin(opened, bad)
    notes = []
    if first is not None and second is not None:
        changes = runtime_changes(first.runtime, second.runtime)
        shown = [
            f"{c.kind} {c.name}".strip() + f" {c.old or 'none'} -> {c.new or 'none'}"
            for c in changes[:_SHOWN]
        ]
        more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
        if changes:
            notes.append(f"the machines of the two runs differ, too: {', '.join(shown)}{more}")
    return (one, other), notes


def _origin(opened: Opened, text: str) -> tuple[Origin, RunRecord | None]:
    ref = resolve(opened.history, opened.git, opened.project, text, opened.folder, said=opened.config.metrics)
    if ref.kind == "commit" and ref.commit:
        return Origin(text, read_commit(opened.git, ref.commit).tree, ref.commit), None
    if ref.run is None:
        raise UsageError(f"{text} is no commit and no run", hint="See runs with: mlops runs --all")
    record = whole_record(opened.history, ref.run)
    tree, commit = code_of_run(opened, record)
    if commit is None:
        raise UsageError("there is no commit yet", hint="Commit what you have: git add --all && git commit")
    return Origin(text, tree, commit, outside_inputs(record.stages)), record
