"""`tried`: whether anybody, on any branch, ever ran this, and what came of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import MlopsError, UsageError
from mlops_cli.formats.canonical import compact
from mlops_cli.formats.problems import nearest
from mlops_cli.history.conditions import ReadCondition, like, read_conditions, text_condition, values_of
from mlops_cli.history.near_values import nearest_values
from mlops_cli.history.tried import search
from mlops_cli.tracking.content import content_meant
from mlops_cli.tracking.which_run import which_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlops_cli.errors import HistoryError
    from mlops_cli.history.conditions import Condition, ParamCondition
    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.run_event import RunEvent
    from mlops_cli.history.tried import Tried
    from mlops_cli.opened import Opened
    from mlops_cli.tracking.content import Content

_PREFIX = "params."  # as `--where` has them


class Wanted(NamedTuple):
    """What may have been tried; all that is given has to be met.

    Parameters
    ----------
    params : sequence of str
        `train.depth=8`, `train.lr>=0.1`.
    data, code : sequence of str
        Paths as they are now, `PATH@REV`, or digests.
    like : str
        A run whose parameters are meant, but for those in `params`; empty for none.
    text : str
        Words; empty for none.
    """

    params: Sequence[str] = ()
    data: Sequence[str] = ()
    code: Sequence[str] = ()
    like: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TriedResult:
    """What is known of it.

    Parameters
    ----------
    params : tuple of str
        The parameters that were asked about by name.
    searched : int
        How many runs were looked at.
    notes : mapping of str to tuple of RunEvent
        What was noted on the runs that are shown, by id.
    hints : tuple of str
        Why nothing may have been found: a parameter that no run ever had, a path that no stage ever read.
    shown : int
        How many of the runs found are to be listed.
    """

    tried: Tried
    params: tuple[str, ...]
    searched: int
    notes: Mapping[str, tuple[RunEvent, ...]]
    hints: tuple[str, ...] = ()
    shown: int = 0
    trouble: HistoryError | None = None


def tried(
    opened: Opened, wanted: Wanted, *, near: int = 5, limit: int | None = None, brief: bool = False
) -> TriedResult:
    """Search every run on every ref and in every journal, failed ones included.

    Parameters
    ----------
    near : int
        How many near misses to return at most.
    limit : int, optional
        How many of the runs found will be listed; all by default.
    brief : bool
        Only whether it was tried is of interest: no near misses, no best values.

    Raises
    ------
    UsageError
        When nothing is asked, or something asked for means nothing.
    """
    history = opened.history
    known = history.runs()
    asked = _spelled(read_conditions(wanted.params, _expanded), known)
    conditions: list[Condition] = list(asked)
    hints: list[str] = []
    itself = ""
    if wanted.like:
        model = _run_meant(opened, wanted.like)
        itself = model.id
        conditions += like(model, [each.name for each in asked])
    for about, texts in (("data", wanted.data), ("code", wanted.code)):
        for text in texts:
            conditions.append(_read(opened, about, text, hints))
    if wanted.text.strip():
        conditions.append(
            text_condition(wanted.text, lambda run: [event.text for event in history.events(run)])
        )
    if not conditions:
        raise UsageError(
            "tried needs to know what may have been tried", hint="Say it: mlops tried -S train.depth=8"
        )
    runs = [run for run in known if run.id != itself]
    result = search(runs, conditions, near=0 if brief else near, best=not brief, said=opened.config.metrics)
    if not result.found:
        hints += _unknown(opened, asked) + _unmet(asked, runs)
    shown = result.found if limit is None else result.found[:limit]
    listed = [*shown, *(each.run for each in result.near)]
    return TriedResult(
        tried=result,
        params=tuple(dict.fromkeys(each.name for each in asked)),
        searched=len(runs),
        notes={run.id: _notes(opened, run) for run in listed if run.notes},
        hints=tuple(hints),
        shown=len(shown),
        trouble=history.trouble,
    )


def _run_meant(opened: Opened, text: str) -> KnownRun:
    run = opened.history.run(which_run(opened, text))
    assert run is not None, "it was just found"  # noqa: S101 - tells the type checker
    return run


def _notes(opened: Opened, run: KnownRun) -> tuple[RunEvent, ...]:
    return tuple(event for event in opened.history.events(run.id) if event.kind == "note")


def _read(opened: Opened, about: str, text: str, hints: list[str]) -> ReadCondition:
    """Return the condition that a run read some content: as a stage's input, or, for code, in the tree that it ran on."""
    content = content_meant(opened, text)
    runs = opened.history.readers(content.digest) if content.digest else frozenset()
    if not runs and content.path and not opened.history.at_path(content.path, read=True):
        if about == "code":
            runs = _ran_on(opened, content)
        else:
            hints.append(
                f"no stage is known to have read {content.path}: name what a stage has among its deps"
            )
    return ReadCondition(about, text, runs)


def _ran_on(opened: Opened, content: Content) -> frozenset[str]:
    """Return the runs whose code had this very file, though no stage says that it reads it."""
    from mlops_cli.git.trees import trees_with

    blob = content.blob
    if not blob:
        return frozenset()
    runs = [(run.id, run.snapshot or (None if run.dirty else run.commit)) for run in opened.history.runs()]
    holding = trees_with(opened.git, {tree for _, tree in runs if tree}, content.path, blob)
    return frozenset(run for run, tree in runs if tree in holding)


def _expanded(name: str, text: str) -> tuple[Any, ...]:
    """Return the values that a right side stands for: those that `run -S` would try one after the other."""
    from mlops_cli.experiments.overrides import parse_overrides

    bare = name.rpartition(":")[2]
    there: Any = None
    for part in reversed(bare.split(".")):
        there = {part: there}
    (found,) = parse_overrides([f"{bare}={text}"], "params.yaml", lambda _: there)
    if found.drawn:
        raise UsageError(
            f"-S {name}={text}: {found.drawn.kind}(…) draws values, and tried looks for given ones",
            hint=f"Give a range: -S '{name}>=LOW' -S '{name}<=HIGH'",
        )
    return found.values


def _names(runs: Iterable[KnownRun]) -> set[str]:
    """Return the names of all parameters that runs had, also without their files."""
    known = {name for run in runs for name in run.params}
    return known | {name.rpartition(":")[2] for name in known}


def _spelled(asked: Sequence[ParamCondition], runs: Sequence[KnownRun]) -> tuple[ParamCondition, ...]:
    """Return conditions without the `params.` that conditions of `--where` have, unless it is a part of the name."""
    if not any(each.name.startswith(_PREFIX) for each in asked):
        return tuple(asked)
    known = _names(runs)
    return tuple(
        each if each.name in known else replace(each, name=each.name.removeprefix(_PREFIX)) for each in asked
    )


def _unknown(opened: Opened, asked: Iterable[ParamCondition]) -> list[str]:
    """Return a sentence for each parameter that no run ever had, though there may be one.

    Raises
    ------
    UsageError
        When one is in no run and in no parameter file that the pipeline reads.
    """
    runs = opened.history.runs()
    spelled = _names(runs)
    found = []
    for name in dict.fromkeys(each.name for each in asked):
        if name not in spelled:
            close = nearest(name, sorted(spelled))
            text = f"no run ever had a parameter {name}"
            if runs and not opened.history.trouble and name not in _present(opened):
                raise UsageError(text, hint=close or "See what runs had with: mlops runs --json")
            found.append(text + (f": {close}" if close else ""))
    return found


def _unmet(asked: Iterable[ParamCondition], runs: Sequence[KnownRun]) -> list[str]:
    """Return a sentence for each condition that no run meets, though runs have the parameter, with the nearest values there are."""
    found = []
    for each in asked:
        present = [value for run in runs for value in values_of(run.params, each.name)]
        if not present or any(each.miss(run) is None for run in runs):
            continue
        near, more = nearest_values(each.values, present)
        others = f" and {more:,} more" if more else ""
        values = ", ".join(compact(value).decode().strip() for value in near)
        verb = "are" if more or len(near) > 1 else "is"
        found.append(f"no run ever had {each.name} {each.sign} {each.text}; there {verb} {values}{others}")
    return list(dict.fromkeys(found))


def _present(opened: Opened) -> set[str]:
    """Return the names of the parameters that stages have now, whether or not anything ran with them."""
    from mlops_cli.pipeline.parameters import leaves

    with suppress(MlopsError):  # the history can be asked whatever state the pipeline is in
        stages = opened.pipeline.stages.values()
        keys = [key for stage in stages for key in (*leaves(stage.params), *leaves(stage.filled))]
        return {name for _, name in keys} | {f"{file}:{name}" for file, name in keys}
    return set()
