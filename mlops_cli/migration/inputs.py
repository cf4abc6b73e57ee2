"""What stages need and nobody has: without it the pipeline could not be planned, so nothing is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.tracked import overlapping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from mlops_cli.migration.content import Content
    from mlops_cli.migration.lock import Locked
    from mlops_cli.migration.pipeline_files import Carried
    from mlops_cli.migration.pointer import Pointer
    from mlops_cli.migration.records import Remembered
    from mlops_cli.pipeline.definition import Stage

_FEW = 5
_HINT = (
    "Bring it with: dvc pull; then: mlops migrate dvc. What is gone for good has to leave DVC's files first."
)


def can_come(content: Content, path: str, locked: Locked) -> bool:
    """Whether content is in the workspace, or whole in DVC's cache."""
    try:
        return content.state(path, locked) != "gone"
    except DataError:
        return False  # its list of files is wrong, which is said when it is to come


def require_content(
    carried: Sequence[Carried],
    remembered: Mapping[str, Remembered],
    pointers: Sequence[Pointer],
    tracked: Collection[str],
    content: Content,
) -> None:
    """Refuse a migration whose stages could not be planned, or that has nothing but data of which none is here.

    Parameters
    ----------
    remembered : mapping
        What DVC recorded, by the stage's name.
    tracked : collection of str
        Paths that have a data record, or that get one.

    Raises
    ------
    DataError
        When something is missing.
    """
    known = {*tracked, *(out.path for each in carried for out in each.stage.outs)}
    missing: dict[str, str] = {}
    for each in carried:
        if each.stage.frozen:
            found = _outputs_gone(each.stage, remembered.get(each.stage.name), content)
            missing |= dict.fromkeys(found, f", which {each.stage.name} has made, and it is frozen")
        else:
            absent = [d.path for d in each.stage.deps if not os.path.exists(f"{content.root}/{d.path}")]
            gone = [path for path in absent if not overlapping(known, path)]
            missing |= dict.fromkeys(gone, f", which {each.stage.name} needs")
    if not carried and not tracked:
        missing = dict.fromkeys((pointer.path for pointer in pointers), "")
    if missing:
        raise DataError(_sentence(missing, content), hint=_HINT)


def _outputs_gone(stage: Stage, remembered: Remembered | None, content: Content) -> Iterator[str]:
    outs = remembered.outs if remembered is not None else {}
    for out in stage.outs:
        here = os.path.exists(f"{content.root}/{out.path}")
        if not here and not (out.path in outs and can_come(content, out.path, outs[out.path])):
            yield out.path


def _sentence(missing: Mapping[str, str], content: Content) -> str:
    shown = [f"{path}{why}" for path, why in missing.items()]
    more = [f"and {len(shown) - _FEW} more"] if len(shown) > _FEW else []
    listed = "; ".join(shown[:_FEW] + more)
    text = f"neither in the workspace nor whole in DVC's cache: {listed}. Nothing was written"
    damaged = sorted(content.cache.damaged)[:_FEW]
    return f"{text}; damaged in the cache: {', '.join(damaged)}" if damaged else text
