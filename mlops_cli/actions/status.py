"""`status`: the state of every stage, and why; and which tracked data is not what its record says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.pipeline.select import find_stages
from mlops_cli.project import HELD
from mlops_cli.store.globs import fixed_part, is_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.decision import Decision
    from mlops_cli.store.tracked import DataRecord
    from mlops_cli.tracking.last_failures import Failure
    from mlops_cli.tracking.seen_by_git import Seen


class DataState(NamedTuple):
    """Tracked data: `ok`, `changed` since it was recorded, or `missing` from the workspace.

    Parameters
    ----------
    source : str or None
        Whether the source of an import has a new version; None for data of one's own, and where sources were not asked.
    """

    path: str
    state: Literal["ok", "changed", "missing"]
    source: Literal["same", "new version", "unknown", "unreachable", "pinned"] | None = None


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The states asked for, in an order in which the stages can run.

    Parameters
    ----------
    stages : tuple of Decision
        The stages asked for.
    needed : tuple of Decision
        What they need besides.
    data : tuple of DataState
        Tracked data; where stages were asked for, the data that they read.
    elsewhere : bool
        Whether outputs are recorded and not here, and there is a remote that may have them.
    failed : mapping
        Those of the stages that failed when they ran last, and how.
    seen : tuple of Seen
        Tracked data that Git would take, or has; not asked where stages are named.
    """

    stages: tuple[Decision, ...]
    needed: tuple[Decision, ...] = ()
    data: tuple[DataState, ...] = ()
    elsewhere: bool = False
    failed: Mapping[str, Failure] = field(default_factory=dict)
    seen: tuple[Seen, ...] = ()

    @property
    def fresh(self) -> bool:
        """Whether there is nothing to do for them, nor for what they need, and all data is what its record says.

        A source that could not be asked is no yes.
        """
        return all(decision.state == "fresh" for decision in (*self.stages, *self.needed)) and all(
            data.state == "ok" and data.source not in ("new version", "unreachable") for data in self.data
        )


def status(
    opened: Opened,
    targets: Sequence[str] = (),
    *,
    sources: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> StatusResult:
    """Return the state of stages; nothing is written but what was learnt about files.

    Parameters
    ----------
    targets : sequence of str
        Stages to show, as `find_stages` takes them; none means all.
    sources : bool
        Ask the sources of imported data, over the network, for new versions.
    tell : callable
        Told when sources take long to answer, from another thread.

    Raises
    ------
    DefinitionError
        When files are wrong, or inputs are missing that nothing makes.
    UsageError
        When a target names nothing.
    """
    if not opened.has_pipeline and not targets:
        seen = _seen(opened)
        if seen or opened.data:
            opened.workspace.look(opened.data)
            return StatusResult((), (), _data(opened, opened.data, tell if sources else None), seen=seen)
    graph = opened.graph
    shown = (
        set(find_stages(opened.pipeline, targets, opened.folder)) if targets else set(opened.pipeline.stages)
    )
    order = graph.order(graph.closure(shown))
    records = _records(opened, order if targets else None)
    decisions = opened.plan(order, also=records).decisions
    return StatusResult(
        tuple(decision for name, decision in decisions.items() if name in shown),
        tuple(decision for name, decision in decisions.items() if name not in shown),
        _data(opened, records, tell if sources else None),
        _elsewhere(opened, decisions.values()),
        _failed(opened, (decision for name, decision in decisions.items() if name in shown)),
        () if targets else _seen(opened),
    )


def _seen(opened: Opened) -> tuple[Seen, ...]:
    """Return what Git would take, or has, of tracked data; and remember what is tracked."""
    if not opened.has_data and not (opened.project.git_dir / HELD).exists():
        return ()
    from mlops_cli.tracking.held import see
    from mlops_cli.tracking.seen_by_git import seen_by_git

    see(opened)
    return seen_by_git(opened)


def _failed(opened: Opened, decisions: Iterable[Decision]) -> Mapping[str, Failure]:
    """Return how stages failed that are to run; where nothing is, no record of a run is read."""
    due = [decision.stage for decision in decisions if decision.state in ("stale", "waiting")]
    if not due:
        return {}
    from mlops_cli.tracking.last_failures import last_failures

    return last_failures(opened.project, due)


def _elsewhere(opened: Opened, decisions: Iterable[Decision]) -> bool:
    """Whether a stage has nothing to do but bring outputs that are recorded, and a default remote may have them."""
    if not any(_only_absent(decision) for decision in decisions):
        return False
    default, remotes = opened.config.default_remote, opened.config.remotes
    return len(remotes) == 1 if default is None else default in remotes


def _only_absent(decision: Decision) -> bool:
    """Whether all that is wrong with a stage is that recorded outputs are neither in the workspace nor in the store."""
    return (
        decision.state == "stale"
        and bool(decision.reasons)
        and all(reason.kind == "output-missing" and reason.old is not None for reason in decision.reasons)
    )


def _records(opened: Opened, stages: Collection[str] | None) -> dict[str, DataRecord]:
    """Return all data records, or those of the data that stages read."""
    records = opened.data
    if stages is None or not records:
        return records
    from mlops_cli.store.tracked import overlapping

    deps = {dep.path for name in stages for dep in opened.pipeline.stages[name].deps}
    read: set[str] = set()
    for dep in deps:
        folder = fixed_part(dep) if is_glob(dep) else dep
        read.update(overlapping(records, folder) if folder else records)
    return {path: record for path, record in records.items() if path in read}


def _data(
    opened: Opened, records: dict[str, DataRecord], tell: Callable[[str], None] | None
) -> tuple[DataState, ...]:
    """Return the states of tracked data; sources are asked where there is somebody to be told that it takes long."""
    found = []
    asked = _sources(opened, records, tell) if tell else {}
    for path, record in records.items():
        now = opened.workspace.artifact(path)
        wanted = record.artifact
        same = now is not None and now.same(wanted) and now.executable == wanted.executable
        state: Literal["ok", "changed", "missing"] = "missing" if now is None else "ok" if same else "changed"
        found.append(DataState(path, state, asked.get(path)))
    return tuple(found)


def _sources(
    opened: Opened, records: dict[str, DataRecord], tell: Callable[[str], None]
) -> dict[str, Literal["same", "new version", "unknown", "unreachable", "pinned"]]:
    """Ask the sources of imports whether they have a new version; a pinned one is not asked."""
    from mlops_cli.tracking.importing import Answered, ask

    imports = {path: record.source for path, record in records.items() if record.source is not None}
    followed = {path: source for path, source in imports.items() if not source.get("pinned")}
    answers = ask(opened, {path: str(source["url"]) for path, source in followed.items()}, tell)
    found: dict[str, Literal["same", "new version", "unknown", "unreachable", "pinned"]] = {}
    for path, source in imports.items():
        answer = answers.get(path)
        if answer is None:
            found[path] = "pinned"
        else:
            found[path] = answer.seen.compare(source) if isinstance(answer, Answered) else "unreachable"
    return found
