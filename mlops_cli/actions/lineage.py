"""`lineage`: what made something, what came of it, from which models it descends, and what differs between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.git.commits import read_commits
from mlops_cli.history.lineage.chain import inheritance
from mlops_cli.history.lineage.difference import differences
from mlops_cli.history.lineage.down import what_came_of
from mlops_cli.history.lineage.graph import Named
from mlops_cli.history.lineage.parameters import closest_parameter, known_parameter
from mlops_cli.history.lineage.start import made_models, read_parameter, runs_with, versions
from mlops_cli.history.lineage.up import what_made
from mlops_cli.tracking.lineage_departed import departed
from mlops_cli.tracking.lineage_starts import begin, remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.errors import HistoryError
    from mlops_cli.history.lineage.chain import Generation
    from mlops_cli.history.lineage.difference import Differences
    from mlops_cli.history.lineage.graph import Lineage
    from mlops_cli.history.lineage.start import Parameter
    from mlops_cli.history.lineage.then import Moment, Remembered
    from mlops_cli.opened import Opened
    from mlops_cli.tracking.lineage_departed import Departed
    from mlops_cli.tracking.lineage_starts import Begun

_MOST_COMMITS = 2000


class Asked(NamedTuple):
    """What a lineage was asked about, in words: the REF, and the moment if there was one."""

    ref: str
    at: Moment | None = None


@dataclass(frozen=True, slots=True)
class LineageResult:
    """A graph of lineage.

    Parameters
    ----------
    models : tuple of str
        Of a graph that goes down: the ids of the models that came of what was asked about.
    incomplete : HistoryError or None
        What this clone does not have: the answer may lack something.
    departed : tuple of Departed
        Where other bytes lie in the workspace than was answered about.
    """

    asked: Asked
    graph: Lineage
    models: tuple[str, ...] = ()
    incomplete: HistoryError | None = None
    departed: tuple[Departed, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainResult:
    """The inheritance of a model, the oldest generation first."""

    asked: Asked
    generations: tuple[Generation, ...]
    graph: Lineage
    incomplete: HistoryError | None = None
    departed: tuple[Departed, ...] = ()


@dataclass(frozen=True, slots=True)
class LineageDiffResult:
    """What differs between how two artifacts were made."""

    old: Asked
    new: Asked
    differences: Differences
    incomplete: HistoryError | None = None
    departed: tuple[Departed, ...] = ()


def lineage(
    opened: Opened, ref: str, *, down: bool = False, at: str | None = None, depth: int | None = None
) -> LineageResult:
    """Return what made something, or what came of it.

    Parameters
    ----------
    ref : str
        A path, digest, run, commit; with `down` also a parameter, `params.yaml:train.depth=8`.
    down : bool
        What came of it. A path stands for every version that was ever recorded there.
    at : str, optional
        A date or a commit: as it was then.
    depth : int, optional
        How many executions to go.

    Raises
    ------
    UsageError
        When there is no such thing.
    """
    known = remembered(opened, at)
    graph, others = (_down if down else _up)(opened, known, ref, depth)
    _tell_commits(opened, graph)
    models = _models(graph) if down else ()
    return LineageResult(Asked(ref, known.at), graph, models, opened.history.trouble, others)


def lineage_chain(opened: Opened, ref: str, *, at: str | None = None) -> ChainResult:
    """Return from which models one descends, with what each generation changed.

    Raises
    ------
    UsageError
        When there is no such thing.
    """
    known = remembered(opened, at)
    graph, others = _up(opened, known, ref, None, models=True)
    line = inheritance(known, graph)
    return ChainResult(Asked(ref, known.at), line, graph, opened.history.trouble, others)


def lineage_diff(opened: Opened, old: str, new: str, *, at: str | None = None) -> LineageDiffResult:
    """Return what differs between how two artifacts were made, the likeliest cause of another result first.

    Raises
    ------
    UsageError
        When there is no such thing, or a run made several models.
    """
    known = remembered(opened, at)
    (one, there), (other, here) = (_up(opened, known, ref, None, models=True) for ref in (old, new))
    sides = (one, other)
    for ref, side in zip((old, new), sides, strict=True):
        if len(side.starts) > 1:
            paths = ", ".join(sorted(side.nodes[name].label for name in side.starts)[:5])
            raise UsageError(
                f"{ref} made more than one: {paths}",
                hint="Name one of them by its digest; see them with: mlops lineage " + ref,
            )
    found = differences(known, sides[0], sides[1])
    others = tuple(dict.fromkeys((*there, *here)))
    return LineageDiffResult(
        Asked(old, known.at), Asked(new, known.at), found, opened.history.trouble, others
    )


def _up(
    opened: Opened, known: Remembered, ref: str, depth: int | None, *, models: bool = False
) -> tuple[Lineage, tuple[Departed, ...]]:
    begun = begin(opened, known, ref)
    return _made(known, begun, depth, models=models), _departed(opened, known, begun)


def _made(known: Remembered, begun: Begun, depth: int | None, *, models: bool) -> Lineage:
    runs, preferred = begun.productions, begun.preferred
    if runs and models:
        made = made_models(runs)
        return what_made(known, made, () if made else runs, depth, preferred)
    if runs:
        read = {(path, a.digest) for p in runs for path, a in p.deps.items()}
        last = [Named(path, a) for p in runs for path, a in p.outs.items() if (path, a.digest) not in read]
        # What made nothing, as a failed stage, is no artifact's origin, and is shown itself.
        return what_made(known, last, [p for p in runs if not p.outs], depth, preferred)
    return what_made(known, begun.artifacts, (), depth, preferred)


def _down(
    opened: Opened, known: Remembered, ref: str, depth: int | None
) -> tuple[Lineage, tuple[Departed, ...]]:
    parameter = read_parameter(ref)
    if parameter is not None and not (opened.project.root / ref).exists():
        return _came_of_parameter(known, ref, parameter, depth), ()
    try:
        begun = begin(opened, known, ref)
    except UsageError as error:
        parameter = known_parameter(known, ref, error)
        return _came_of_parameter(known, ref, parameter, depth), ()
    if begun.path is not None and begun.commit is None:
        every = versions(known, begun.path)
        graph = what_came_of(known, every or begun.artifacts, (), depth)
        return graph, _departed(opened, known, begun, every)
    return what_came_of(known, begun.artifacts, begun.productions, depth), ()


def _came_of_parameter(known: Remembered, ref: str, parameter: Parameter, depth: int | None) -> Lineage:
    found = runs_with(known, known.runs(), parameter)
    if not found:
        hint = closest_parameter(known.runs(), parameter)
        raise UsageError(
            f"no run used {ref}", hint=hint or "See which parameters runs used with: mlops runs --all"
        )
    # Those that used it are the first executions that came of it.
    return what_came_of(known, (), found, depth - 1 if depth else depth)


def _departed(
    opened: Opened, known: Remembered, begun: Begun, every: Sequence[Named] = ()
) -> tuple[Departed, ...]:
    return departed(opened, begun, every) if known.at is None else ()


def _tell_commits(opened: Opened, graph: Lineage) -> None:
    """Say of commits who made them and when; of thousands nobody reads that."""
    ids = {node.label: str(node.facts["commit"]) for node in graph.nodes.values() if node.kind == "commit"}
    if not ids or len(ids) > _MOST_COMMITS:
        return
    found = read_commits(opened.project.common_dir, opened.git.variables, list(ids.values()))
    for name, node in graph.nodes.items():
        commit = found.get(str(node.facts.get("commit"))) if node.kind == "commit" else None
        if commit is not None:
            told = {"author": commit.author, "email": commit.email, "time": commit.time}
            graph.nodes[name] = node._replace(facts={**node.facts, **told, "subject": commit.subject})


def _models(graph: Lineage) -> tuple[str, ...]:
    """Return the models that came of something, those that it was asked about left out."""
    return tuple(
        name for name, node in graph.nodes.items() if node.kind == "model" and name not in graph.starts
    )
