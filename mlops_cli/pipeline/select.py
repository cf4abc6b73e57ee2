"""Which stages a command means: names, addresses, groups, patterns, or the paths of what they make."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.pipeline.definition import Pipeline
    from mlops_cli.pipeline.graph import Graph


def find_stages(pipeline: Pipeline, targets: Sequence[str], folder: str = "") -> tuple[str, ...]:
    """Return the stages that targets name, in the order in which the targets are given.

    A target is a stage's name (`train@forest-1`), the name of a group (`train` for all its members), a pattern (`train@*`), an
    address in a sub-project (`models/churn:train`), or the path of an output. In the folder of a sub-project its stages need no
    address.

    Parameters
    ----------
    folder : str
        Where the user stands, relative to the project; `""` for the project's own folder.

    Raises
    ------
    UsageError
        When a target names nothing.
    """
    makers = {out.path: stage.name for stage in pipeline.stages.values() for out in stage.outs}
    found: dict[str, None] = {}
    for target in targets:
        names = _named(pipeline, target, folder)
        if not names:
            path = posixpath.normpath(posixpath.join(folder, target))
            names = [makers[path]] if path in makers else []
        if not names:
            known = [*pipeline.stages, *{stage.group for stage in pipeline.stages.values()}]
            hint = nearest(target, known)
            raise UsageError(
                f'there is no stage "{target}"', hint=_sentence(hint) or "See them with: mlops stages"
            )
        found.update(dict.fromkeys(names))
    return tuple(found)


def _named(pipeline: Pipeline, target: str, folder: str) -> list[str]:
    for wanted in ([f"{folder}:{target}"] if folder else []) + [target]:
        if wanted in pipeline.stages:
            return [wanted]
        members = [stage.name for stage in pipeline.stages.values() if stage.group == wanted]
        members = members or [name for name in pipeline.stages if fnmatchcase(name, wanted)]
        if members:
            return members
    return []


def _sentence(hint: str) -> str:
    return hint[:1].upper() + hint[1:]


def select_stages(
    pipeline: Pipeline,
    graph: Graph,
    targets: Sequence[str],
    *,
    folder: str = "",
    only: bool = False,
    downstream: bool = False,
) -> tuple[str, ...]:
    """Return the stages that a run is about, each after those that it needs.

    Parameters
    ----------
    targets : sequence of str
        As `find_stages` takes them; none means all.
    only : bool
        Just the named ones, not what they need.
    downstream : bool
        The named ones and everything that needs them, instead of what they need.

    Raises
    ------
    UsageError
        When a target names nothing, or both options are given.
    """
    if only and downstream:
        raise UsageError("--only and --downstream exclude each other")
    if not targets:
        return graph.order()
    named = find_stages(pipeline, targets, folder)
    if only:
        return graph.order(named)
    return graph.order(graph.closure(named, down=downstream))
