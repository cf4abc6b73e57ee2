"""Which paths this workspace held as tracked data: a small file of its worktree, in Git's folder, that may be lost at any time.

Records say what is tracked now, and nothing of what was tracked a moment ago on another branch; the data of that may still lie
here, and Git sees it then. The file is text, a path a line, so that a hook can ask Git about these paths without starting Python.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.project import HELD, RECORDS, data_record_path
from mlops_cli.store.tracked import holder, is_plain_path, is_speakable
from mlops_cli.store.tree import OBEYED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from mlops_cli.opened import Opened
    from mlops_cli.project import Project

_HELD, _RELEASED = "held", "released"


def see(opened: Opened) -> None:
    """Note that this workspace holds what its records track; what was released stays so."""
    if not opened.data:
        return  # nothing to learn, and nobody has to read a file for it
    known = _read(opened.project)
    if not opened.data.keys() <= known.keys():
        with suppress(OSError):
            _change(opened.project, lambda now: dict.fromkeys(opened.data, _HELD) | now)


def hold(opened: Opened, paths: Collection[str]) -> None:
    """Note that somebody began to track these paths here, whatever was said of them before."""
    if paths:
        with suppress(OSError):
            _change(opened.project, lambda now: now | dict.fromkeys(paths, _HELD))


def release(opened: Opened, paths: Collection[str]) -> None:
    """Note that somebody stopped tracking these paths here and keeps what lies there: nothing takes it away from now on.

    Raises
    ------
    DataError
        When it cannot be noted.
    """
    try:
        _change(opened.project, lambda now: now | dict.fromkeys(paths, _RELEASED))
    except OSError as error:
        raise DataError(f"{_file(opened.project)} cannot be written: {error.strerror}") from error


def forget(opened: Opened, paths: Collection[str]) -> None:
    """Forget paths at which nothing lies any more."""
    if paths:
        with suppress(OSError):
            _change(opened.project, lambda now: {p: state for p, state in now.items() if p not in paths})


def _no_longer_tracked(opened: Opened) -> list[str]:
    """Return the paths that this workspace held, that were not released, and that no record tracks any more; sorted."""
    known = _read(opened.project)
    released = touching(path for path, state in known.items() if state == _RELEASED)
    held = [path for path, state in known.items() if state == _HELD and holder(opened.data, path) is None]
    return sorted(path for path in held if not released(path))


def was_held(opened: Opened, path: str) -> bool:
    """Whether this workspace held a path as tracked data, and nobody has released it."""
    return _read(opened.project).get(path) == _HELD


def lying_about(opened: Opened) -> list[str]:
    """Return the paths that this workspace held as tracked data, at which something lies, and that nothing owns now.

    What a stage makes has an owner, and so has what the present commit keeps in Git, or records: a record that is gone from the
    workspace alone may be gone by mistake. Git is asked only where there are such paths.

    Raises
    ------
    DefinitionError
        When the pipeline file is wrong.
    """
    paths = _no_longer_tracked(opened)
    if not paths:
        return []
    gone = {path for path in paths if not os.path.lexists(opened.workspace_path(path))}
    forget(opened, gone)
    made = touching(out.path for stage in opened.stages.values() for out in stage.outs)
    records = {path: data_record_path(path) for path in paths if path not in gone and not made(path)}
    if not records:
        return []
    from mlops_cli.git.facts import listed

    question = ("ls-tree", "-r", "-z", "--name-only", "HEAD")
    rows = listed(opened.git, *question, paths=[*records, *records.values()])
    committed = frozenset(rows or ())  # nothing before the first commit
    in_git = touching(committed)
    return [path for path, record in records.items() if record not in committed and not in_git(path)]


def touching(paths: Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether a path is one of these, holds one, or lies in one; for many paths."""
    exact, above = frozenset(paths), set()
    for path in exact:
        while (path := path.rpartition("/")[0]) and path not in above:
            above.add(path)
    return lambda path: path in above or holder(exact, path) is not None


def held_in(project: Project) -> dict[str, str]:
    """Return what a project's worktree held and nobody has released, relative to its top: path to the folder of its project."""
    return {folder + path: folder for state, folder, path in _rows(project) if state == _HELD}


def _file(project: Project) -> Path:
    return project.git_dir / HELD


def _rows(project: Project) -> list[tuple[str, str, str]]:
    """Return state, project's folder and path in it of every line; worktrees may have several projects."""
    try:
        text = _file(project).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in text.split("\n"):
        state, _, rest = line.partition("\t")
        length, _, full = rest.partition("\t")
        if state in (_HELD, _RELEASED) and length.isdigit() and int(length) < len(full):
            found.append((state, full[: int(length)], full[int(length) :]))
    return found


def _read(project: Project) -> dict[str, str]:
    """Return path to state of one project; nothing that could lead anywhere but to data of it."""
    prefix = project.prefix
    return {
        path: state for state, place, path in _rows(project) if place == prefix and _is_place_of_data(path)
    }


def _is_place_of_data(path: str) -> bool:
    parts = path.split("/")
    return (
        is_plain_path(path)
        and is_speakable(path)
        and RECORDS not in parts
        and not any(part.casefold() in OBEYED for part in parts)
    )


def _change(project: Project, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Write the file anew, under a lock."""
    from mlops_cli.store.digest import digest_bytes
    from mlops_cli.store.locks import Lock

    place = digest_bytes(str(project.git_dir).encode())[3:19]
    lock = Lock(project.local / "locks" / f"held-{place}")
    lock.acquire(wait=True)
    try:
        before = _read(project)
        after = change(before)
        if after != before:
            rows = [row for row in _rows(project) if row[1] != project.prefix]
            rows += [(state, project.prefix, path) for path, state in after.items()]
            lines = [f"{state}\t{len(folder)}\t{folder}{path}\n" for state, folder, path in sorted(rows)]
            write_atomic(_file(project), "".join(lines).encode(), durable=False)
    finally:
        lock.release()
