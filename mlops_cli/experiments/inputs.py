"""What stages read that Git does not bring: placed in an isolated worktree, by digest."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.git.private_worktrees import remove
from mlops_cli.store.globs import is_glob
from mlops_cli.store.tracked import holder
from mlops_cli.tracking.agreeing import agree
from mlops_cli.tracking.recorded import Chosen, Recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mlops_cli.experiments.isolated import Isolated
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact

_ONE_AT_A_TIME = threading.Lock()  # experiments that start at once need the same


def source_inputs(opened: Opened, names: Collection[str]) -> dict[str, Artifact]:
    """Return what stages read and none of them makes, by its path: as it lies in the workspace, else as its data record says.

    Parameters
    ----------
    names : collection of str
        The stages.

    Raises
    ------
    DataError
        When something cannot be read.
    """
    pipeline, facts = opened.pipeline, opened.facts
    made = {out.path for name in names for out in pipeline.stages[name].outs}
    paths: dict[str, None] = dict.fromkeys(path for path in pipeline.files if not _made(made, path))
    for name in names:
        stage = pipeline.stages[name]
        paths.update(dict.fromkeys([*stage.runtime, *stage.params]))
        for dep in stage.deps:
            found = facts.matches(dep.path) if is_glob(dep.path) else (dep.path,)
            paths.update(dict.fromkeys(path for path in found if not _made(made, path)))
    opened.workspace.look(paths)
    return {path: artifact for path in paths if (artifact := facts.artifact(path)) is not None}


def _made(made: Collection[str], path: str) -> bool:
    """Whether stages make what lies at a path, or something in it."""
    return holder(made, path) is not None or any(out.startswith(f"{path}/") for out in made)


def place_inputs(isolated: Isolated, wanted: Mapping[str, Artifact]) -> tuple[str, ...]:
    """Make inputs lie in an isolated worktree as they are wanted; return the paths that did not lie there so already.

    What the store does not have is stored first, where it lies so in the workspace of the user.

    Parameters
    ----------
    wanted : mapping
        Path, relative to the project, to artifact.

    Raises
    ------
    DataError
        When the content of one is nowhere here.
    """
    workspace = isolated.opened.workspace
    workspace.look(wanted)
    differs = {path: a for path, a in wanted.items() if not _same(a, workspace.artifact(path))}
    if not differs:
        return ()
    _store(isolated.source, differs)
    inside = {path: artifact for path, artifact in differs.items() if not path.startswith("../")}
    _place_outside(isolated.opened, {p: a for p, a in differs.items() if p not in inside})
    result = agree(isolated.opened, [Chosen(Recorded(p, a)) for p, a in inside.items()], force=True)
    if result.failed:
        raise result.failed[0]
    if result.missing:
        path = result.missing[0]
        more = f", and {len(result.missing) - 1} more" if len(result.missing) > 1 else ""
        raise DataError(
            f"the content of {path} ({wanted[path].digest[:15]}…) is not here{more}",
            hint="Bring it with: mlops fetch, or see where it should come from with: mlops verify",
        )
    return tuple(differs)


def _place_outside(opened: Opened, wanted: Mapping[str, Artifact]) -> None:
    """Place inputs that lie in the worktree and not in the project, which is a folder of it."""
    if not wanted:
        return
    from mlops_cli.store.placement.restore import restore

    with opened.writing(placing=True) as writing:
        for number, (path, artifact) in enumerate(wanted.items()):
            target = opened.workspace_path(path)
            remove(Path(target))
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            restore(writing.objects, artifact, target, f"{writing.session.folder}/outside-{number}")
    opened.workspace.forget(list(wanted))


def _same(wanted: Artifact, found: Artifact | None) -> bool:
    return found is not None and found.same(wanted) and found.executable == wanted.executable


def _store(source: Opened, wanted: Mapping[str, Artifact]) -> None:
    """Put into the store what is wanted, lies in the user's workspace, and is not in the store."""
    from mlops_cli.store.save import save, whole

    with _ONE_AT_A_TIME:
        objects = source.open_store()[0]
        absent = [path for path, artifact in wanted.items() if not whole(objects, [artifact])]
        source.workspace.look(absent)
        here = [path for path in absent if _same(wanted[path], source.workspace.artifact(path))]
        if here:
            with source.writing() as writing:
                save(source.workspace, writing.objects, here)
